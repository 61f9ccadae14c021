"""Erasing a person: all that they wrote, how they are called, and what staff wrote of their cases.

What remains are keys, times and counts, as of posts that their authors deleted: the cases are withdrawn,
cards in Slack lose their words, and a post that is read again stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.keeping import Purge
from monitor.domain.post import Gone, PostKey
from monitor.store import authors, cases, gone, said, tallies
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.schema import cases as case_table
from monitor.store.schema import note, post


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


def erase(conn: Connection, ids: Collection[int], now: datetime) -> Erased:
    """Erase these authors. An answer to them that was not tried yet is cancelled. Twice changes nothing."""
    authors.hold(conn, set(ids))
    for case_id in _cases(conn, ids):
        cases.hold(conn, case_id)
    found = held(conn, ids)
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
    said.tidy(conn)
    return found


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
