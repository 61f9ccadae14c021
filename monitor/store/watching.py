"""When streams were looked at, and when they could not be: written by every look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.coverage import Outage, Watch, patience
from monitor.store.bulk import among
from monitor.store.schema import outage, watch

_IN_TIME = (watch.c.ended_at, watch.c.id)


def looked(conn: Connection, number: int, at: datetime, every: timedelta) -> None:
    """A look that began at `at` came to its end: the watch goes on, or a new one begins."""
    last = conn.execute(
        sa.select(watch.c.id, watch.c.ended_at)
        .where(watch.c.stream_id == number)
        .order_by(watch.c.ended_at.desc(), watch.c.id.desc())
        .limit(1)
    ).one_or_none()
    every_s = int(every.total_seconds())
    if last is None or at - last.ended_at > patience(every):
        row = {"stream_id": number, "began_at": at, "ended_at": at, "looks": 1, "every_s": every_s}
        conn.execute(watch.insert().values(row))
        return
    # a clock that was set back makes no watch shorter
    ended_at = max(at, last.ended_at)
    conn.execute(
        watch.update()
        .where(watch.c.id == last.id)
        .values(ended_at=ended_at, looks=watch.c.looks + 1, every_s=every_s)
    )


def failed(conn: Connection, number: int, since: datetime, failures: int, problem: str) -> None:
    """A look failed, in a row that began at `since` and is now so long."""
    its_row = (outage.c.stream_id == number) & (outage.c.began_at == since)
    values = {"failures": failures, "problem": problem, "ended_at": None}
    if not conn.execute(outage.update().where(its_row).values(values)).rowcount:
        conn.execute(outage.insert().values(stream_id=number, began_at=since, **values))


def mended(conn: Connection, number: int, since: datetime, at: datetime) -> None:
    """The row of failures that began at `since` is over."""
    its_row = (outage.c.stream_id == number) & (outage.c.began_at == since)
    conn.execute(outage.update().where(its_row).values(ended_at=at))


def watches(
    conn: Connection, numbers: Collection[int], since: datetime
) -> Mapping[int, list[Watch]]:
    """The watches of streams that ended after `since`, and the last one before, oldest first."""
    found: dict[int, list[Watch]] = defaultdict(list)
    for number in numbers:
        its = watch.c.stream_id == number
        rows = [*_latest(conn, its & (watch.c.ended_at < since))]
        rows += conn.execute(_watches(its & (watch.c.ended_at >= since)).order_by(*_IN_TIME))
        found[number] += map(_watch, rows)
    return found


def latest(conn: Connection, number: int) -> Watch | None:
    """The watch that a stream is in, or was in last."""
    return next(map(_watch, _latest(conn, watch.c.stream_id == number)), None)


def _watch(row: sa.Row[Any]) -> Watch:
    return Watch(row.began_at, row.ended_at, row.looks, timedelta(seconds=row.every_s))


def _latest(conn: Connection, where: sa.ColumnElement[bool]) -> Iterable[sa.Row[Any]]:
    newest_first = (one.desc() for one in _IN_TIME)
    return conn.execute(_watches(where).order_by(*newest_first).limit(1))


def _watches(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(watch.c.began_at, watch.c.ended_at, watch.c.looks, watch.c.every_s).where(
        where
    )


def first_at(conn: Connection, numbers: Collection[int]) -> Mapping[int, datetime]:
    """Since when each stream is watched; those that never were are not in the answer."""
    first = sa.select(watch.c.stream_id, sa.func.min(watch.c.began_at))
    rows = conn.execute(
        first.where(among(conn, watch.c.stream_id, numbers)).group_by(watch.c.stream_id)
    )
    return dict(map(tuple, rows))


def outages(
    conn: Connection, numbers: Collection[int], since: datetime, until: datetime
) -> Mapping[int, list[Outage]]:
    """The outages of streams that touch the time between, oldest first."""
    found: dict[int, list[Outage]] = defaultdict(list)
    rows = conn.execute(
        sa.select(outage)
        .where(among(conn, outage.c.stream_id, numbers), outage.c.began_at <= until)
        .where(outage.c.ended_at.is_(None) | (outage.c.ended_at >= since))
        .order_by(outage.c.began_at)
    )
    for row in rows:
        found[row.stream_id].append(Outage(row.began_at, row.ended_at, row.failures, row.problem))
    return found
