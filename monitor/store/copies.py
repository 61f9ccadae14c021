"""Copies of complaints: found by their signatures, linked to the first, and given back when that one goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.case import Status
from monitor.domain.likeness import (
    LEAST_ALIKE,
    WITHIN,
    Signature,
    alike,
    bands,
    is_copy,
    numbers,
    signature,
    words,
)
from monitor.domain.relevance import Filter
from monitor.store import bulk, outbox
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.mentions import TRIAGE, Mention
from monitor.store.schema import alike as links
from monitor.store.schema import case_post, cases, likeness, likeness_band, mention, post

_OF_CASE = (
    sa.select(links.c.post_id)
    .join(case_post, case_post.c.post_id == links.c.first_id)
    .join(cases, (cases.c.id == case_post.c.case_id) & (cases.c.brand_id == links.c.brand_id))
    .join(post, post.c.id == links.c.post_id)
    .where(case_post.c.case_id == sa.bindparam("case_id"), post.c.gone_at.is_(None))
    .order_by(links.c.post_id)
)


def first_of(conn: Connection, one: Mention) -> tuple[int, int] | None:
    """The open case, and the post in it, whose words this post repeats; the earliest of several.

    Of another author only a longer text is a copy, and only if it has the same numbers in it.
    """
    said = words(f"{one.post.title or ''}\n{one.post.text}")
    if not is_copy(len(said), same_author=True):
        return None
    its, at = signature(said), one.post.posted_at
    here = likeness_band.c.brand_id == one.brand_id
    shared = sa.select(likeness_band.c.post_id).where(
        here, among(conn, likeness_band.c.band, bands(its))
    )
    rows = conn.execute(
        sa.select(likeness, case_post.c.case_id)
        .join(case_post, case_post.c.post_id == likeness.c.post_id)
        .join(cases, (cases.c.id == case_post.c.case_id) & (cases.c.brand_id == one.brand_id))
        .join(post, post.c.id == likeness.c.post_id)
        .where(likeness.c.brand_id == one.brand_id, likeness.c.post_id.in_(shared))
        .where(likeness.c.posted_at.between(at - WITHIN, at + WITHIN))
        .where(likeness.c.post_id != one.post_id, post.c.gone_at.is_(None))
        .where(cases.c.status == Status.OPEN.value)
        .order_by(likeness.c.posted_at, likeness.c.post_id)
    )
    for row in rows:
        same_author = row.customer == one.customer
        if not same_author and row.numbers != numbers(said):
            continue
        if not is_copy(len(said), same_author=same_author):
            continue
        if alike(its, _signature(row.signature)) >= LEAST_ALIKE:
            return row.case_id, row.post_id
    return None


def remember(conn: Connection, one: Mention) -> None:
    """A case opened with this post: what comes within two days is compared with it."""
    forget(conn, [one.post_id], brand_id=one.brand_id)
    said = words(f"{one.post.title or ''}\n{one.post.text}")
    its = signature(said)
    row = {"brand_id": one.brand_id, "post_id": one.post_id}
    told = {"posted_at": one.post.posted_at, "customer": one.customer, "numbers": numbers(said)}
    conn.execute(likeness.insert().values(**row, **told, signature=_text(its)))
    bulk.insert(conn, likeness_band, [{**row, "band": band} for band in sorted(set(bands(its)))])


def link(conn: Connection, one: Mention, case_id: int, first_id: int, now: datetime) -> None:
    """The post is a copy of that one; the card of its case says how many there are."""
    key = {"brand_id": one.brand_id, "post_id": one.post_id}
    bulk.insert_missing(conn, links, [{**key, "first_id": first_id}])
    number = len(of_case(conn, case_id))
    seq = f"alike-{one.post_id}-{number}"
    outbox.write_update(conn, brand_id=one.brand_id, case_id=case_id, seq=seq, now=now)


def unlink(conn: Connection, one: Mention) -> None:
    """The post is judged anew: it may say something else now."""
    conn.execute(
        links.delete().where(links.c.brand_id == one.brand_id, links.c.post_id == one.post_id)
    )


def of_case(conn: Connection, case_id: int) -> list[int]:
    """The copies of a case's posts, in the order of their coming."""
    return list(conn.scalars(_OF_CASE, {"case_id": case_id}))


def case_of(conn: Connection, one: Mention) -> int | None:
    """The case that a copy is linked to; None: the post is no copy."""
    query = (
        sa.select(case_post.c.case_id)
        .join(links, links.c.first_id == case_post.c.post_id)
        .join(cases, (cases.c.id == case_post.c.case_id) & (cases.c.brand_id == links.c.brand_id))
        .where(links.c.brand_id == one.brand_id, links.c.post_id == one.post_id)
        .where(cases.c.merged_into.is_(None))
        .order_by(case_post.c.case_id)
    )
    return conn.scalars(query).first() if one.filtered == Filter.ALIKE else None


def give_back(conn: Connection, gone: Collection[int]) -> None:
    """These posts go: their copies stand for themselves, and are decided on anew."""
    copies = sa.select(links.c.brand_id, links.c.post_id).where(among(conn, links.c.first_id, gone))
    for brand_id, post_id in conn.execute(across(copies, Why.ONE_POST)).all():
        its = (mention.c.brand_id == brand_id) & (mention.c.post_id == post_id)
        waits = its & (mention.c.filtered == Filter.ALIKE.value)
        conn.execute(mention.update().where(waits).values(next=TRIAGE))
    for column in (links.c.first_id, links.c.post_id):
        conn.execute(across(links.delete().where(among(conn, column, gone)), Why.ONE_POST))
    forget(conn, gone)


def forget(conn: Connection, ids: Collection[int], *, brand_id: int | None = None) -> None:
    """Forget what these posts say."""
    for table in (likeness_band, likeness):
        where = among(conn, table.c.post_id, ids)
        if brand_id is not None:
            where &= table.c.brand_id == brand_id
        conn.execute(across(table.delete().where(where), Why.ONE_POST))


def forget_before(conn: Connection, at: datetime) -> None:
    """Forget what posts said that are too old to be compared with."""
    old = sa.select(likeness.c.post_id).where(likeness.c.posted_at < at)
    bands = likeness_band.delete().where(likeness_band.c.post_id.in_(old))
    for one in (bands, likeness.delete().where(likeness.c.posted_at < at)):
        conn.execute(across(one, Why.TOO_OLD))


def _text(of: Signature) -> str:
    return "".join(f"{one:08x}" for one in of)


def _signature(text: str) -> Signature:
    return tuple(int(text[at : at + 8], 16) for at in range(0, len(text), 8))
