"""A shop with a config, a database and posts, and the real commands run in its folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from click.testing import CliRunner, Result

from monitor.cli import cli

ROOT = Path(__file__).parents[2]
CONFIG = """
timezone = "Europe/Bucharest"
[[brands]]
name = "acme"
identities = [{ handle = "acme_help" }]
[[sources]]
use = "files"
path = "posts.jsonl"
follow = true
every = "1s"
[classifier]
use = "tests.cli.keywords:Keywords"
[[notifiers]]
use = "console"
log = "notices.jsonl"
"""


@dataclass
class Shop:
    """A folder with a config, in which commands run."""

    folder: Path

    def configure(self, text: str) -> None:
        (self.folder / "config.toml").write_text(text)

    def post(self, external_id: str, text: str, **fields: Any) -> None:
        """Append a line to the file that is followed."""
        line = {
            "network": "x",
            "external_id": external_id,
            "author": "ana",
            "text": text,
            "posted_at": datetime.now(UTC).isoformat(),  # noqa: TID251 - the commands take the machine's
        }
        with (self.folder / "posts.jsonl").open("a") as file:
            file.write(json.dumps(line | fields) + "\n")

    def does(self, *words: str, said: str | bytes | None = None, status: int = 0) -> Result:
        """Run a command to its end; its exit status is what was expected."""
        result = CliRunner().invoke(cli, words, input=said, catch_exceptions=False)
        assert result.exit_code == status, result.output
        return result

    def runs(self, *words: str) -> str:
        """Run once, when the source is due to be looked at again. What it printed."""
        time.sleep(1.05)
        return self.does("run", "--once", *words).stdout

    def data(self, *words: str, said: str | None = None, status: int = 0) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.does(*words, "--json", said=said, status=status).stdout)

    def refuses(self, *words: str) -> str:
        """A command that can't be run: exit status 2, one clear message, no traceback."""
        said = self.does(*words, status=2).stderr
        assert "Traceback" not in said
        return said

    def starts(self, *words: str, to: IO[str] | None = None) -> subprocess.Popen[str]:
        """A command as a process of its own, that prints to pipes, or all `to` one file."""
        out = subprocess.PIPE if to is None else to
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *words],
            cwd=self.folder,
            env=environment(),
            stdout=out,
            stderr=out,
            text=True,
        )

    def told(self) -> list[dict[str, Any]]:
        """What the console's journal remembers."""
        path = self.folder / "notices.jsonl"
        return [json.loads(one) for one in path.read_text().splitlines()] if path.exists() else []


def kinds(told: list[dict[str, Any]]) -> list[str]:
    """Of what was told but the digest, which comes by the clock on the wall."""
    return [one["kind"] for one in told if one["kind"] != "digest"]


def environment() -> Mapping[str, str]:
    """So that a process in another folder finds the program and the tests' plug-ins."""
    return os.environ | {"PYTHONPATH": str(ROOT), "COMPLAINT_MONITOR_CONFIG": "config.toml"}
