"""Who did what to which case, the newest first: what people did, not what the stages recorded. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.event import STAFF, Answered, Record, Undone
from monitor.store.codec import decode
from monitor.store.cross_brand import Why, across
from monitor.store.schema import case_event, cases

_STAGES = ("triage", "settle", "escalate", "refresh")
"""What these record is nobody's doing."""
_KINDS = sorted(one.__name__ for one in (*STAFF, Answered, Undone))


class Doing(NamedTuple):
    """One thing that somebody did."""

    case_id: int
    brand_id: int
    record: Record


class Place(NamedTuple):
    """Where a page ends."""

    recorded_at: datetime
    case_id: int
    seq: int


def latest(
    conn: Connection, limit: int, *, by: str | None = None, before: Place | None = None
) -> list[Doing]:
    """The newest; `by`: of one person; `before` goes on from a place."""
    at, case, seq = case_event.c.recorded_at, case_event.c.case_id, case_event.c.seq
    query = (
        sa.select(case_event, cases.c.brand_id)
        .join(cases, cases.c.id == case)
        .where(case_event.c.kind.in_(_KINDS), case_event.c.by.not_in(_STAGES))
        .order_by(at.desc(), case.desc(), seq.desc())
        .limit(limit)
    )
    if by is not None:
        query = query.where(case_event.c.by == by)
    if before is not None:
        same = (at == before.recorded_at) & (
            (case < before.case_id) | ((case == before.case_id) & (seq < before.seq))
        )
        query = query.where(at <= before.recorded_at, (at < before.recorded_at) | same)
    return [
        Doing(
            row.case_id,
            row.brand_id,
            Record(row.seq, row.at, row.recorded_at, row.by, decode(row.kind, row.data)),
        )
        for row in conn.execute(across(query, Why.SHOWN))
    ]
