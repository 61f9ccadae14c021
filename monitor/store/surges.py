"""How many cases of each topic began when, and which surges were told."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeKind
from monitor.domain.wait import Outcome
from monitor.store.cross_brand import Why, across
from monitor.store.schema import brand, notice, wait


def topics(conn: Connection, brand_id: int, since: datetime, until: datetime) -> Counter[str]:
    """How many cases with waits that began in [since, until) are about each topic, but for dismissed ones."""
    query = sa.select(wait.c.case_id, wait.c.topics).where(
        wait.c.brand_id == brand_id,
        wait.c.started_at >= since,
        wait.c.started_at < until,
        sa.func.coalesce(wait.c.outcome, "") != Outcome.DISMISSED.value,
    )
    pairs = {(row.case_id, one) for row in conn.execute(query) for one in row.topics.split(",")}
    return Counter(one for _, one in pairs if one)


def busy(conn: Connection, since: datetime, until: datetime, fewest: int) -> list[int]:
    """The brands with at least so many waits that began in [since, until)."""
    # brand by brand, in one question: by time alone no index finds them
    number = (
        sa.select(sa.func.count())
        .where(
            wait.c.brand_id == brand.c.id,
            wait.c.started_at >= since,
            wait.c.started_at < until,
        )
        .scalar_subquery()
    )
    query = sa.select(brand.c.id).where(number >= fewest).order_by(brand.c.id)
    return list(conn.scalars(across(query, Why.DUE)))


def was_told(conn: Connection, brand_id: int, audience: str, prefix: str, since: datetime) -> bool:
    """Whether such a surge was told after `since`. `prefix`: of the notices' keys."""
    query = sa.select(notice.c.id).where(
        notice.c.brand_id == brand_id,
        notice.c.audience == audience,
        notice.c.written_at > since,
        notice.c.kind == NoticeKind.SURGE.value,
        notice.c.key.startswith(prefix, autoescape=True),
    )
    return conn.execute(query.limit(1)).one_or_none() is not None
