"""What is kept long enough, and purging it: words and names go; counts, timings and keys stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.case import Status
from monitor.domain.keeping import Keep, Purge
from monitor.domain.likeness import WITHIN
from monitor.store import (
    authors,
    copies,
    corrections,
    looking,
    others_words,
    said,
    samples,
    tallies,
)
from monitor.store.bulk import among
from monitor.store.columns import EPOCH
from monitor.store.cross_brand import Why, across
from monitor.store.gone import WORDS
from monitor.store.schema import (
    case_event,
    case_post,
    cases,
    mention,
    note,
    post,
    reject,
)

OF_POSTS = (Purge.WITHOUT_CASE, Purge.CASE_ENDED, Purge.NOT_LOOKED_UP)
"""Why the words of posts are purged that stand."""


class Purged(NamedTuple):
    """How many posts lost their words, and of how many of them a case is open."""

    posts: int
    of_open_cases: int


def due(conn: Connection, reason: Purge, keep: Keep, now: datetime, limit: int) -> list[int]:
    """Some posts that are to be purged for that reason, in no order."""
    query = sa.select(post.c.id).where(_may_go(reason, keep, now)).limit(limit)
    return list(conn.scalars(across(query, Why.TOO_OLD)))


def waiting(conn: Connection, keep: Keep, now: datetime) -> dict[Purge, int]:
    """How much would be purged now, by reason. The names that go with the last post are not in it."""
    found = {one: _count(conn, post, _may_go(one, keep, now)) for one in OF_POSTS}
    found[Purge.NOTE] = _count(conn, note, _old_notes(keep, now))
    found[Purge.SAMPLE] = _count(conn, reject, _old_samples(keep, now))
    return found


def kept(conn: Connection) -> int:
    """How many posts there are whose words are kept."""
    return _count(conn, post, post.c.text.is_not(None))


def purge(
    conn: Connection, reason: Purge, ids: Collection[int], keep: Keep, now: datetime
) -> Purged:
    """Purge what these posts say, if that is still right; their keys and times stay.

    The address stays as long as a case is open: it is all that leads staff there. An author of whom no
    other post is kept loses the name.
    """
    writer = sa.select(post.c.author_id).where(among(conn, post.c.id, ids))
    # first, as intake does: each would else wait for what the other holds
    authors.hold(conn, set(conn.scalars(writer.where(post.c.author_id.is_not(None)))))
    is_open = looking.of_open_case()
    here = sa.select(post.c.id, post.c.author_id, is_open.label("is_open")).where(
        among(conn, post.c.id, ids), _may_go(reason, keep, now)
    )
    if conn.dialect.name == "postgresql":
        # an edit that comes meanwhile is waited for, and what it says is not purged
        here = here.order_by(post.c.id).with_for_update(of=post)
    rows = conn.execute(across(here, Why.TOO_OLD)).all()
    old = [row.id for row in rows]
    address = sa.case((is_open, post.c.url), else_=None)
    gone = post.update().where(among(conn, post.c.id, old))
    gone = gone.values(**{**WORDS, "url": address}, purged_at=now)
    conn.execute(across(gone, Why.TOO_OLD))
    said.forget(conn, old)
    copies.forget(conn, old)
    writers = {row.author_id for row in rows if row.author_id is not None}
    tallies.add_purged(conn, reason, len(old), now)
    tallies.add_purged(conn, Purge.NAME, authors.forget(conn, writers), now)
    return Purged(len(old), sum(row.is_open for row in rows))


def purge_rest(conn: Connection, keep: Keep, now: datetime) -> Mapping[Purge, int]:
    """Purge notes of cases that ended, and samples of items that could not be read.

    And what networks said against our calls, addresses of posts whose words went before their case was
    over, and the fingerprints of words with which nothing is compared any more.
    """
    # longer than copies lie apart: one may be read late, after its source was down
    copies.forget_before(conn, now - max(keep.without_case, WITHIN))
    bare = post.c.text.is_(None) & post.c.url.is_not(None)
    addresses = post.update().where(bare, ~looking.of_open_case()).values(url=None)
    conn.execute(across(addresses, Why.TOO_OLD))
    old_notes = note.update().where(_old_notes(keep, now)).values(text=None)
    notes = conn.execute(across(old_notes, Why.TOO_OLD))
    old_samples = reject.update().where(_old_samples(keep, now)).values(sample="")
    beginnings = conn.execute(across(old_samples, Why.TOO_OLD))
    quoted = others_words.leave_out(conn, now - keep.without_case)
    found = {Purge.NOTE: notes.rowcount, Purge.SAMPLE: beginnings.rowcount + quoted}
    for reason, number in found.items():
        tallies.add_purged(conn, reason, number, now)
    return found


def _count(conn: Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(where)
    return conn.scalar(across(query, Why.TOO_OLD)) or 0


def _may_go(reason: Purge, keep: Keep, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a post's words are to be purged for that reason, and for no other one before it."""
    held = ~samples.held(now - keep.sampled) & ~_still_teaches(now - keep.corrected)
    without_case = _came_before(now - keep.without_case) & ~_has_case() & ~_in_work() & held
    # what came later than that belongs to no case that ended so long ago
    ended_before = now - keep.after_case
    after_case = _came_before(ended_before) & _has_case() & ~_in_work() & held
    after_case &= ~sa.exists().where(
        case_post.c.post_id == post.c.id,
        cases.c.id == case_post.c.case_id,
        _is_held(ended_before),
    )
    match reason:
        case Purge.WITHOUT_CASE:
            found = without_case
        case Purge.CASE_ENDED:
            found = after_case
        case _:
            found = looking.in_vain(now, keep) & ~_in_work() & ~without_case & ~after_case
    return post.c.text.is_not(None) & found


def _came_before(at: datetime) -> sa.ColumnElement[bool]:
    return post.c.first_seen_at.between(EPOCH, at)


def _still_teaches(since: datetime) -> sa.ColumnElement[bool]:
    """Staff said what it is, and it did not come before then."""
    return (post.c.first_seen_at > since) & corrections.is_taught()


def _has_case() -> sa.ColumnElement[bool]:
    return sa.exists().where(case_post.c.post_id == post.c.id)


def _in_work() -> sa.ColumnElement[bool]:
    """A stage has not come to an end with it: it may be a complaint that nobody knows of yet."""
    waits = sa.exists().where(mention.c.post_id == post.c.id, mention.c.next.is_not(None))
    return post.c.to_judge | waits


def _is_held(ended_before: datetime) -> sa.ColumnElement[bool]:
    """The case is open, or something happened in it since."""
    latest = (
        sa.select(case_event.c.recorded_at)
        .where(case_event.c.case_id == cases.c.id, case_event.c.seq == cases.c.seq)
        .scalar_subquery()
    )
    return (cases.c.status == Status.OPEN.value) | (latest > ended_before)


def _old_notes(keep: Keep, now: datetime) -> sa.ColumnElement[bool]:
    held = sa.exists().where(cases.c.id == note.c.case_id, _is_held(now - keep.after_case))
    return note.c.text.is_not(None) & ~held


def _old_samples(keep: Keep, now: datetime) -> sa.ColumnElement[bool]:
    return (reject.c.sample != "") & (reject.c.at <= now - keep.without_case)
