"""Items that a stage failed on: they rest, are tried again, and in the end are set aside with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.clock import CLOCKS_DIFFER
from monitor.store.schema import failure

PATIENCE = 6
"""Attempts before an item is set aside."""
FIRST_REST = timedelta(seconds=10)
LONGEST_REST = FIRST_REST * 2 ** (PATIENCE - 2)
_BELIEVED = LONGEST_REST + CLOCKS_DIFFER
"""A longer one was begun by a clock that has been set back since, and is over."""


def resting(stage: str, item: sa.ColumnElement[str], now: datetime) -> sa.ColumnElement[bool]:
    """True in SQL for items that are not to be tried at `now`. `item` makes the key of a row."""
    return sa.exists().where(
        (failure.c.stage == stage)
        & (failure.c.item == item)
        & (failure.c.quarantined_at.is_not(None) | _is_to_come(now))
    )


def _is_to_come(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(failure.c.retry_at > now, failure.c.retry_at <= now + _BELIEVED)


def is_set_aside(
    stage: sa.ColumnElement[str], item: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """True in SQL for items that are tried no more until a person says so."""
    its = (failure.c.stage == stage) & (failure.c.item == item)
    return sa.exists().where(its & failure.c.quarantined_at.is_not(None))


def failed(conn: Connection, stage: str) -> Mapping[str, datetime | None]:
    """The items that failed, with the time of their next try (None: set aside)."""
    rows = conn.execute(
        sa.select(failure.c.item, failure.c.retry_at, failure.c.quarantined_at).where(
            failure.c.stage == stage
        )
    )
    return {item: None if aside else retry_at for item, retry_at, aside in rows}


def rests(failed: Mapping[str, datetime | None], item: str, now: datetime) -> bool:
    """Whether an item is not to be tried at `now`; of what `failed` told."""
    if item not in failed:
        return False
    retry_at = failed[item]
    return retry_at is None or now < retry_at <= now + _BELIEVED


def record(conn: Connection, stage: str, item: str, reason: str, now: datetime) -> bool:
    """Count a failure; True when the item is set aside by this one.

    Of `reason` the first line is kept: what databases add below quotes rows, and so customers.
    """
    here = (failure.c.stage == stage) & (failure.c.item == item)
    attempts = (conn.scalar(sa.select(failure.c.attempts).where(here)) or 0) + 1
    aside = attempts >= PATIENCE
    values = {
        "attempts": attempts,
        "retry_at": None if aside else now + FIRST_REST * 2 ** (attempts - 1),
        "quarantined_at": now if aside else None,
        "reason": reason.strip().partition("\n")[0][:1000],
    }
    if attempts == 1:
        conn.execute(failure.insert().values(stage=stage, item=item, first_at=now, **values))
    else:
        conn.execute(failure.update().where(here).values(**values))
    return aside


def clear(conn: Connection, stage: str, item: str) -> None:
    """The item went through, or is to be tried again as if it were new."""
    conn.execute(failure.delete().where((failure.c.stage == stage) & (failure.c.item == item)))


def release(conn: Connection) -> list[sa.Row[Any]]:
    """Let what is set aside be tried again as if it were new. Returns what it was."""
    aside = set_aside(conn)
    for one in aside:
        clear(conn, one.stage, one.item)
    return aside


def set_aside(conn: Connection) -> list[sa.Row[Any]]:
    """What is set aside, for people to look at."""
    return list(
        conn.execute(
            sa.select(failure)
            .where(failure.c.quarantined_at.is_not(None))
            .order_by(failure.c.quarantined_at)
        )
    )
