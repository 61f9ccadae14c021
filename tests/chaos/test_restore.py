"""The restore drill: real processes, an old copy put back, the networks caught up with, nobody told twice."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.simulator.slack import limited
from tests.bench.agency import Agency, agency
from tests.postgres import Server, server

pytestmark = pytest.mark.timeout(600)


def runs(made: Agency, *words: str) -> None:
    """A command to its end, when the sources are due to be looked at again."""
    time.sleep(1.05)
    done = made.home.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts(made: Agency) -> Counter[str]:
    """How often each complaint was told in Slack."""
    return Counter(
        mark
        for one in made.workspace.posts
        if one.key.startswith("alert:") and not one.is_deleted
        for mark in made.written
        if mark in one.text
    )


def drill(made: Agency, copy: Callable[[], None], put_back: Callable[[], None]) -> None:
    made.prepare()
    before = [made.complain(0), made.complain(1)]
    runs(made, "run", "--once")
    made.slack.plan("chat.postMessage", *[limited(1)] * 2)
    waiting = made.complain(0)  # in the copy it waits; it is told before the disaster
    made.home.run("run", "--once")
    copy()
    runs(made, "run", "--once")
    # told after the copy was made, in an order in which the copy will not meet them again
    after = [made.complain(1, in_own=True)]
    runs(made, "run", "--once")
    after.append(made.complain(1))
    runs(made, "run", "--once")
    told = [*before, waiting, *after]
    assert alerts(made) == dict.fromkeys(told, 1)
    put_back()
    new = made.complain(0)
    runs(made, "db", "upgrade")
    runs(made, "db", "restored")
    assert alerts(made) == dict.fromkeys(told, 1)
    runs(made, "run", "--once")
    newest = made.complain(1)
    runs(made, "run", "--once")
    wanted = dict.fromkeys([*told, new, newest], 1)
    until = time.monotonic() + 120
    # what Slack does not show is looked for once more, some time later, before it is told
    while alerts(made) != wanted and time.monotonic() < until:
        runs(made, "run", "--once")
    assert alerts(made) == wanted
    runs(made, "replay", "--check")


def test_an_old_copy_of_a_file_catches_up_and_tells_nothing_twice(tmp_path: Path) -> None:
    path, monday = tmp_path / "monitor.db", tmp_path / "monday.db"
    with agency(tmp_path, f"sqlite:///{path}", 2) as made:

        def put_back() -> None:
            for one in tmp_path.glob("monitor.db*"):
                one.unlink()
            shutil.copy(monday, path)

        drill(made, lambda: runs(made, "db", "backup", str(monday)), put_back)


def test_a_dump_of_postgresql_catches_up_and_tells_nothing_twice(tmp_path: Path) -> None:
    with server() as postgres, agency(tmp_path, postgres.url, 2) as made:
        dump = ("pg_dump", "--format=custom", f"--file={postgres.folder}/monday.dump", "postgres")
        drill(made, lambda: of(postgres, *dump), lambda: _put_back(postgres))


def _put_back(postgres: Server) -> None:
    of(postgres, "dropdb", "--force", "--maintenance-db=template1", "postgres")
    of(postgres, "createdb", "--maintenance-db=template1", "postgres")
    of(postgres, "pg_restore", "--dbname=postgres", f"{postgres.folder}/monday.dump")


def of(postgres: Server, program: str, *words: str) -> None:
    """A program of the server's own, done by its user."""
    where = ("--host", str(postgres.folder), "--username", "postgres")
    subprocess.run(
        [postgres.programs / program, *where, *words],
        check=True,
        cwd=postgres.folder,
        **postgres.as_whom,
    )
