"""The product as its users have it: a folder with a config, a database and a journal, and the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "models" / "weights" / "model.json"
WORDS = "tests.chaos.words:Words"

CONFIG = """\
database = "{database}"

[[brands]]
name = "Bufnivo"
identities = [{{ handle = "bufnivo" }}]

[classifier]
use = "{classifier}"
thresholds = {{ alert = 0.7, review = 0.3 }}

[[policies]]
name = "everything"
target = "5s"
steps = [
  {{ name = "soon", before_due = "2s" }},
  {{ name = "overdue", after_due = "0s", repeat = "1s", repeats = 2 }},
  {{ name = "leads", after_due = "4s", tell = "{leads}" }},
]

[digest]
at = "00:00"

[storms]
alarms = {storm}
"""
EACH_BY_ITSELF = 100_000
"""So many alarms at once that none is told with others."""
A_FEED = """
[[sources]]
use = "files"
path = "{folder}/feed.jsonl"
follow = true
every = "1s"
page_size = 5

[[notifiers]]
use = "console"
log = "{folder}/journal.jsonl"
quiet = true
"""
"""Where posts come from, and where people are told."""
TARGET = timedelta(seconds=5)
STEPS = {
    name: timedelta(seconds=after)
    for name, after in (
        ("soon", 3),
        ("overdue", 5),
        ("overdue#1", 6),
        ("overdue#2", 7),
        ("leads", 9),
    )
}
"""All that a wait which nobody answers goes through, in order, and so long after it was asked."""
BEGUN = b" watches "
"""What `run` says when it is past its start."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One folder and one database."""

    folder: Path
    database: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Variables of the environment that the program is started in."""

    @classmethod
    def make(
        cls,
        folder: Path,
        database: str | None = None,
        *,
        ways: str | None = None,
        leads: str = "console",
        secrets: Mapping[str, str] | None = None,
        storm: int = EACH_BY_ITSELF,
    ) -> Installation:
        """Write the configs, one a classifier. Without `database` it is SQLite in the folder.

        `ways`: sources and notifiers, as tables of a config; without it a feed and a journal.
        `leads`: whom the last step tells. `storm`: so many alarms at once are told together.
        """
        made = cls(folder, database or f"sqlite:///{folder}/monitor.db", secrets or {})
        ways = A_FEED.format(folder=folder) if ways is None else ways
        for name, classifier in (("words", WORDS), ("shipped", "shipped")):
            text = CONFIG.format(
                database=made.database, classifier=classifier, leads=leads, storm=storm
            )
            made.config(name).write_text(text + ways)
        return made

    def config(self, classifier: str = "words") -> Path:
        return self.folder / f"{classifier}.toml"

    @property
    def log(self) -> Path:
        return self.folder / "run.log"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def feed(self) -> Path:
        return self.folder / "feed.jsonl"

    def start(self, *arguments: str, classifier: str = "words") -> subprocess.Popen[bytes]:
        """Start the command; what it says is appended to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*COMMAND, "--config", str(self.config(classifier)), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment(self.secrets),
            )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [*COMMAND, "--config", str(self.config()), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=environment(self.secrets),
        )


COMMAND = (str(Path(sys.executable).with_name("complaint-monitor")),)


def environment(secrets: Mapping[str, str] | None = None) -> dict[str, str]:
    """With the checkout on the path, so that the plug-in door finds `tests.chaos.words`."""
    return {**os.environ, **(secrets or {}), "PYTHONPATH": str(ROOT)}
