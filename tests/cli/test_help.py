"""The command line explains itself, quickly, and what it says is true."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.cli.root import COMMANDS

HEAVY = {"sqlalchemy", "pydantic", "openvino", "numpy", "matplotlib", "rich", "httpx", "structlog"}
HEAVY |= {
    "fastapi",
    "starlette",
    "uvicorn",
    "jinja2",
    "holidays",
    "transformers",
    "torch",
    "alembic",
    "tokenizers",
}


def _commands(
    group: click.Group, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name), command


ALL = list(_commands(cli, ()))


LIGHT = [(), *(words for words, _ in ALL)]


@pytest.mark.parametrize("words", LIGHT, ids=" ".join)
def test_help_imports_no_heavy_library(words: tuple[str, ...]) -> None:
    code = (
        "import json, sys\n"
        "from monitor.__main__ import main\n"
        f"sys.argv = ['complaint-monitor', *{words!r}, '--help']\n"
        "try: main()\n"
        "except SystemExit: print('\\n' + json.dumps([one.split('.')[0] for one in sys.modules]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    loaded = set(json.loads(run.stdout.splitlines()[-1]))
    assert "click" in loaded
    assert loaded & HEAVY == set()


def test_help_names_every_command_with_its_own_short_help() -> None:
    context = click.Context(cli)
    for name, (_, said) in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.short_help == said


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_every_help_teaches_with_examples_that_parse(
    words: tuple[str, ...], command: click.Command
) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0
    examples = re.findall(r"^ +complaint-monitor (.+)$", result.output, re.MULTILINE)
    assert examples
    for example in examples:
        rest = shlex.split(example.partition(" < ")[0])
        if rest[0] == "--config":
            rest = rest[2:]
        assert tuple(rest[: len(words)]) == words
        command.make_context(" ".join(words), rest[len(words) :])


def test_the_version_is_told() -> None:
    assert re.fullmatch(
        r"complaint-monitor, version \S+\n", CliRunner().invoke(cli, ["--version"]).output
    )
