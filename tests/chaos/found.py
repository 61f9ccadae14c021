"""What a checker found, and how it looks at the database: by plain SQL, without the product's code."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

if TYPE_CHECKING:
    from tests.chaos.rules import Expected

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rows(Protocol):
    """What both drivers can do."""

    def execute(self, sql: str, /) -> Any: ...


@dataclass
class Verdict:
    """What was found. All three lists are empty, or something is broken."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    expected: Mapping[int, Expected] = field(default_factory=dict)
    """The waits that there must be, by the number of the post at which each begins."""
    stored: int = 0
    waits: int = 0
    unanswered: int = 0
    alerts: int = 0
    escalations: int = 0
    gathered: int = 0
    """Alarms that were told by name in the messages of a storm."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Alerts that were not sent, by reason."""
    again: int = 0
    """Notices that were attempted more than once: their sender died, or was not answered."""
    longest: timedelta = timedelta(0)
    """From when a step fell due, and its wait was known, to when it fired: the program's deaths included."""
    possibly_repeated: int = 0
    """Notices that say so of themselves."""

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


def opened(database: str) -> Any:
    """A connection that only looks, closed by `with`."""
    if database.startswith("sqlite:///"):
        path = Path(database.removeprefix("sqlite:///"))
        return closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30))
    return psycopg.connect(database.replace("+psycopg", ""), autocommit=True)


def moment(stored: Any) -> datetime | None:
    """A time as it stands in a row: microseconds since 1970 in SQLite."""
    if stored is None or isinstance(stored, datetime):
        return stored
    return EPOCH + timedelta(microseconds=int(stored))


def to_be_done(rows: Rows) -> dict[str, int]:
    """What still has to be done behind the sources, by name."""
    questions = {
        "posts to judge": "SELECT count(*) FROM post WHERE to_judge",
        "mentions under way": "SELECT count(*) FROM mention WHERE next IS NOT NULL",
        "steps to come": "SELECT count(*) FROM cases WHERE next_action_at IS NOT NULL",
        "notices to send": "SELECT count(*) FROM notice WHERE state = 'pending'",
    }
    return {name: int(rows.execute(sql).fetchone()[0]) for name, sql in questions.items()}
