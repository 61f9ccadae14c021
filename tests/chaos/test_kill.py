"""The drill of `tests/chaos/kill.py` in small, and proof that its checker would see what it looks for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.chaos import checker, kill
from tests.chaos.found import Verdict, opened
from tests.chaos.installation import Installation
from tests.chaos.kill import Run

Harm: TypeAlias = Callable[[sqlite3.Connection, Installation], None]


def lose_a_post(rows: sqlite3.Connection, home: Installation) -> None:
    rows.execute("PRAGMA foreign_keys = OFF")
    rows.execute("DELETE FROM post WHERE id = (SELECT max(id) FROM post)")


def forget_an_alert(rows: sqlite3.Connection, home: Installation) -> None:
    lines = home.journal.read_text().splitlines(keepends=True)
    alert = next(line for line in lines if '"kind": "alert"' in line)
    home.journal.write_text("".join(line for line in lines if line != alert))


def tell_twice(rows: sqlite3.Connection, home: Installation) -> None:
    lines = home.journal.read_text().splitlines(keepends=True)
    with home.journal.open("a") as journal:
        journal.write(next(line for line in lines if '"kind": "escalation"' in line))


def fire_twice(rows: sqlite3.Connection, home: Installation) -> None:
    rows.execute(
        "INSERT INTO case_event SELECT case_id, 9999, kind, at, recorded_at, by, data"
        " FROM case_event WHERE kind = 'Escalated' LIMIT 1"
    )


def answer_a_stranger(rows: sqlite3.Connection, home: Installation) -> None:
    rows.execute(
        "UPDATE wait SET outcome = 'answered', ended_at = started_at"
        " WHERE case_id = (SELECT min(case_id) FROM wait WHERE outcome IS NULL)"
    )


HARMS: Sequence[tuple[Harm, str]] = (
    (lose_a_post, "lost"),
    (forget_an_alert, "lost"),
    (tell_twice, "doubled"),
    (fire_twice, "doubled"),
    (answer_a_stranger, "wrong"),
)


@pytest.mark.timeout(600)
def test_six_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """And had they, the checker would have seen it: the same result, harmed in five ways."""
    run, found = kill.chaos(Installation.make(tmp_path), kills=6, seed=2)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [])
    assert found.possibly_repeated == 0
    assert found.stored == len(run.feed.said)
    assert run.killer.done.kills >= 6
    for harm, seen_as in HARMS:
        (tmp_path / seen_as).mkdir(exist_ok=True)
        verdict = harmed(run, tmp_path / seen_as, harm)
        assert getattr(verdict, seen_as) != [], harm.__name__


def harmed(run: Run, folder: Path, harm: Harm) -> Verdict:
    """What the checker says of a copy of the result to which harm was done."""
    home = Installation.make(folder)
    Path(folder / "monitor.db").unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(run.home.folder / "monitor.db")) as ours,
        closing(sqlite3.connect(folder / "monitor.db", isolation_level=None)) as copy,
    ):
        ours.backup(copy)
        home.journal.write_bytes(run.home.journal.read_bytes())
        harm(copy, home)
    with opened(home.database) as rows:
        return checker.check(rows, run.feed, home.journal)


@pytest.mark.timeout(300)
def test_what_a_dead_process_was_telling_is_found_at_the_next_start(tmp_path: Path) -> None:
    """Not when its claim runs out: the one runner of a database knows that nobody else is telling."""
    home = Installation.make(tmp_path)
    home.feed.write_text("")
    assert home.run("run", "--once").returncode == 0
    told = home.journal.read_text().splitlines()
    with closing(sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)) as rows:
        rows.execute(
            "UPDATE notice SET state = 'pending', place = NULL, name = NULL, sent_at = NULL,"
            " attempted_at = written_at, lease = 'of the dead', leased_until = written_at + 120000000"
        )
    assert home.run("run", "--once").returncode == 0
    with closing(sqlite3.connect(tmp_path / "monitor.db")) as rows:
        states = rows.execute("SELECT DISTINCT state FROM notice").fetchall()
    assert told
    assert states == [("sent",)]
    assert home.journal.read_text().splitlines() == told
    assert json.loads(told[0])["kind"] == "digest"
