"""The weekly sample of what was let pass, and what people found in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.correction import Said
from monitor.domain.judgement import Band
from monitor.domain.post import PostKey
from monitor.domain.relevance import Filter
from monitor.domain.sampling import WEEK, Candidate, Part, begin_of, is_of, place
from monitor.store.cross_brand import Why, across
from monitor.store.schema import brand, correction, judgement, mention, post, sample, sample_week


class Waiting(NamedTuple):
    """A post of the sample that nobody has looked at."""

    post_id: int
    week: str
    first_seen_at: datetime


def candidates(conn: Connection, brand_id: int, week: str) -> list[Candidate]:
    """Customers' posts that came in that week and were let pass, with those that the sample found.

    Copies of a case's posts are not among them: their case stands for them.
    """
    begin = begin_of(week)
    rows = conn.execute(
        sa.select(post.c.id, post.c.network, post.c.external_id, judgement.c.complaint)
        .join(mention, (mention.c.post_id == post.c.id) & (mention.c.brand_id == brand_id))
        .join(judgement, judgement.c.post_id == post.c.id)
        .where(
            post.c.first_seen_at >= begin,
            post.c.first_seen_at < begin + WEEK,
            mention.c.own.is_(False),
            mention.c.filtered.is_distinct_from(Filter.ALIKE.value),
            (mention.c.band == Band.PASS.value) | _looked_at(mention),
        )
        .order_by(post.c.id)
    )
    return [Candidate(number, str(PostKey(*key)), score) for number, *key, score in rows]


def write(
    conn: Connection,
    brand_id: int,
    week: str,
    everything: Collection[Candidate],
    drawn: Collection[Candidate],
    closed_at: datetime | None,
) -> None:
    """Keep what was drawn of the week and of how many; `closed_at` says that it is final."""
    conn.execute(sample.delete().where(_is(sample, brand_id, week)))
    conn.execute(sample_week.delete().where(_is(sample_week, brand_id, week)))
    its = {"brand_id": brand_id, "week": week}
    if drawn:
        conn.execute(
            sample.insert(), [{**its, "post_id": one.post_id, "near": one.is_near} for one in drawn]
        )
    conn.execute(
        sample_week.insert(),
        [
            {
                **its,
                "near": near,
                "number": sum(one.is_near is near for one in everything),
                "closed_at": closed_at,
            }
            for near in (True, False)
        ],
    )


def is_closed(conn: Connection, brand_id: int, week: str) -> bool:
    """Whether the week was drawn for good."""
    query = sa.select(sa.func.count()).where(
        _is(sample_week, brand_id, week), sample_week.c.closed_at.is_not(None)
    )
    return bool(conn.scalar(query))


def to_draw(conn: Connection, recent: Collection[str]) -> list[tuple[int, str]]:
    """Brands and weeks: those drawn, but not for good, and of the recent weeks each in which posts came.

    Asked of all brands at once, as there may be thousands.
    """
    drawn = across(sa.select(sample_week.c.brand_id, sample_week.c.week).distinct(), Why.DUE)
    found = {
        (one, week) for one, week in conn.execute(drawn.where(sample_week.c.closed_at.is_(None)))
    }
    final = drawn.where(sample_week.c.closed_at.is_not(None), sample_week.c.week.in_(recent))
    closed = {(one, week) for one, week in conn.execute(final)}
    for week in recent:
        begin = begin_of(week)
        came = (
            sa.select(mention.c.brand_id)
            .join(post, post.c.id == mention.c.post_id)
            .where(post.c.first_seen_at >= begin, post.c.first_seen_at < begin + WEEK)
        )
        found.update((one, week) for one in conn.scalars(across(came.distinct(), Why.DUE)))
    return sorted(found - closed)


def has(conn: Connection, brand_id: int, post_id: int, *, looked_at: bool = False) -> bool:
    """Whether the post is part of a sample, and was looked at in it."""
    its = (sample.c.brand_id == brand_id) & (sample.c.post_id == post_id)
    if looked_at:
        its &= _looked_at(sample)
    return conn.scalar(sa.select(sa.func.count()).where(its)) == 1


def waiting(conn: Connection, brand_id: int) -> list[Waiting]:
    """What nobody has looked at and can be read, the oldest week first, in the order of the draw."""
    rows = conn.execute(
        sa.select(sample, post.c.first_seen_at, post.c.network, post.c.external_id, brand.c.name)
        .join(post, post.c.id == sample.c.post_id)
        .join(brand, brand.c.id == sample.c.brand_id)
        .where(sample.c.brand_id == brand_id, post.c.text.is_not(None), ~_looked_at(sample))
    ).all()

    def drawn(row: sa.Row[Any]) -> tuple[str, bytes]:
        return row.week, place(row.week, row.name, str(PostKey(row.network, row.external_id)))

    return [Waiting(row.post_id, row.week, row.first_seen_at) for row in sorted(rows, key=drawn)]


def parts(
    conn: Connection, brand_id: int, since: datetime, until: datetime, as_of: datetime
) -> list[Part]:
    """The weeks of a period that were drawn for good by `as_of`, and what was said by then.

    A week is of the period in which the greater part of it lies: weeks are drawn in UTC, and the
    period's days are of another zone.
    """
    weeks = conn.execute(
        sa.select(sample_week)
        .where(sample_week.c.brand_id == brand_id, sample_week.c.closed_at <= as_of)
        .order_by(sample_week.c.week, sample_week.c.near)
    )
    said = _said(conn, brand_id, as_of)
    return [
        Part(row.week, row.near, row.number, *said.get((row.week, row.near), (0, 0)))
        for row in weeks
        if is_of(row.week, since, until) and row.number
    ]


def weights(conn: Connection, brand_id: int) -> dict[int, float]:
    """How many posts each one that was looked at speaks for."""
    numbers = {
        (row.week, row.near): row.number
        for row in conn.execute(sa.select(sample_week).where(sample_week.c.brand_id == brand_id))
    }
    looked_at: dict[tuple[str, bool], list[int]] = {}
    rows = conn.execute(
        sa.select(sample.c.week, sample.c.near, sample.c.post_id).where(
            sample.c.brand_id == brand_id, _looked_at(sample)
        )
    )
    for week, near, post_id in rows:
        looked_at.setdefault((week, near), []).append(post_id)
    return {one: numbers[key] / len(ids) for key, ids in looked_at.items() for one in ids}


def held(since: datetime) -> sa.ColumnElement[bool]:
    """Whether a `post` waits in a sample, and not since before then: its words are to be looked at."""
    return sa.exists().where(
        sample.c.post_id == post.c.id, post.c.first_seen_at > since, ~_looked_at(sample)
    )


def _is(table: sa.Table, brand_id: int, week: str) -> sa.ColumnElement[bool]:
    return (table.c.brand_id == brand_id) & (table.c.week == week)


def _looked_at(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        correction.c.brand_id == table.c.brand_id,
        correction.c.post_id == table.c.post_id,
        correction.c.reviewed,
    )


def _said(
    conn: Connection, brand_id: int, as_of: datetime
) -> Mapping[tuple[str, bool], tuple[int, int]]:
    """By week and part: how many posts of the sample were looked at, and how many were complaints."""
    counts: dict[tuple[str, bool], tuple[int, int]] = {}
    for week, near, said in _last_words(conn, brand_id, as_of):
        looked_at, missed = counts.get((week, near), (0, 0))
        counts[week, near] = looked_at + 1, missed + (said is Said.COMPLAINT)
    return counts


def _last_words(
    conn: Connection, brand_id: int, as_of: datetime
) -> Iterator[tuple[str, bool, Said]]:
    rows = conn.execute(
        sa.select(sample.c.post_id, sample.c.week, sample.c.near, correction.c.said)
        .join(
            correction,
            (correction.c.post_id == sample.c.post_id)
            & (correction.c.brand_id == sample.c.brand_id),
        )
        .where(sample.c.brand_id == brand_id, correction.c.reviewed, correction.c.at <= as_of)
        .order_by(correction.c.at, correction.c.id)
    )
    last = {post_id: (week, near, Said(said)) for post_id, week, near, said in rows}
    yield from last.values()
