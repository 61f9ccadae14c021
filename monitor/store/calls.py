"""What the API is told is done once: told again under its key, it is answered as the first time.

Key, change and answer are written in one transaction. One that fails leaves none of them, so that it may
be tried again; of two at the same moment the second waits for the first, and is given its answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from monitor.domain.errors import MonitorError
from monitor.store.done import KEPT
from monitor.store.schema import api_call


class KeyReusedError(MonitorError):
    """Another thing was told under that key."""


@dataclass(frozen=True, slots=True)
class CallKey:
    """Whose call, under which key, and what it tells, hashed. Two callers' keys are two."""

    who: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered: a status of HTTP, and JSON without anybody's words."""

    status: int
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Within:
    """A transaction that is open, for what would begin one of its own (`engine.Transactions`)."""

    conn: Connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The same transaction: who began it ends it."""
        yield self.conn


def answered(conn: Connection, one: CallKey, now: datetime) -> Said | None:
    """What was answered before; None: it is new, and ours to do and to `keep`.

    Raises:
        KeyReusedError: something else was told under the key.

    """
    conn.execute(api_call.delete().where(api_call.c.at < now - KEPT))
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(api_call).values(who=one.who, key=one.key, digest=one.digest, at=now)
    # whoever tells the same at this moment is waited for
    ours = fresh.on_conflict_do_nothing().returning(api_call.c.key)
    if conn.scalar(ours) is not None:
        return None
    row = conn.execute(sa.select(api_call).where(_is(one))).one()
    if row.digest != one.digest:
        raise KeyReusedError("another call was made under this Idempotency-Key: choose a new one")
    return Said(row.status, row.said)


def keep(conn: Connection, one: CallKey, said: Said) -> None:
    """What was answered, in the transaction that did it."""
    values = {"status": said.status, "said": dict(said.said)}
    conn.execute(api_call.update().where(_is(one)).values(values))


def _is(one: CallKey) -> sa.ColumnElement[bool]:
    return (api_call.c.who == one.who) & (api_call.c.key == one.key)
