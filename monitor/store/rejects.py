"""Items that could not be read: counted and shown, never lost."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.post import Rejected
from monitor.store import bulk, tombstones
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.schema import reject, stream, stream_network

_SHORTEST = 3
"""Shorter names are words of every text."""
_SHORTEST_NUMBER = 5
"""Shorter numbers stand in dates and amounts."""
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrt])")


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


def forget(conn: Connection, network: str, names: Collection[str], now: datetime) -> int:
    """Purge what is kept of items that name one of these, also in passing. Returns of how many.

    Of those alone that came with the network's posts: elsewhere the same name is somebody else's.
    """
    wanted = {one.casefold().lstrip("@") for one in names}
    rows = [row for row in _of_network(conn, network) if _names_one(row, network, wanted)]
    items = [(row.network, Rejected(row.place, row.reason, row.sample)) for row in rows]
    places = tombstones.bury_unread(conn, items, now)
    # an item that could not be read for two reasons, one after the other, is one row from now on
    last = {(row.stream_id, place): row.id for row, place in zip(rows, places, strict=True)}
    again = {row.id for row in rows} - set(last.values())
    conn.execute(across(reject.delete().where(among(conn, reject.c.id, again)), Why.SAME_PERSON))
    bulk.update(
        conn,
        reject,
        [
            {"id": number, "place": place, "reason": tombstones.ERASED, "sample": ""}
            for (_, place), number in last.items()
        ],
    )
    return len(rows)


def _of_network(conn: Connection, network: str) -> list[sa.Row[Any]]:
    its = (reject.c.place, reject.c.reason, reject.c.sample)
    columns: tuple[sa.Column[Any], ...] = (reject.c.id, reject.c.stream_id, *its, stream.c.network)
    brought = sa.exists().where(
        stream_network.c.stream_id == stream.c.id, stream_network.c.network == network
    )
    query = sa.select(*columns).join(stream, stream.c.id == reject.c.stream_id)
    query = query.where((stream.c.network == network) | brought)
    rows = conn.execute(across(query.order_by(reject.c.id), Why.SAME_PERSON))
    return [row for row in rows if not tombstones.is_one(row.place)]


def _names_one(row: sa.Row[Any], network: str, wanted: Collection[str]) -> bool:
    """Whether one of the names stands there as a word, or is that of the whole place."""
    place = row.place.casefold()
    if place in wanted or place.removeprefix(f"{network}:") in wanted:
        return True
    said = "\n".join(_spelt_out(one).casefold() for one in (row.place, row.reason, row.sample))
    return any(one in said and _is_word(one, said) for one in wanted if _tells(one))


def _spelt_out(said: str) -> str:
    """What was sent as JSON hides letters, and begins words with that of an escaped line break."""
    return _ESCAPED.sub(lambda one: chr(int(one[1], 16)) if one[1] else " ", said)


def _is_word(name: str, said: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None


def _tells(name: str) -> bool:
    return len(name) >= (_SHORTEST_NUMBER if name.isdigit() else _SHORTEST)
