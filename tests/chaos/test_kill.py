"""The drill of `tests/chaos/kill.py` in small, and proof that its checker would see what it looks for."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos import checker, kill
from tests.chaos.found import Verdict
from tests.chaos.harm import HARMS, Harm, harmed, nothing
from tests.chaos.installation import Installation
from tests.chaos.kill import Run


def forget_an_alert(journal: Path) -> None:
    lines = journal.read_text().splitlines(keepends=True)
    alert = next(line for line in lines if '"kind": "alert"' in line)
    journal.write_text("".join(line for line in lines if line != alert))


def tell_twice(journal: Path) -> None:
    lines = journal.read_text().splitlines(keepends=True)
    with journal.open("a") as file:
        file.write(next(line for line in lines if '"kind": "escalation"' in line))


@pytest.mark.timeout(1500)
def test_six_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """And had they, the checker would have seen it: the same result, harmed in six ways."""
    run, found = kill.chaos(Installation.make(tmp_path), kills=6, seed=2, least=20)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [])
    assert found.possibly_repeated == 0
    assert found.stored == len(run.feed.said) > 0
    assert run.killer.done.kills >= 6
    for harm, seen_as in HARMS:
        verdict = checked(run, harm, run.home.journal)
        assert getattr(verdict, seen_as) != [], harm.__name__
    for forge, seen_as in ((forget_an_alert, "lost"), (tell_twice, "doubled")):
        journal = tmp_path / "forged.jsonl"
        journal.write_bytes(run.home.journal.read_bytes())
        forge(journal)
        assert getattr(checked(run, nothing, journal), seen_as) != [], forge.__name__


def checked(run: Run, harm: Harm, journal: Path) -> Verdict:
    with harmed(run.home.folder / "monitor.db", harm) as rows:
        return checker.check(rows, run.feed, journal)


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
