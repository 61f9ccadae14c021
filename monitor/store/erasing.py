"""Erasing a person: all that they wrote, how they are called, and what staff wrote of their cases.

What remains are times, counts and keyed hashes, as of posts that their authors deleted: the cases are
withdrawn, cards in Slack lose their words, and a post that is read again is known by its hash and not stored.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.keeping import Purge
from monitor.domain.post import Gone, PostKey
from monitor.store import (
    authors,
    bulk,
    cases,
    gone,
    others_words,
    posts,
    rejects,
    said,
    tallies,
    tombstones,
)
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.schema import author, note, post
from monitor.store.schema import cases as case_table

_LONG = 8
"""Letters of a displayed name that is one word and still told from a first name."""


class Erased(NamedTuple):
    """How much there is of a person, or was."""

    authors: int
    posts: int
    """With their words."""
    cases: int
    notes: int
    """Of these cases: staff's own, and answers."""


def held(conn: Connection, ids: Collection[int]) -> Erased:
    """What is kept of these authors."""
    written = sa.select(sa.func.count()).where(_theirs(conn, ids), post.c.text.is_not(None))
    about = sa.select(sa.func.count()).where(_notes(conn, ids))
    number = len(_cases(conn, ids))
    return Erased(
        len(ids),
        conn.scalar(across(written, Why.SAME_PERSON)) or 0,
        number,
        conn.scalar(about) or 0,
    )


def erase(
    conn: Connection, ids: Collection[int], now: datetime, *, called: str | None = None
) -> Erased:
    """Erase these authors. An answer to them that was not tried yet is cancelled. Twice changes nothing.

    `called`: the handle or number by which they were asked for, which may be purged here already.
    """
    posts.take_turns(conn, _networks(conn, ids))  # first, as intake does
    authors.hold(conn, set(ids))
    for case_id in _cases(conn, ids):
        cases.hold(conn, case_id)
    found, names = held(conn, ids), _names(conn, ids)
    query = sa.select(post.c.id, post.c.network, post.c.external_id).where(
        _theirs(conn, ids), post.c.gone_at.is_(None)
    )
    rows = conn.execute(across(query, Why.SAME_PERSON))
    buried = {row.id: Gone(PostKey(row.network, row.external_id), now) for row in rows}
    gone.bury(conn, buried, now, reason=Purge.ERASED)
    conn.execute(note.update().where(_notes(conn, ids)).values(text=None))
    tallies.add_purged(conn, Purge.ERASED, found.notes, now)
    # of whom all posts were purged already
    tallies.add_purged(conn, Purge.NAME, authors.forget(conn, ids), now)
    keys = _keys(conn, ids)
    numbers = {PostKey(one.network, one.external_id) for one in names if one.external_id}
    numbers |= {PostKey(one.network, called) for one in names if called}
    numbers |= authors.numbers_within(conn, ids, keys)
    tombstones.bury(conn, keys, numbers, now)
    spoken = {(one.network, said) for one in names for said in (one.handle, one.name) if said}
    for network, said_of in bulk.by_network(spoken | numbers | keys).items():
        purged = rejects.forget(conn, network, said_of, now)
        tallies.add_purged(conn, Purge.SAMPLE, purged, now)
    tallies.add_purged(conn, Purge.SAMPLE, others_words.leave_out(conn), now)
    said.tidy(conn)
    return found


class _Name(NamedTuple):
    """How an account is called."""

    network: str
    external_id: str | None
    handle: str | None
    name: str | None
    """If it is more than a first name, which others bear, too."""


def _names(conn: Connection, ids: Collection[int]) -> list[_Name]:
    query = sa.select(author.c.network, author.c.external_id, author.c.handle, author.c.name)
    rows = conn.execute(across(query.where(among(conn, author.c.id, ids)), Why.SAME_PERSON))
    return [_Name(*one[:3], one.name if _is_somebody_s(one.name) else None) for one in rows]


def _is_somebody_s(name: str | None) -> bool:
    return name is not None and (len(name.split()) > 1 or len(name) >= _LONG)


def _networks(conn: Connection, ids: Collection[int]) -> set[str]:
    return {one.network for one in _names(conn, ids)}


def _keys(conn: Connection, ids: Collection[int]) -> set[PostKey]:
    query = sa.select(post.c.network, post.c.external_id).where(_theirs(conn, ids))
    return {PostKey(*row) for row in conn.execute(across(query, Why.SAME_PERSON))}


def _theirs(conn: Connection, ids: Collection[int]) -> sa.ColumnElement[bool]:
    return among(conn, post.c.author_id, ids)


def _cases(conn: Connection, ids: Collection[int]) -> list[int]:
    """Also those that became part of another one: their notes stayed with them."""
    customers = [cases.customer_of(one, 0) for one in ids]
    its = among(conn, case_table.c.customer, customers)
    query = sa.select(case_table.c.id).where(its).order_by(case_table.c.id)
    return list(conn.scalars(across(query, Why.SAME_PERSON)))


def _notes(conn: Connection, ids: Collection[int]) -> sa.ColumnElement[bool]:
    return among(conn, note.c.case_id, _cases(conn, ids)) & note.c.text.is_not(None)
