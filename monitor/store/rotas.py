"""Rotas as they were read last: who is on call, asked where a step is told, without any network."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.schema import rota, shift


class OnDuty(NamedTuple):
    """One person's shift, half-open."""

    begins_at: datetime
    ends_at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rota was read last. `read_at` is None before it ever was."""

    read_at: datetime | None
    tried_at: datetime
    problem: str | None


def keep(conn: Connection, name: str, shifts: Collection[OnDuty], now: datetime) -> None:
    """Put what was read in the place of what was known."""
    conn.execute(shift.delete().where(shift.c.rota == name))
    if shifts:
        rows = [{"rota": name, **one._asdict()} for one in shifts]
        conn.execute(shift.insert(), rows)
    _stand(conn, name, tried_at=now, read_at=now, problem=None)


def failed(conn: Connection, name: str, problem: str, now: datetime) -> None:
    """It could not be read: what was known goes on."""
    _stand(conn, name, tried_at=now, problem=problem)


def _stand(conn: Connection, name: str, **values: object) -> None:
    known = conn.execute(rota.update().where(rota.c.name == name).values(**values)).rowcount
    if not known:
        conn.execute(rota.insert().values(name=name, **values))


def standings(conn: Connection) -> dict[str, Standing]:
    """The rotas that somebody tried to read, by name."""
    query = sa.select(rota.c.name, rota.c.read_at, rota.c.tried_at, rota.c.problem)
    return {name: Standing(*rest) for name, *rest in conn.execute(query.order_by(rota.c.name))}


def forget(conn: Connection, name: str) -> None:
    """Nobody is on call by it any more."""
    conn.execute(shift.delete().where(shift.c.rota == name))
    conn.execute(rota.delete().where(rota.c.name == name))


def on_call(conn: Connection, name: str, at: datetime) -> tuple[str, ...]:
    """Who is on call by a rota at a moment, the longest on duty first."""
    query = (
        sa.select(shift.c.person)
        .where(shift.c.rota == name, shift.c.ends_at > at, shift.c.begins_at <= at)
        .order_by(shift.c.begins_at, shift.c.id)
    )
    return tuple(dict.fromkeys(conn.scalars(query)))
