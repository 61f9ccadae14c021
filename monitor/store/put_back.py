"""A database put back from a back-up: what it does not remember to have told, the people may have heard.

What the copy holds back, and what catching up writes, is marked: it may have been told since the copy
was made, and is looked for before it is told. Keys and times of writing are of no use for that: a
case's number is given out anew. What a notice is *about* stays the same: the post at which the wait began.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeKind
from monitor.store import leases
from monitor.store.cross_brand import Why, across
from monitor.store.leaving import Pending
from monitor.store.schema import brand, coverage, notice, post, reply, wait

TOLD_SINCE = "told_since"
"""The key of a payload that says since when the notice may have been told already."""
_OF_A_WAIT = (NoticeKind.ALERT, NoticeKind.ESCALATION)
_BY_THEIR_KEYS = (NoticeKind.DIGEST, NoticeKind.REPORT, NoticeKind.BACKLOG, NoticeKind.OPERATIONS)
"""Their keys hold days, brands and streams: no number that is given out as things come."""


def told_before(conn: Connection, row: Pending) -> dict[str, Any]:
    """What a notice has to say of that it may have been told already: fields of `Notice`."""
    since = row.payload.get(TOLD_SINCE)
    return {
        "attempted_at": row.attempted_at,
        "about": _about(conn, row),
        "told_since": None if since is None else datetime.fromisoformat(since),
    }


def _about(conn: Connection, row: Pending) -> str:
    """What it tells, by which it is known in every copy of the database; empty: nothing so."""
    if row.kind in _BY_THEIR_KEYS:
        return row.key
    if row.kind not in _OF_A_WAIT or row.case_id is None or row.wait is None:
        return ""
    began = conn.execute(
        sa.select(brand.c.name, post.c.network, post.c.external_id)
        .select_from(wait)
        .join(post, post.c.id == wait.c.first_post_id)
        .join(brand, brand.c.id == wait.c.brand_id)
        .where(wait.c.case_id == row.case_id, wait.c.number == row.wait)
    ).one_or_none()
    if began is None:
        return ""
    said = "\n".join([row.kind.value, *began, row.step or ""])
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def last_moment(conn: Connection) -> datetime | None:
    """When the copy was made, as far as it knows: the last thing that happened in it. None: nothing did.

    Once notices are marked, what they say: catching up goes on.
    """
    pending = sa.select(notice.c.payload).where(leases.is_pending(notice))
    said = conn.scalars(across(pending, Why.OPERATION))
    marked = [one[TOLD_SINCE] for one in said if one and TOLD_SINCE in one]
    if marked:
        return min(map(datetime.fromisoformat, marked))
    latest = (
        sa.func.max(one) for one in (coverage.c.ended_at, post.c.last_seen_at, notice.c.written_at)
    )
    times = [conn.scalar(across(sa.select(one), Why.OPERATION)) for one in latest]
    return max((one for one in times if one is not None), default=None)


def mark(conn: Connection, since: datetime) -> int:
    """Let all that is to leave be looked for first, as it may have left since then. How many those are."""
    columns = (notice.c.id, notice.c.attempted_at, notice.c.payload)
    pending = sa.select(*columns).where(leases.is_pending(notice))
    found = conn.execute(across(pending, Why.OPERATION)).all()
    for one in found:
        said = {TOLD_SINCE: since.isoformat(), **(one.payload or {})}
        conn.execute(
            notice.update()
            .where(notice.c.id == one.id)
            .values(attempted_at=one.attempted_at or since, payload=said, **leases.FREE)
        )
    of_replies = leases.is_pending(reply) & reply.c.attempted_at.is_(None)
    marked = reply.update().where(of_replies).values(attempted_at=since, tried_at=since)
    conn.execute(across(marked, Why.OPERATION))
    return len(found)
