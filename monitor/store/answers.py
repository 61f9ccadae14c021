"""What is known of the brand's answers: what the streams brought of them, and what people are told.

The rows that wait to be posted are worked off by `replies`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.policy import rule_from
from monitor.domain.post import PostKey
from monitor.domain.reply import SKEW, Outgoing, ReplyState
from monitor.store import outbox
from monitor.store.replies import Pending
from monitor.store.schema import mention, note, post, reply, rule, sighting, stream, wait

_LIVE = (ReplyState.PENDING, ReplyState.ASKED)
_ours = post.alias("ours")
_SHOWN = (
    sa.select(
        reply,
        note.c.text,
        post.c.network,
        post.c.url.label("to_url"),
        _ours.c.url.label("url"),
    )
    .join(post, post.c.id == reply.c.post_id)
    .outerjoin(note, note.c.id == reply.c.note)
    .outerjoin(_ours, _ours.c.id == reply.c.sent_post_id)
)
_OF_CASE = _SHOWN.where(reply.c.case_id == sa.bindparam("case_id")).order_by(reply.c.id)


def answer_since(conn: Connection, one: Pending, *, automatic: bool = False) -> int | None:
    """The brand's own post under the one answered, if a stream brought one since the attempt.

    A machine's only if the answer itself is `automatic` by its words.
    """
    since = one.tried_at or one.written_at
    ids = [one.to.key.external_id, one.to.reply_token or one.to.key.external_id]
    query = (
        sa.select(post.c.id)
        .join(mention, mention.c.post_id == post.c.id)
        .where(
            post.c.network == one.to.key.network,
            post.c.thread == one.to.thread,
            post.c.reply_to.in_(ids),
            post.c.gone_at.is_(None),
            post.c.posted_at >= since - SKEW,
            post.c.first_seen_at >= since,
            mention.c.brand_id == one.brand_id,
            mention.c.own,
            sa.true() if automatic else ~mention.c.automatic,
        )
        .order_by(post.c.posted_at, post.c.id)
        .limit(1)
    )
    return conn.scalar(query)


def stored(conn: Connection, key: PostKey) -> tuple[int, datetime] | None:
    """A post's number, and when it was first seen."""
    row = conn.execute(
        sa.select(post.c.id, post.c.first_seen_at).where(
            post.c.network == key.network, post.c.external_id == key.external_id
        )
    ).one_or_none()
    return None if row is None else (row.id, row.first_seen_at)


def brought_by(conn: Connection, brand_id: int, post_id: int) -> set[str]:
    """The sources that brought a post."""
    query = (
        sa.select(stream.c.source)
        .join(sighting, sighting.c.stream_id == stream.c.id)
        .where(sighting.c.brand_id == brand_id, sighting.c.post_id == post_id)
    )
    return set(conn.scalars(query))


# ----------------------------------------------------------------------------------- for people


def of_case(conn: Connection, case_id: int) -> list[Outgoing]:
    """The answers to a case, in the order of writing."""
    return [_outgoing(row) for row in conn.execute(_OF_CASE, {"case_id": case_id})]


def shown(conn: Connection, number: int) -> Outgoing | None:
    """One answer."""
    row = conn.execute(_SHOWN.where(reply.c.id == number)).one_or_none()
    return None if row is None else _outgoing(row)


def live(answers: Iterable[Outgoing]) -> Outgoing | None:
    """The one that is under way, or that people were asked about."""
    return next((one for one in answers if one.state in _LIVE), None)


def tell(conn: Connection, number: int, reason: Reason, now: datetime) -> None:
    """Say what became of an answer to those who have the case's card, else to whom it would go.

    Once an attempt and reason; of its being late once.
    """
    one = conn.execute(sa.select(reply).where(reply.c.id == number)).one()
    audience = outbox.card_audience(conn, one.case_id) or _audience(conn, one.case_id, one.wait)
    when = "" if reason is Reason.REPLY_DELAYED else f":{one.attempts}"
    key = f"{NoticeKind.REPLY}:{number}:{reason}{when}"
    planned = Planned(key, NoticeKind.REPLY, audience, reason, due_at=now, wait=one.wait)
    outbox.write(
        conn,
        [planned],
        brand_id=one.brand_id,
        case_id=one.case_id,
        now=now,
        payload={"reply": number},
    )


def _audience(conn: Connection, case_id: int, wait_number: int) -> str:
    """That of the rule of the wait, or of any other of the case if that wait is no more; else anybody's."""
    query = (
        sa.select(rule.c.snapshot)
        .join(wait, wait.c.rule == rule.c.digest)
        .where(wait.c.case_id == case_id)
        .order_by(wait.c.number != wait_number)
        .limit(1)
    )
    snapshot = conn.scalar(query)
    return "" if snapshot is None else rule_from(snapshot).audience


def _outgoing(row: sa.Row[Any]) -> Outgoing:
    return Outgoing(
        number=row.id,
        case_id=row.case_id,
        wait=row.wait,
        post=row.post_id,
        to_url=row.to_url,
        network=row.network,
        source=row.source,
        by=row.by,
        text=row.text,
        state=ReplyState(row.state),
        reason=Reason(row.reason) if row.reason else None,
        problem=row.problem,
        written_at=row.written_at,
        tried_at=row.tried_at,
        attempts=row.attempts,
        sent_at=row.sent_at,
        url=row.url,
    )
