"""A newer version of the program, for tests: this one's files with one more migration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from monitor.store import jobs, maintenance
from tests.cli.shop import ROOT, environment

STILL_FOR_US = "0002.0001"
NOT_FOR_US = "0002"
_MIGRATION = '''
"""A place for what a later program wants to know; what is there stays as it is."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("post", sa.Column("mood", sa.Text))
    op.add_column("notice", sa.Column("colour", sa.Text, nullable=False, server_default="red"))
    op.create_table(
        "seen",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id")),
    )
'''


@dataclass(frozen=True, slots=True)
class Newer:
    """The newer program's folder; its commands run in the shop's."""

    program: Path
    shop: Path

    @classmethod
    def make(
        cls, program: Path, shop: Path, revision: str, *, jobs_for_us: bool = True, engine: str = ""
    ) -> Newer:
        """Copy this program, and have it make tables of that version, and jobs of the next one.

        `engine`: the version of Procrastinate on which it stands, where it is not ours.
        """
        shutil.copytree(
            ROOT / "monitor", program / "monitor", ignore=shutil.ignore_patterns("__pycache__")
        )
        store = program / "monitor" / "store"
        said = _MIGRATION.format(revision=revision, before=maintenance.HEAD)
        (store / "migrations" / "versions" / "0002_newer.py").write_text(said)
        _replace(store / "maintenance.py", f'HEAD = "{maintenance.HEAD}"', f'HEAD = "{revision}"')
        ours, _, _ = jobs._VERSION.partition(".")
        theirs = f"{int(ours) + 1}" + (f".{ours}" if jobs_for_us else "")
        _replace(store / "jobs.py", f'_VERSION = "{jobs._VERSION}"', f'_VERSION = "{theirs}"')
        if engine:
            asked = 'version("procrastinate")'
            _replace(program / "monitor" / "worker.py", asked, f'"{engine}"')
        return cls(program, shop)

    def starts(self, *words: str) -> subprocess.Popen[str]:
        """A command of the newer program as a process of its own."""
        path = os.pathsep.join((str(self.program), str(ROOT)))
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *words],
            cwd=self.shop,
            env={**environment(), "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def does(self, *words: str, status: int = 0) -> str:
        """Run a command of the newer program to its end. What it said."""
        process = self.starts(*words)
        said = "".join(process.communicate())
        assert process.returncode == status, said
        return said


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))
