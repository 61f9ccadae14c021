"""Who was given access and used it: a line for each change, which nobody alters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.access import Change
from monitor.store.schema import access_event


class AccessEvent(NamedTuple):
    """One line. `about` is the user's or the token's name."""

    id: int
    at: datetime
    by: str
    what: Change
    about: str
    data: Mapping[str, str]


def note(conn: Connection, what: Change, about: str, *, by: str, at: datetime, **data: str) -> None:
    """Write a line. `data`: what it is now, such as the role."""
    conn.execute(
        access_event.insert().values(at=at, by=by, what=what.value, about=about, data=data)
    )


def latest(conn: Connection, limit: int, *, before: int | None = None) -> list[AccessEvent]:
    """The newest lines; `before` goes on from a line's number."""
    query = sa.select(access_event).order_by(access_event.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(access_event.c.id < before)
    return [
        AccessEvent(row.id, row.at, row.by, Change(row.what), row.about, row.data)
        for row in conn.execute(query)
    ]
