"""Brands: their row numbers, and since when they are watched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.engine import new_id
from monitor.store.schema import brand

_NAMES = sa.select(brand.c.id, brand.c.name)
NEVER = datetime.max.replace(tzinfo=UTC)


def ensure(conn: Connection, names: Iterable[str]) -> dict[str, int]:
    """The row numbers of the named brands, made where they are new."""
    wanted = list(dict.fromkeys(names))
    known = {
        name: number
        for number, name in conn.execute(_NAMES.where(among(conn, brand.c.name, wanted)))
    }
    for name in wanted:
        if name not in known:
            made = conn.execute(brand.insert().values(name=name))
            known[name] = new_id(made)
    return {name: known[name] for name in wanted}


def begin(conn: Connection, ids: Iterable[int], now: datetime) -> None:
    """From the first run that may tell people on, waits alert; older ones are summed up once."""
    conn.execute(
        brand.update()
        .where(brand.c.id.in_(list(ids)), _unset(brand.c.first_run_at, now))
        .values(first_run_at=now)
    )


def rehearse(conn: Connection, ids: Iterable[int], now: datetime) -> None:
    """From the first rehearsal on it is decided what would be told; nobody is."""
    conn.execute(
        brand.update()
        .where(brand.c.id.in_(list(ids)), _unset(brand.c.shadowed_since, now))
        .values(shadowed_since=now)
    )


def _unset(since: sa.ColumnElement[datetime], now: datetime) -> sa.ColumnElement[bool]:
    """Never set, or set by a clock that ran ahead: until then nobody would be told of anything."""
    return since.is_(None) | (since > now)


def begun(conn: Connection, ids: Iterable[int]) -> dict[int, datetime]:
    """Those of the brands of which people are told, with the time since when they are."""
    query = sa.select(brand.c.id, brand.c.first_run_at).where(
        brand.c.id.in_(list(ids)), brand.c.first_run_at.is_not(None)
    )
    return {one.id: one.first_run_at for one in conn.execute(query)}


def first_run_at(conn: Connection, brand_id: int) -> datetime:
    """Since when people are told of the brand; a time that never comes if they are not yet."""
    found: datetime | None = conn.scalar(
        sa.select(brand.c.first_run_at).where(brand.c.id == brand_id)
    )
    return found or NEVER


def watched_since(conn: Connection, brand_id: int) -> datetime:
    """The same, or since when it is rehearsed."""
    query = sa.select(sa.func.coalesce(brand.c.first_run_at, brand.c.shadowed_since))
    found: datetime | None = conn.scalar(query.where(brand.c.id == brand_id))
    return found or NEVER


def name(conn: Connection, brand_id: int) -> str:
    """The name of one brand."""
    found: str = conn.scalars(sa.select(brand.c.name).where(brand.c.id == brand_id)).one()
    return found


def called(conn: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The names of some brands by row number."""
    found = conn.execute(_NAMES.where(among(conn, brand.c.id, list(ids))))
    return {one.id: one.name for one in found}


def names(conn: Connection) -> dict[int, str]:
    """All brands by row number."""
    return {one.id: one.name for one in conn.execute(across(_NAMES, Why.CONFIGURED))}
