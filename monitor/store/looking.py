"""Posts whose words are kept and whose network can be asked whether they still stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.case import Status
from monitor.domain.keeping import Keep
from monitor.domain.post import PostKey
from monitor.store.bulk import among
from monitor.store.columns import EPOCH
from monitor.store.cross_brand import Why, across
from monitor.store.schema import case_post, cases, mention, post, sighting, stream, unnamed

COLUMNS = ("looked_up_at", "asking_until", "look_again_at", "in_vain_since")
"""What is known of looking a post up; all NULL: nobody does."""


class Asked(NamedTuple):
    """A post that is being looked up. `seen_at` is when it was last seen to stand."""

    id: int
    key: PostKey
    seen_at: datetime


class Place(NamedTuple):
    """A source that brought a post, and by which stream."""

    source: str
    stream: int


def due(conn: Connection, now: datetime, every: timedelta, limit: int) -> list[int]:
    """Posts to be looked up: those of open cases first, then what was not for the longest time."""
    query = (
        sa.select(post.c.id)
        .where(_is_due(now, every))
        .order_by(of_open_case().desc(), post.c.looked_up_at, post.c.id)
        .limit(limit)
    )
    return list(conn.scalars(across(query, Why.DUE)))


def of_open_case() -> sa.ColumnElement[bool]:
    """Whether a case that the post is part of is open."""
    return sa.exists().where(
        case_post.c.post_id == post.c.id,
        cases.c.id == case_post.c.case_id,
        cases.c.status == Status.OPEN.value,
    )


def in_vain(now: datetime, keep: Keep) -> sa.ColumnElement[bool]:
    """Whether the network did not confirm a post for too long, though it was asked.

    That is said only while the post rests after an answer: when it is time to ask again, or somebody
    is asking right now (after days without power, say), the network has the word.
    """
    return (
        post.c.looked_up_at.between(EPOCH, now - keep.without_look_up)
        & post.c.in_vain_since.between(EPOCH, now - keep.in_vain)
        & _lies_ahead(post.c.look_again_at, now, keep.look_up_every)
    )


def _is_due(now: datetime, every: timedelta) -> sa.ColumnElement[bool]:
    """What lies in the future was written by a clock that has since been set back: no evidence."""
    then = post.c.looked_up_at
    long_ago = then.between(EPOCH, now - every) | (then > now)
    rests = _lies_ahead(post.c.look_again_at, now, every)
    is_asked = _lies_ahead(post.c.asking_until, now, every)
    return sa.and_(then.is_not(None), long_ago, ~rests, ~is_asked)


def _lies_ahead(
    column: sa.Column[datetime], now: datetime, at_most: timedelta
) -> sa.ColumnElement[bool]:
    return column.is_not(None) & (column > now) & (column <= now + at_most)


def places(conn: Connection, ids: Collection[int], sources: Collection[str]) -> dict[int, Place]:
    """By which of these sources the posts came; a post that none of them brought is left out."""
    ours = stream.c.source.in_(sorted(sources))
    named = (
        sa.select(sighting.c.post_id, stream.c.source, stream.c.id.label("stream_id"))
        .join(stream, stream.c.id == sighting.c.stream_id)
        .join(
            mention,
            (mention.c.brand_id == sighting.c.brand_id) & (mention.c.post_id == sighting.c.post_id),
        )
        .where(among(conn, mention.c.post_id, ids), ours)
    )
    nameless = (
        sa.select(unnamed.c.post_id, stream.c.source, stream.c.id.label("stream_id"))
        .join(stream, stream.c.id == unnamed.c.stream_id)
        .where(among(conn, unnamed.c.post_id, ids), ours)
    )
    found: dict[int, Place] = {}
    for row in [*conn.execute(across(named, Why.ONE_POST)), *conn.execute(nameless)]:
        place = Place(row.source, row.stream_id)
        found[row.post_id] = min(place, found.get(row.post_id, place))
    return found


def claim(
    conn: Connection, ids: Collection[int], now: datetime, every: timedelta, lease: timedelta
) -> list[Asked]:
    """Those of the posts that are still due; nobody else asks for them before the lease ends."""
    then = sa.case((post.c.looked_up_at > now, now), else_=post.c.looked_up_at)
    rows = conn.execute(
        post.update()
        .where(among(conn, post.c.id, ids), _is_due(now, every))
        .values(asking_until=now + lease, look_again_at=None, looked_up_at=then)
        .returning(post.c.id, post.c.network, post.c.external_id, post.c.last_seen_at)
    )
    return sorted(
        Asked(number, PostKey(network, external_id), seen_at)
        for number, network, external_id, seen_at in rows
    )


def stand(conn: Connection, ids: Collection[int], at: datetime) -> None:
    """These were seen to stand. What was purged is not looked up any more."""
    here = among(conn, post.c.id, ids)
    conn.execute(
        post.update()
        .where(here, post.c.text.is_not(None))
        .values(dict.fromkeys(COLUMNS) | {"looked_up_at": at})
    )


def put_off(conn: Connection, ids: Collection[int], until: datetime, now: datetime) -> None:
    """The network did not tell of these: nobody asks for them before `until`."""
    since = post.c.in_vain_since
    conn.execute(
        post.update()
        .where(among(conn, post.c.id, ids), post.c.looked_up_at.is_not(None))
        .values(
            asking_until=None,
            look_again_at=until,
            in_vain_since=sa.case((since <= now, since), else_=sa.literal(now, since.type)),
        )
    )


def waiting(conn: Connection, now: datetime, every: timedelta) -> Mapping[str, int]:
    """How many posts are looked up again and again (`watched`), and how many wait for it (`late`)."""
    watched = sa.select(sa.func.count()).where(post.c.looked_up_at.is_not(None))
    late = sa.select(sa.func.count()).where(_is_due(now, every))
    asked = {"watched": watched, "late": late}
    return {name: conn.scalar(across(one, Why.OPERATION)) or 0 for name, one in asked.items()}
