"""What a config of many brands costs at the start: `python -m tests.bench.brands --brands 1000 5000`.

Writes a folder of that many files, a brand each with a source and a policy of its own, and runs the real
commands in it. Processor seconds and memory are the commands' own, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
COMMON = """
database = "sqlite:///many.db"
[classifier]
use = "tests.cli.keywords:Keywords"
[calendars.office]
weekly = { mon-fri = ["09:00-18:00"] }
"""
BRAND = """
[[brands]]
name = "brand{0}"
terms = ["brand{0}", "b{0}.example"]
identities = [{{ network = "x", handle = "brand{0}_help" }}]
[[sources]]
use = "files"
name = "posts {0}"
path = "posts.jsonl"
follow = true
[[policies]]
name = "policy {0}"
target = "4h"
calendar = "office"
"""
COMMANDS = (("check", "--offline"), ("run", "--once"))


def main() -> None:
    """Print a row for each number of brands and command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brands", type=int, nargs="+", default=[1000, 5000])
    print("brands  command          processor s  wall s  memory MB", flush=True)
    for number in parser.parse_args().brands:
        with TemporaryDirectory() as folder:
            write(Path(folder), number)
            for words in COMMANDS:
                spent, wall, memory = cost(Path(folder), words)
                said = " ".join(words)
                print(
                    f"{number:6}  {said:15}  {spent:11.1f}  {wall:6.1f}  {memory:9.0f}", flush=True
                )


def write(folder: Path, number: int) -> None:
    """The config of so many brands, and what their sources read."""
    files = folder / "config.d"
    files.mkdir()
    (files / "00.toml").write_text(COMMON)
    for one in range(number):
        (files / f"brand{one:06}.toml").write_text(BRAND.format(one))
    (folder / "posts.jsonl").touch()


def cost(folder: Path, words: tuple[str, ...]) -> tuple[float, float, float]:
    """Processor seconds, seconds on the wall and the most memory (MB) that a command takes."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "--config", "config.d", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        msg = f"{' '.join(words)}: ended with status {process.returncode}"
        raise RuntimeError(msg)
    return used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
