"""Harm done to a copy of a drill's result, by which it is shown that a checker sees what it looks for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from tests.chaos.found import opened

Harm: TypeAlias = Callable[[sqlite3.Connection], None]


def lose_a_post(rows: sqlite3.Connection) -> None:
    rows.execute("PRAGMA foreign_keys = OFF")
    rows.execute("DELETE FROM post WHERE id = (SELECT max(id) FROM post WHERE gone_at IS NULL)")


def fire_twice(rows: sqlite3.Connection) -> None:
    rows.execute(
        "INSERT INTO case_event SELECT case_id, 9999, kind, at, recorded_at, by, data"
        " FROM case_event WHERE kind = 'Escalated' LIMIT 1"
    )


def answer_a_stranger(rows: sqlite3.Connection) -> None:
    rows.execute(
        "UPDATE wait SET outcome = 'answered', ended_at = started_at"
        " WHERE case_id = (SELECT min(case_id) FROM wait WHERE outcome IS NULL)"
    )


def answer_late(rows: sqlite3.Connection) -> None:
    rows.execute("UPDATE wait SET ended_at = ended_at + 1 WHERE outcome = 'answered'")


def take_back_what_was_told(rows: sqlite3.Connection) -> None:
    """As if an answer had come first; but its fate was never in doubt. An alert where no step is left."""
    rows.execute(
        "UPDATE notice SET state = 'suppressed', reason = 'answered' WHERE id ="
        " (SELECT id FROM notice"
        " WHERE kind IN ('escalation', 'alert') AND state = 'sent' AND possibly_repeated = 0"
        " ORDER BY kind = 'escalation' DESC, id LIMIT 1)"
    )


def misdate_an_alert(rows: sqlite3.Connection) -> None:
    """By a millionth of a second: it bears no moment at which a post was seen."""
    rows.execute("DROP TRIGGER case_event_no_update")
    rows.execute(
        "UPDATE case_event SET at = at - 1 WHERE rowid = (SELECT max(rowid) FROM case_event"
        " WHERE kind = 'Escalated' AND json_extract(data, '$.step') = 'alert')"
    )


HARMS: tuple[tuple[Harm, str], ...] = (
    (lose_a_post, "lost"),
    (fire_twice, "doubled"),
    (answer_a_stranger, "wrong"),
    (answer_late, "wrong"),
    (take_back_what_was_told, "wrong"),
    (misdate_an_alert, "wrong"),
)
"""What is done to the rows, and as what a checker must see it."""


def nothing(rows: sqlite3.Connection) -> None:
    """For harm that is done elsewhere than to the rows."""


@contextmanager
def harmed(database: Path, harm: Harm) -> Iterator[Any]:
    """The rows of a copy of a SQLite database to which harm was done."""
    path = database.with_name("harmed.db")
    path.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(database)) as ours,
        closing(sqlite3.connect(path, isolation_level=None)) as copy,
    ):
        ours.backup(copy)
        harm(copy)
    with opened(f"sqlite:///{path}") as rows:
        yield rows
