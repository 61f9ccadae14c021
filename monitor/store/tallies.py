"""Numbers a day (UTC) that only grow: what was purged and why, how look-ups went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from monitor.domain.keeping import LookUp, Purge
from monitor.store.schema import look_up, purged


class Tally(NamedTuple):
    """So many of something on a day. `source` is empty where it is about none."""

    day: date
    what: str
    number: int
    source: str = ""


def add_purged(conn: Connection, reason: Purge, number: int, at: datetime) -> None:
    """Count what was purged."""
    add(conn, purged, {"reason": reason.value}, number, at)


def add_look_ups(conn: Connection, source: str, outcome: LookUp, number: int, at: datetime) -> None:
    """Count the posts that a source was asked for again, by what came of it."""
    add(conn, look_up, {"source": source, "outcome": outcome.value}, number, at)


def purged_since(conn: Connection, day: date) -> list[Tally]:
    """What was purged on that day and later, the latest first."""
    query = sa.select(purged.c.day, purged.c.reason, purged.c.number).where(purged.c.day >= day)
    rows = conn.execute(query.order_by(purged.c.day.desc(), purged.c.reason))
    return [Tally(*row) for row in rows]


def look_ups_since(conn: Connection, day: date) -> list[Tally]:
    """How look-ups went on that day and later, the latest first."""
    columns = (look_up.c.day, look_up.c.outcome, look_up.c.number, look_up.c.source)
    order = (look_up.c.day.desc(), look_up.c.source, look_up.c.outcome)
    rows = conn.execute(sa.select(*columns).where(look_up.c.day >= day).order_by(*order))
    return [Tally(*row) for row in rows]


def add(
    conn: Connection, table: sa.Table, what: Mapping[str, object], number: int, at: datetime
) -> None:
    """Add so many to the day's row of `what`."""
    if not number:
        return
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    key = {"day": at.astimezone(UTC).date(), **what}
    row = dialect.insert(table).values(number=number, **key)
    conn.execute(
        row.on_conflict_do_update(
            index_elements=list(key), set_={"number": table.c.number + row.excluded.number}
        )
    )
