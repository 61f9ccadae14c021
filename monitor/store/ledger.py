"""The ledger of what was read: a line a page, or one for an hour of pages that brought nothing new."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.coverage import Blind, Silence, Watch, blind
from monitor.domain.post import Page
from monitor.store import silences, watching
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.posts import Counts
from monitor.store.schema import brand, coverage, stream, stream_brand

_SUMS = (
    *("read", "stored", "duplicate", "rejected", "edited", "deleted", "unnamed"),
    *("calls", "micros"),
)
_NEWS = ("stored", "rejected", "edited", "deleted", "unnamed")


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap: why, from where to where in the network's own ids or times; when it was told first and last."""

    reason: str
    from_: str | None
    to: str | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the ledger has of a stream in a time: when it was looked at, what came, what it took."""

    source: str
    stream: str
    network: str
    kind: str
    brands: tuple[str, ...]
    is_read: bool
    """False: it is configured no longer."""
    watched_since: datetime | None
    read_through: datetime | None
    failing_since: datetime | None
    problem: str | None
    silence: Silence | None
    watches: tuple[Watch, ...]
    blind: tuple[Blind, ...]
    gaps: tuple[Hole, ...]
    sums: Mapping[str, int]
    """read, stored, duplicate, rejected, edited, deleted, unnamed; calls; micros of the source's currency."""


def enter(
    conn: Connection, number: int, page: Page, counts: Counts, *, since: datetime, until: datetime
) -> None:
    """Enter a page. One that brought nothing new is added to the line before, if that is such a one, too."""
    values = {name: getattr(counts, name) for name in _SUMS if hasattr(counts, name)}
    values |= {"calls": page.cost.calls, "micros": page.cost.micros}
    if page.gap is None and not any(values[name] for name in _NEWS):
        last = _quiet_line(conn, number, until)
        if last is not None:
            sums = {name: coverage.c[name] + values[name] for name in _SUMS}
            conn.execute(
                coverage.update().where(coverage.c.id == last).values(ended_at=until, **sums)
            )
            return
    gap = page.gap
    told = (gap.reason, gap.from_, gap.to) if gap else (None, None, None)
    names = ("gap", "gap_from", "gap_to")
    conn.execute(
        coverage.insert().values(
            stream_id=number,
            began_at=since,
            ended_at=until,
            **values,
            **dict(zip(names, told, strict=True)),
        )
    )


def _quiet_line(conn: Connection, number: int, until: datetime) -> int | None:
    """The stream's last line, if it is of the same hour and brought nothing new either."""
    last = conn.execute(
        sa.select(coverage)
        .where(coverage.c.stream_id == number)
        .order_by(coverage.c.ended_at.desc(), coverage.c.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.gap is not None or any(getattr(last, name) for name in _NEWS):
        return None
    hour = until.replace(minute=0, second=0, microsecond=0)
    return last.id if hour <= last.ended_at <= until else None


def kept(
    conn: Connection, since: datetime, until: datetime, *, brand_id: int | None = None
) -> list[Kept]:
    """The ledger of all streams, or of a brand's, for a time; by name."""
    query = sa.select(stream).order_by(stream.c.source, stream.c.name)
    if brand_id is not None:
        its = sa.select(stream_brand.c.stream_id).where(stream_brand.c.brand_id == brand_id)
        query = query.where(stream.c.id.in_(its))
    rows = conn.execute(across(query, Why.SHOWN)).all()
    numbers = [row.id for row in rows]
    brands, holes = _brands(conn, numbers), _holes(conn, numbers, since, until)
    sums = _sums(conn, numbers, since, until)
    watches = watching.watches(conn, numbers, since)
    outages = watching.outages(conn, numbers, since, until)
    first = watching.first_at(conn, numbers)
    through = {row.id: row.polled_at for row in rows if row.polled_at and row.next_poll_at}
    silent = silences.silent(conn, through)
    return [
        Kept(
            source=row.source,
            stream=row.name,
            network=row.network,
            kind=row.kind,
            brands=tuple(brands.get(row.id, ())),
            is_read=row.next_poll_at is not None,
            watched_since=first.get(row.id),
            read_through=row.polled_at,
            failing_since=row.failing_since,
            problem=row.problem,
            silence=silent.get(row.id),
            watches=tuple(one for one in watches.get(row.id, ()) if one.ended_at >= since),
            # of what is configured no longer nobody expects a look
            blind=_blind(row, watches, outages, since, until),
            gaps=tuple(holes.get(row.id, ())),
            sums=sums.get(row.id, dict.fromkeys(_SUMS, 0)),
        )
        for row in rows
    ]


def _blind(
    row: Any,
    watches: Mapping[int, Sequence[Watch]],
    outages: Mapping[int, Any],
    since: datetime,
    until: datetime,
) -> tuple[Blind, ...]:
    its = watches.get(row.id, ())
    end = (
        until if row.next_poll_at is not None else max((one.ended_at for one in its), default=since)
    )
    return blind(its, outages.get(row.id, ()), since, min(end, until))


def _brands(conn: Connection, numbers: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = conn.execute(
        sa.select(stream_brand.c.stream_id, brand.c.name)
        .join(brand, brand.c.id == stream_brand.c.brand_id)
        .where(among(conn, stream_brand.c.stream_id, numbers))
        .order_by(brand.c.name)
    )
    for number, name in rows:
        found.setdefault(number, []).append(name)
    return found


def _sums(
    conn: Connection, numbers: Collection[int], since: datetime, until: datetime
) -> dict[int, dict[str, int]]:
    columns = [sa.func.sum(coverage.c[name]).label(name) for name in _SUMS]
    query = (
        sa.select(coverage.c.stream_id, *columns)
        .where(among(conn, coverage.c.stream_id, numbers))
        .where(coverage.c.ended_at.between(since, until))
        .group_by(coverage.c.stream_id)
    )
    return {
        row.stream_id: {name: int(getattr(row, name)) for name in _SUMS}
        for row in conn.execute(query)
    }


def _holes(
    conn: Connection, numbers: Collection[int], since: datetime, until: datetime
) -> dict[int, Collection[Hole]]:
    """One that is told of in every look until it closes is there once."""
    rows = conn.execute(
        sa.select(coverage)
        .where(among(conn, coverage.c.stream_id, numbers))
        .where(coverage.c.gap.is_not(None), coverage.c.ended_at.between(since, until))
        .order_by(coverage.c.ended_at, coverage.c.id)
    )
    found: dict[int, dict[object, Hole]] = {}
    for row in rows:
        its = found.setdefault(row.stream_id, {})
        key = row.id if row.gap_from is None else row.gap_from
        first_at = its[key].first_at if key in its else row.ended_at
        its[key] = Hole(row.gap, row.gap_from, row.gap_to, first_at, row.ended_at)
    return {number: list(its.values()) for number, its in found.items()}
