"""What a card shows of a case, gathered from the rows at the moment of sending.

Notices hold ids only, so an erased text is not in a notice that was written before and sent after.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.case import Case
from monitor.domain.event import Acknowledged, AnsweredElsewhere
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import CaseCard, EarlierCase
from monitor.domain.policy import rule_from
from monitor.domain.post import StreamKind
from monitor.domain.wait import Outcome
from monitor.store import copies
from monitor.store.brands import NEVER
from monitor.store.cases import load, notes
from monitor.store.schema import (
    author,
    brand,
    case_post,
    cases,
    mention,
    post,
    rule,
    sighting,
    stream,
    stream_brand,
    wait,
)

_ANSWERED = (Outcome.ANSWERED.value, Outcome.ANSWERED_ELSEWHERE.value)
_EARLIER = 5
"""Cases that are named; of more of them the number is told."""
_SHOW_ANSWERS = (StreamKind.OWN.value, StreamKind.ALL.value)

# the questions are put together once: that takes longer than a database does to answer them
_case_id: sa.BindParameter[int] = sa.bindparam("case_id")
_brand_id: sa.BindParameter[int] = sa.bindparam("brand_id")
_post_id: sa.BindParameter[int] = sa.bindparam("post_id")
_CASE = (
    sa.select(cases, brand.c.name.label("brand"))
    .join(brand, brand.c.id == cases.c.brand_id)
    .where(cases.c.id == _case_id)
)
_WAIT = (
    sa.select(wait)
    .where(wait.c.case_id == _case_id)
    .order_by(wait.c.number != sa.bindparam("number"), wait.c.number.desc())
    .limit(1)
)
_RULE = sa.select(rule.c.snapshot).where(rule.c.digest == sa.bindparam("digest"))
_RULE_OF_WAIT = (
    sa.select(rule.c.snapshot)
    .join(wait, wait.c.rule == rule.c.digest)
    .where(wait.c.case_id == _case_id, wait.c.number == sa.bindparam("number"))
)
_is_first = post.c.id == sa.bindparam("first_post_id")
_THAT_STANDS = (
    sa.select(post.c.id)
    .join(case_post, case_post.c.post_id == post.c.id)
    .join(mention, mention.c.post_id == post.c.id)
    .where(
        case_post.c.case_id == _case_id,
        mention.c.brand_id == _brand_id,
        mention.c.own.is_(False),
        post.c.gone_at.is_(None),
        sa.or_(_is_first, post.c.posted_at > sa.bindparam("started_at")),
        post.c.posted_at <= sa.bindparam("ended_at"),
    )
    .order_by(~_is_first, post.c.posted_at, post.c.id)
    .limit(1)
)
_POST = (
    sa.select(
        post,
        author.c.handle,
        author.c.name.label("author_name"),
        author.c.followers,
        mention.c.reason,
    )
    .outerjoin(author, author.c.id == post.c.author_id)
    .outerjoin(mention, (mention.c.post_id == post.c.id) & (mention.c.brand_id == _brand_id))
    .where(post.c.id == _post_id)
)
_TEXT = sa.select(post.c.text).where(post.c.id == _post_id)
_brought_it = sa.exists().where(
    sighting.c.brand_id == _brand_id,
    sighting.c.post_id == _post_id,
    sighting.c.stream_id == stream.c.id,
)
_LOOKED = (
    sa.select(stream.c.polled_at)
    .join(stream_brand, stream_brand.c.stream_id == stream.c.id)
    .where(
        stream_brand.c.brand_id == _brand_id,
        stream.c.kind.in_(_SHOW_ANSWERS),
        sa.or_(stream.c.network == sa.bindparam("network"), _brought_it),
    )
)
_theirs = sa.and_(
    cases.c.brand_id == _brand_id,
    cases.c.customer == sa.bindparam("customer"),
    cases.c.network == sa.bindparam("network"),
    cases.c.id < _case_id,
    cases.c.merged_into.is_(None),
)
_EARLIER_CASES = (
    sa.select(cases.c.id, cases.c.opened_at, cases.c.status)
    .where(_theirs)
    .order_by(cases.c.id.desc())
    .limit(_EARLIER)
)
_EARLIER_COUNT = sa.select(sa.func.count()).select_from(cases).where(_theirs)


def card(
    conn: Connection, case_id: int, now: datetime, step: str | None, wait_number: int | None = None
) -> CaseCard:
    """The case as it stands. `wait_number`: as seen from that wait; else from the newest one."""
    case = conn.execute(_CASE, {"case_id": case_id}).one()
    one = _wait(conn, case_id, wait_number)
    first = one.first_post_id if one else case.root_post_id
    shown = _post(conn, case.brand_id, _that_stands(conn, case, one) or first)
    folded = load(conn, case_id)
    said = notes(conn, folded.records)
    earlier, earlier_count = _earlier(conn, case)
    is_open = one is not None and one.ended_at is None
    was_answered = one is not None and one.outcome in _ANSWERED
    return CaseCard(
        case_id=case_id,
        brand=case.brand,
        network=case.network,
        status=case.status,
        band=Band.REVIEW if one and not one.confirmed else Band.ALERT,
        severity=Severity(one.severity if one else case.severity),
        topics=tuple(one.topics.split(",")) if one and one.topics else (),
        why=shown.reason or "",
        author=f"@{shown.handle.lstrip('@')}" if shown.handle else shown.author_name,
        followers=shown.followers,
        title=shown.title,
        text=shown.text,
        lang=shown.lang,
        rating=shown.rating,
        url=shown.url,
        posted_at=shown.posted_at,
        first_seen_at=shown.first_seen_at,
        due_at=one.due_at if one else None,
        waited=(one.ended_at or now) - one.started_at if one else None,
        answered_at=one.ended_at if one and was_answered else None,
        answer_text=_answer_text(conn, one, folded, said) if one else None,
        owner=case.owner,
        level=case.level,
        step=step,
        no_answer_seen_as_of=_read_through(conn, case, shown.id) if is_open else None,
        policy=_policy(conn, one.rule) if one else "",
        claimed=case.claimed,
        seen_by=_seen_by(folded),
        seen_until=folded.acknowledged_until,
        snoozed_until=folded.snoozed_until,
        answer_channel=one.channel if one and was_answered else None,
        earlier=earlier,
        earlier_count=earlier_count,
        contact=_contact(folded, said),
        alike=len(copies.of_case(conn, case_id)),
    )


def named(
    conn: Connection, case_id: int, wait_number: int | None, step: str | None
) -> tuple[str, ...]:
    """The people whom the wait's rule names: for a step, a repeat of it (`step#2`), or the card."""
    snapshot = conn.scalar(_RULE_OF_WAIT, {"case_id": case_id, "number": wait_number})
    if snapshot is None:
        return ()
    frozen = rule_from(snapshot)
    if step is None:
        return frozen.mentions
    its_own = (one for one in frozen.steps if step == one.name or step.startswith(f"{one.name}#"))
    return next((one.mentions for one in its_own), ())


