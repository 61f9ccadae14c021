"""What is sent to a source: kept before the sender is thanked, read in order, then forgotten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.errors import Refusal
from monitor.ports import Letter, Received
from monitor.store import bulk, tallies
from monitor.store.bulk import among
from monitor.store.engine import Database
from monitor.store.schema import letter, listening, refused, stream
from monitor.store.tallies import Tally

REMEMBERED = timedelta(days=30)
"""So long it is known of a letter that was read that it came: only its hash is kept."""
# literal, as in the partial indexes: with a bound value no database would use them
_UNREAD = letter.c.said.is_not(None)
_READ = letter.c.said.is_(None)


def put(conn: Connection, source: str, letters: Sequence[Letter], now: datetime) -> set[str]:
    """Keep those that did not come before. Returns the keys of those that did."""
    _take_turns(conn, source)
    there = (letter.c.source == source) & among(conn, letter.c.key, [one.key for one in letters])
    known = set(conn.scalars(sa.select(letter.c.key).where(there)))
    fresh = {one.key: one for one in letters if one.key not in known}
    rows = [
        {"source": source, "key": key, "said": one.said, "came_at": now}
        for key, one in fresh.items()
    ]
    if rows:
        conn.execute(letter.insert(), rows)
    return known


def wake(conn: Connection, source: str, name: str, now: datetime) -> None:
    """Let the stream that reads them be read at once; where it does not exist yet, it will be."""
    its_row = (stream.c.source == source) & (stream.c.name == name)
    conn.execute(
        stream.update()
        .where(its_row, stream.c.next_poll_at > now)
        .values(next_poll_at=now, planned_at=now)
    )


def listen(conn: Connection, sources: Collection[str], now: datetime) -> None:
    """Note that somebody listens at these sources' addresses."""
    conn.execute(listening.delete().where(among(conn, listening.c.source, sources)))
    bulk.insert(conn, listening, [{"source": one, "at": now} for one in sources])


def unread(conn: Connection) -> dict[str, int]:
    """How many letters wait to be read, by the name of the source that they were sent to."""
    number = sa.func.count().label("number")
    query = sa.select(letter.c.source, number).where(_UNREAD).group_by(letter.c.source)
    rows = conn.execute(query)
    return {row.source: int(row.number) for row in rows}


def refuse(conn: Connection, source: str, reason: Refusal, number: int, now: datetime) -> None:
    """Count calls that were not taken in."""
    tallies.add(conn, refused, {"source": source, "reason": reason.value}, number, now)


def refused_since(conn: Connection, day: date) -> list[Tally]:
    """The calls that were not taken in on that day and later, the latest first."""
    columns = (refused.c.day, refused.c.reason, refused.c.number, refused.c.source)
    order = (refused.c.day.desc(), refused.c.source, refused.c.reason)
    rows = conn.execute(sa.select(*columns).where(refused.c.day >= day).order_by(*order))
    return [Tally(*row) for row in rows]


class OwnInbox:
    """The inbox of one configured source (`monitor.ports.Inbox`)."""

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self._source = source

    def after(self, number: int, most: int, /) -> Sequence[Received]:
        columns = sa.select(letter.c.id, letter.c.said, letter.c.came_at)
        mine = (letter.c.source == self._source) & _UNREAD & (letter.c.id > number)
        query = columns.where(mine).order_by(letter.c.id).limit(most)
        with self._database.reading() as conn:
            return [Received(*row) for row in conn.execute(query)]

    def forget(self, through: int, now: datetime, /) -> None:
        mine = letter.c.source == self._source
        read = mine & _UNREAD & (letter.c.id <= through)
        old = mine & _READ & (letter.c.came_at < now - REMEMBERED)
        with self._database.reading() as conn:
            if conn.scalar(sa.select(letter.c.id).where(read | old).limit(1)) is None:
                return
        with self._database.writing() as conn:
            conn.execute(letter.update().where(read).values(said=None))
            conn.execute(letter.delete().where(old))

    def heard_at(self) -> datetime | None:
        query = sa.select(listening.c.at).where(listening.c.source == self._source)
        with self._database.reading() as conn:
            found: datetime | None = conn.scalar(query)
        return found


def _take_turns(conn: Connection, source: str) -> None:
    """Numbers are given in the order in which they are committed, as all writing is on SQLite.

    Else a source that read the later one first would pass the earlier one by.
    """
    if conn.dialect.name == "postgresql":
        lock = sa.func.hashtextextended(f"inbox {source}", 0)
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
