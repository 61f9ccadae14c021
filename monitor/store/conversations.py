"""What was said in the thread of a case, for people to read. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.schema import author, case_post, cases, mention, post

MOST = 100
"""Posts that are shown; of a longer thread those of the case, the customer and the brand come first."""


# the questions are put together once: that takes longer than a database does to answer them
_case_id: sa.BindParameter[int] = sa.bindparam("case_id")
_CASE = sa.select(cases.c.brand_id, cases.c.network, cases.c.thread, cases.c.customer).where(
    cases.c.id == _case_id
)
_is_of_case = sa.exists().where(case_post.c.case_id == _case_id, case_post.c.post_id == post.c.id)
_is_theirs = sa.cast(post.c.author_id, sa.Text) == sa.bindparam("customer")
_POSTS = (
    sa.select(
        post.c.id,
        author.c.handle,
        author.c.name,
        mention.c.own,
        mention.c.automatic,
        _is_of_case.label("is_of_case"),
        post.c.title,
        post.c.text,
        post.c.url,
        post.c.rating,
        post.c.posted_at,
        post.c.edited_at,
        post.c.gone_at,
    )
    .join(
        mention,
        (mention.c.post_id == post.c.id) & (mention.c.brand_id == sa.bindparam("brand_id")),
    )
    .outerjoin(author, author.c.id == post.c.author_id)
    .where(post.c.network == sa.bindparam("network"), post.c.thread == sa.bindparam("thread"))
)
_matters = sa.case((_is_of_case | _is_theirs | mention.c.own, 0), else_=1)
_FIRST = _POSTS.order_by(_matters, post.c.posted_at.desc(), post.c.id.desc()).limit(MOST)
_COUNT = sa.select(sa.func.count()).select_from(_POSTS.subquery())


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One post of the thread."""

    post_id: int
    author: str | None
    is_ours: bool
    is_automatic: bool
    is_of_case: bool
    title: str | None
    text: str | None
    """None: it was purged."""
    url: str | None
    rating: float | None
    posted_at: datetime
    edited_at: datetime | None
    gone_at: datetime | None


def of_case(conn: Connection, case_id: int) -> tuple[list[Said], int]:
    """What was said, the oldest first, and how many posts more there are in the thread."""
    case = conn.execute(_CASE, {"case_id": case_id}).mappings().one()
    its = {"case_id": case_id, **case}
    rows = conn.execute(_FIRST, its).all()
    others = 0
    if len(rows) == MOST:
        others = (conn.scalar(_COUNT, its) or 0) - MOST
    return sorted(map(_said, rows), key=lambda one: (one.posted_at, one.post_id)), others


def _said(row: Any) -> Said:
    return Said(
        post_id=row.id,
        author=f"@{row.handle.lstrip('@')}" if row.handle else row.name,
        is_ours=row.own,
        is_automatic=row.automatic,
        is_of_case=bool(row.is_of_case),
        title=row.title,
        text=row.text,
        url=row.url,
        rating=row.rating,
        posted_at=row.posted_at,
        edited_at=row.edited_at,
        gone_at=row.gone_at,
    )
