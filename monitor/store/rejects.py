"""Items that could not be read: counted and shown, never lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.post import Rejected
from monitor.store import bulk, tombstones
from monitor.store.cross_brand import Why, across
from monitor.store.schema import reject

_SHORTEST = 3
"""Shorter names stand in too many other words."""


def keep(conn: Connection, stream_id: int, rejected: Sequence[Rejected], seen_at: datetime) -> None:
    """Keep those that are not known yet: what was purged of one does not come back."""
    rows = [
        {
            "stream_id": stream_id,
            "at": seen_at,
            "place": one.where,
            "reason": one.reason,
            "sample": one.sample,
        }
        for one in rejected
    ]
    bulk.insert_missing(conn, reject, rows)


def forget(conn: Connection, names: Collection[str], now: datetime) -> int:
    """Purge what is kept of items that name one of these, also in passing. Returns of how many."""
    wanted = [one.casefold().lstrip("@") for one in names]
    wanted = [one for one in wanted if len(one) >= _SHORTEST]
    columns = (reject.c.id, reject.c.place, reject.c.reason, reject.c.sample)
    rows = conn.execute(across(sa.select(*columns), Why.SAME_PERSON)).all()
    theirs = [
        (row.id, row.place)
        for row in rows
        if any(one in str(tuple(row)).casefold() for one in wanted)
    ]
    places = tombstones.bury_places(conn, {place for _, place in theirs}, now)
    bulk.update(
        conn,
        reject,
        [
            {"id": number, "place": places[place], "reason": tombstones.ERASED, "sample": ""}
            for number, place in theirs
            if place in places
        ],
    )
    return len(places)
