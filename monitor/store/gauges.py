"""How it goes, in figures: what whoever runs the program watches. Reads only, across all brands.

Nothing is counted beside the work: every figure is read from the rows that the work left, so any process
tells the same. Each question is answered by an index, and costs the same in the tenth year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.judgement import Severity
from monitor.domain.notice import NoticeState
from monitor.domain.reply import ReplyState
from monitor.store.brands import NEVER
from monitor.store.columns import EPOCH
from monitor.store.cross_brand import Why, across
from monitor.store.schema import brand, coverage, failure, judgement, notice, reply, stream, wait

_READ = ("read", "stored", "duplicate", "rejected", "edited", "deleted", "unnamed")
_SUMS = (*_READ, "calls", "micros")
# one that is told of in every look until it closes counts once
_GAP = sa.func.coalesce(coverage.c.gap_from, sa.cast(coverage.c.id, sa.Text))
# literal, as in the partial index: with a bound value no database would use it
_IS_PENDING = sa.text(f"notice.state = '{NoticeState.PENDING.value}'")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """A stream that is read: up to when, what is to come, and whether it fails."""

    source: str
    stream: str
    read_through: datetime | None
    """None: no look has come to its end yet."""
    next_look_at: datetime
    failing_since: datetime | None
    failures: int
    permanent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a stream brought in a time, and what that took. `micros`: of the source's currency."""

    source: str
    stream: str
    items: Mapping[str, int]
    """read, stored, duplicate, rejected, edited, deleted, unnamed."""
    calls: int
    micros: int
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Open waits of a kind, and how many of them are overdue."""

    brand: str
    severity: Severity
    confirmed: bool
    number: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits to leave: how much, and since when the oldest; None: nothing waits."""

    number: int
    oldest_at: datetime | None


def streams(conn: Connection) -> list[StreamState]:
    """The streams that are read, by name."""
    query = sa.select(stream).where(stream.c.next_poll_at.is_not(None))
    return [
        StreamState(
            source=row.source,
            stream=row.name,
            read_through=row.polled_at,
            next_look_at=row.next_poll_at,
            failing_since=row.failing_since,
            failures=row.failures,
            permanent=row.permanent,
        )
        for row in conn.execute(
            across(query.order_by(stream.c.source, stream.c.name), Why.OPERATION)
        )
    ]


def brought(conn: Connection, since: datetime, until: datetime) -> list[Brought]:
    """What streams brought by looks that ended in that time."""
    sums = [sa.func.sum(coverage.c[name]).label(name) for name in _SUMS]
    gaps = sa.func.count(sa.distinct(sa.case((coverage.c.gap.is_not(None), _GAP)))).label("gaps")
    query = (
        sa.select(stream.c.source, stream.c.name, *sums, gaps)
        .join(coverage, coverage.c.stream_id == stream.c.id)
        .where(coverage.c.ended_at.between(since, until))
        .group_by(stream.c.id, stream.c.source, stream.c.name)
        .order_by(stream.c.source, stream.c.name)
    )
    return [
        Brought(
            source=row.source,
            stream=row.name,
            items={name: int(getattr(row, name)) for name in _READ},
            calls=int(row.calls),
            micros=int(row.micros),
            gaps=row.gaps,
        )
        for row in conn.execute(across(query, Why.OPERATION))
    ]


def waiting(conn: Connection, now: datetime) -> list[Waiting]:
    """The open waits, by brand, severity and whether they are confirmed."""
    of = (brand.c.name, wait.c.severity, wait.c.confirmed)
    overdue = sa.func.sum(sa.case((wait.c.due_at < now, 1), else_=0))
    query = (
        sa.select(*of, sa.func.count(), overdue)
        .join(brand, brand.c.id == wait.c.brand_id)
        # two-sided: the index of open waits, not of all
        .where(wait.c.ended_at.is_(None), wait.c.due_at.between(EPOCH, NEVER))
        .group_by(*of)
        .order_by(*of)
    )
    return [
        Waiting(
            brand=name,
            severity=Severity(severity),
            confirmed=confirmed,
            number=number,
            overdue=int(late),
        )
        for name, severity, confirmed, number, late in conn.execute(across(query, Why.OPERATION))
    ]


def outbox(conn: Connection, now: datetime) -> Queue:
    """Notices that are due and wait to be sent."""
    query = sa.select(sa.func.count(), sa.func.min(notice.c.due_at))
    query = query.where(_IS_PENDING, notice.c.due_at <= now)
    return Queue(*conn.execute(across(query, Why.OPERATION)).one())


def replies(conn: Connection) -> Mapping[ReplyState, int]:
    """How many answers of ours are in each state."""
    query = sa.select(reply.c.state, sa.func.count()).group_by(reply.c.state)
    found = {
        ReplyState(state): number for state, number in conn.execute(across(query, Why.OPERATION))
    }
    return {one: found.get(one, 0) for one in ReplyState}


def replies_waiting(conn: Connection) -> Queue:
    """Answers of ours that wait to be posted."""
    query = sa.select(sa.func.count(), sa.func.min(reply.c.written_at))
    query = query.where(reply.c.state == ReplyState.PENDING.value)
    return Queue(*conn.execute(across(query, Why.OPERATION)).one())


def judged(conn: Connection, since: datetime, until: datetime) -> int:
    """How many posts the classifier judged in that time."""
    query = sa.select(sa.func.count()).select_from(judgement)
    query = query.where(judgement.c.judged_at.between(since, until))
    return conn.execute(across(query, Why.OPERATION)).scalar_one()


def set_aside(conn: Connection) -> Mapping[str, int]:
    """How many items each stage has set aside."""
    query = sa.select(failure.c.stage, sa.func.count()).group_by(failure.c.stage)
    rows = conn.execute(query.where(failure.c.quarantined_at.is_not(None)))
    return dict(map(tuple, rows))
