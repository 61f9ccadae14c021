"""Posts that a rule of relevance set aside: kept, counted, and found again with the rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.judgement import Band
from monitor.domain.notice import SetAside
from monitor.domain.post import StreamKind
from monitor.domain.relevance import Filter
from monitor.store.cross_brand import Why, across
from monitor.store.mentions import TRIAGE, Mention
from monitor.store.schema import (
    alike,
    author,
    brand,
    case_post,
    cases,
    mention,
    post,
    sighting,
    stream,
)

_IS_FILTERED = sa.text("filtered IS NOT NULL")
"""The partial index's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A post that was set aside: by which rule, why, and what it would be without."""

    post: int
    brand: str
    network: str
    external_id: str
    url: str | None
    author: str | None
    text: str | None
    """None: purged."""
    seen_at: datetime
    rule: str
    reason: str
    would_be: str
    case: int | None
    """Of a copy: the case that it is linked to."""


def is_ours(conn: Connection, one: Mention) -> bool:
    """Whether the post stands in a conversation of the brand, or of a customer who has a case there."""
    in_thread = (post.c.network == one.post.key.network) & (post.c.thread == one.post.thread)
    own = sa.exists().where(
        in_thread, mention.c.post_id == post.c.id, mention.c.brand_id == one.brand_id, mention.c.own
    )
    case = sa.exists().where(
        cases.c.brand_id == one.brand_id,
        cases.c.network == one.post.key.network,
        cases.c.thread == one.post.thread,
        cases.c.customer == one.customer,
    )
    part = sa.exists().where(
        case_post.c.post_id == one.post_id,
        cases.c.id == case_post.c.case_id,
        cases.c.brand_id == one.brand_id,
    )
    return bool(conn.scalar(sa.select(own | case | part)))


def names_us(conn: Connection, one: Mention) -> bool:
    """Whether the network itself brought the post as one that names the brand's account."""
    by = (sighting.c.brand_id == one.brand_id) & (sighting.c.post_id == one.post_id)
    query = sa.exists().where(
        by, stream.c.id == sighting.c.stream_id, stream.c.kind == StreamKind.MENTIONS.value
    )
    return bool(conn.scalar(sa.select(query)))


def mark(conn: Connection, one: Mention, rule: Filter, would_be: Band) -> None:
    """Note by which rule the post was set aside, and what it would be without."""
    conn.execute(
        mention.update()
        .where(mention.c.brand_id == one.brand_id, mention.c.post_id == one.post_id)
        .values(filtered=rule.value, would_be=would_be.value)
    )


def reconsider(conn: Connection, brand_id: int, network: str, thread: str) -> None:
    """The conversation turned out to be with the brand: what was set aside in it is decided on anew."""
    here = sa.select(post.c.id).where(
        post.c.network == network, post.c.thread == thread, post.c.text.is_not(None)
    )
    conn.execute(
        mention.update()
        .where(mention.c.brand_id == brand_id, mention.c.post_id.in_(here), _IS_FILTERED)
        .where(mention.c.filtered != Filter.ALIKE.value, mention.c.next.is_(None))
        .values(next=TRIAGE)
    )


def counts(conn: Connection, brand_id: int, since: datetime, until: datetime) -> list[SetAside]:
    """Of the posts that came in that time: by rule how many were set aside, and how many of them ask."""
    asks = sa.case((mention.c.would_be != Band.PASS.value, 1), else_=0)
    rows = conn.execute(
        sa.select(mention.c.filtered, sa.func.count(), sa.func.sum(asks))
        .join(post, post.c.id == mention.c.post_id)
        # `+ 0`: through the index of what was set aside, not through all of the brand
        .where(_IS_FILTERED, mention.c.brand_id + 0 == brand_id)
        .where(post.c.first_seen_at.between(since, until))
        .group_by(mention.c.filtered)
        .order_by(mention.c.filtered)
    )
    return [SetAside(rule, int(number), int(asking)) for rule, number, asking in rows]


def listed(
    conn: Connection,
    since: datetime,
    *,
    brand_id: int | None = None,
    rule: str | None = None,
) -> list[Found]:
    """What was set aside of what came since then, the latest first."""
    query = (
        sa.select(mention, post, brand.c.name.label("brand"), author.c.handle, author.c.name)
        .join(post, post.c.id == mention.c.post_id)
        .join(brand, brand.c.id == mention.c.brand_id)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(_IS_FILTERED, post.c.first_seen_at >= since)
        .order_by(post.c.id.desc(), brand.c.name)
    )
    if brand_id is not None:
        query = query.where(mention.c.brand_id == brand_id)
    if rule is not None:
        query = query.where(mention.c.filtered == rule)
    linked = _cases(conn, brand_id)
    return [
        Found(
            post=row.id,
            brand=row.brand,
            network=row.network,
            external_id=row.external_id,
            url=row.url,
            author=row.handle or row.name,
            text=row.text,
            seen_at=row.first_seen_at,
            rule=row.filtered,
            reason=row.reason,
            would_be=row.would_be,
            case=linked.get((row.brand_id, row.id)),
        )
        for row in conn.execute(across(query, Why.SHOWN))
    ]


def _cases(conn: Connection, brand_id: int | None) -> dict[tuple[int, int], int]:
    """The case of each copy, of one brand or of all."""
    query = (
        sa.select(alike.c.brand_id, alike.c.post_id, case_post.c.case_id)
        .join(case_post, case_post.c.post_id == alike.c.first_id)
        .join(cases, (cases.c.id == case_post.c.case_id) & (cases.c.brand_id == alike.c.brand_id))
    )
    if brand_id is not None:
        query = query.where(alike.c.brand_id == brand_id)
    rows = conn.execute(across(query, Why.SHOWN))
    return {(brand_id, post_id): case_id for brand_id, post_id, case_id in rows}
