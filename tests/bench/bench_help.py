"""What `--help` costs: CPU of the whole process, of every command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import click
import pytest

from monitor.cli import cli

ROOT = Path(__file__).parents[2]
TIMES = 5

pytestmark = pytest.mark.bench


def test_cpu_of_help() -> None:
    commands = [(), *((name,) for name in cli.list_commands(click.Context(cli)))]
    print()
    for words in commands:
        costs = sorted(_cpu_ms(words) for _ in range(TIMES))
        print(
            f"complaint-monitor {' '.join((*words, '--help')):<20} {median(costs):6.0f} ms of CPU"
        )


def _cpu_ms(words: tuple[str, ...]) -> float:
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "monitor", *words, "--help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    after = os.times()
    spent = after.children_user + after.children_system
    return (spent - before.children_user - before.children_system) * 1000
