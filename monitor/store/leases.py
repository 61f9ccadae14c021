"""Rows that leave: pending ones are claimed by a lease, so that one sender at a time has each.

Notices and answers share this. A table has the columns of `schema.outgoing.leased` and a `state`.
Times called `at` and `until` are transport time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.clock import CLOCKS_DIFFER
from monitor.store.cross_brand import Why, across

FREE: Mapping[str, None] = {"lease": None, "leased_until": None}


def put_off(at: datetime, rest: timedelta) -> Mapping[str, Any]:
    """What a sender writes who gives its claim back for a while; `at` is when."""
    return {"lease": None, "leased_until": at, "not_before": at + rest}


def is_pending(table: sa.Table) -> sa.ColumnElement[bool]:
    """Literal, as in the partial index: with a bound value no database would use it."""
    return table.c.state == sa.literal_column("'pending'")


def nobody_has_it(table: sa.Table, at: datetime) -> sa.ColumnElement[bool]:
    """It neither rests nor is claimed.

    What was put off further ahead than clocks differ, was so by one that has since been set back: it rests
    no longer.
    """
    set_back = sa.and_(table.c.lease.is_(None), table.c.leased_until > at + CLOCKS_DIFFER)
    free = sa.and_(
        sa.or_(table.c.not_before.is_(None), table.c.not_before <= at),
        sa.or_(table.c.leased_until.is_(None), table.c.leased_until <= at),
    )
    return sa.or_(free, set_back)


def take(
    conn: Connection,
    table: sa.Table,
    number: int,
    *,
    attempts: int,
    at: datetime,
    token: str,
    until: datetime,
    **values: Any,
) -> bool:
    """Claim a row that had so many `attempts` when it was read. False: it changed since.

    Every claim counts an attempt, so the count tells whether anybody had the row in between.
    """
    free = sa.and_(is_pending(table), nobody_has_it(table, at))
    done = conn.execute(
        sa.update(table)
        .where(table.c.id == number, free, table.c.attempts == attempts)
        .values(lease=token, leased_until=until, attempts=attempts + 1, **values)
    )
    return done.rowcount == 1


def settle(conn: Connection, table: sa.Table, number: int, token: str, **values: Any) -> bool:
    """Change a claimed row, if the claim still holds: who was frozen past it changes nothing."""
    mine = sa.and_(table.c.id == number, is_pending(table), table.c.lease == token)
    return conn.execute(sa.update(table).where(mine).values(values)).rowcount == 1


def release(conn: Connection, table: sa.Table) -> int:
    """End all leases. Only for who knows that no sender lives: the one runner of a database, at its start."""
    held = sa.and_(is_pending(table), table.c.lease.is_not(None))
    freed = sa.update(table).where(held).values(FREE)
    return conn.execute(across(freed, Why.OPERATION)).rowcount