def _wait(conn: Connection, case_id: int, number: int | None) -> sa.Row[Any] | None:
    """The numbered wait, or the newest: the number's facts may have become another wait's since."""
    # there is no wait 0: then the newest comes first
    return conn.execute(_WAIT, {"case_id": case_id, "number": number or 0}).one_or_none()


def _that_stands(conn: Connection, case: sa.Row[Any], one: sa.Row[Any] | None) -> int | None:
    """The first of the wait's posts that the customer has not deleted."""
    if one is None:
        return None
    its = {
        "case_id": case.id,
        "brand_id": case.brand_id,
        "first_post_id": one.first_post_id,
        "started_at": one.started_at,
        "ended_at": one.ended_at or NEVER,
    }
    return conn.scalar(_THAT_STANDS, its)


def _post(conn: Connection, brand_id: int, post_id: int) -> sa.Row[Any]:
    return conn.execute(_POST, {"brand_id": brand_id, "post_id": post_id}).one()


def _read_through(conn: Connection, case: sa.Row[Any], post_id: int) -> datetime | None:
    """Until when the places where an answer would show were read; None if one never was."""
    its = {"brand_id": case.brand_id, "network": case.network, "post_id": post_id}
    looked = list(conn.scalars(_LOOKED, its))
    return None if None in looked else min(looked, default=None)


def _policy(conn: Connection, digest: str) -> str:
    snapshot = conn.scalar(_RULE, {"digest": digest})
    return "" if snapshot is None else rule_from(snapshot).name


def _earlier(conn: Connection, case: sa.Row[Any]) -> tuple[tuple[EarlierCase, ...], int]:
    """The customer's other cases on that network that are older, and how many there are."""
    whose = {
        "brand_id": case.brand_id,
        "customer": case.customer,
        "network": case.network,
        "case_id": case.id,
    }
    rows = conn.execute(_EARLIER_CASES, whose).all()
    count = len(rows)
    if count == _EARLIER:
        count = conn.scalar(_EARLIER_COUNT, whose) or 0
    return tuple(EarlierCase(*row) for row in rows), count


def _answer_text(
    conn: Connection, one: sa.Row[Any], case: Case, said: Mapping[int, str]
) -> str | None:
    """What ended the wait: the words on the network, or the note of an answer in another place."""
    if one.channel:
        return _noted(case, said)
    if one.answer_post_id is None:
        return None
    return conn.scalar(_TEXT, {"post_id": one.answer_post_id})


def _noted(case: Case, said: Mapping[int, str]) -> str | None:
    """What staff wrote of their latest answer in another place."""
    told = (one.event for one in reversed(case.records))
    latest = next((one for one in told if isinstance(one, AnsweredElsewhere)), None)
    return said.get(latest.note) if latest and latest.note is not None else None


def _seen_by(case: Case) -> str | None:
    if case.acknowledged_until is None:
        return None
    people = (one.by for one in reversed(case.records) if isinstance(one.event, Acknowledged))
    return next(people, None)


def _contact(case: Case, said: Mapping[int, str]) -> str | None:
    if case.contact is None:
        return None
    address = said.get(case.contact.note)
    return f"{case.contact.channel}: {address}" if address else case.contact.channel.value
