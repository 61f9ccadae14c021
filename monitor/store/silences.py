"""Streams that are read and bring nothing new for longer than they ever did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.coverage import SHORTEST_SILENCE, USUAL_SINCE, Silence, silence
from monitor.store import watching
from monitor.store.columns import EPOCH
from monitor.store.cross_brand import Why, across
from monitor.store.schema import coverage, stream

# literally as in the partial index, or no planner uses it
_BROUGHT_NEWS = coverage.c.stored > sa.literal_column("0")
_OF_STREAM = coverage.c.stream_id == sa.bindparam("number")
_NEWS = (
    sa.select(coverage.c.ended_at)
    .where(_OF_STREAM, _BROUGHT_NEWS)
    .where(coverage.c.ended_at.between(sa.bindparam("since"), sa.bindparam("until")))
)
_LAST = _NEWS.order_by(coverage.c.ended_at.desc()).limit(1)


def silent(conn: Connection, read_through: Mapping[int, datetime]) -> Mapping[int, Silence]:
    """Those of the streams that are silent against their own past, each as read up to a time."""
    found: dict[int, Silence] = {}
    for number, until in read_through.items():
        its = {"number": number, "until": until}
        last = conn.scalar(_LAST, its | {"since": EPOCH})
        if last is None or until - last <= SHORTEST_SILENCE:
            continue
        # by index and not in order: sorting is done once, by the rule
        news = conn.scalars(_NEWS, its | {"since": last - USUAL_SINCE}).all()
        one = silence(news, until)
        if one is not None:
            found[number] = one
    return found


class Listened(NamedTuple):
    """A stream that is read: when a look last came to its end, and whether it is silent all the same."""

    number: int
    name: str
    looked_at: datetime
    every: timedelta
    is_told: bool
    """It fails so that intake has told of it."""
    silence: Silence | None


def listened(conn: Connection, failures_until_told: int) -> list[Listened]:
    """The streams that are read, and were once read to their end."""
    query = sa.select(stream).where(stream.c.next_poll_at.is_not(None)).order_by(stream.c.id)
    rows = conn.execute(across(query, Why.DUE)).all()
    found = silent(conn, {row.id: row.polled_at for row in rows if row.polled_at})
    watches = {row.id: watching.latest(conn, row.id) for row in rows}
    return [
        Listened(
            row.id,
            f"{row.source}/{row.name}",
            its.ended_at,
            its.every,
            row.permanent or row.failures >= failures_until_told,
            found.get(row.id),
        )
        for row in rows
        if (its := watches[row.id]) is not None
    ]
