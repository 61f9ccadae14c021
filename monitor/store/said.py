"""The index of what posts said and how their authors are called, kept in the transaction that changes them.

It holds the posts whose words are kept, and no others: who stores, edits, purges or renames says so here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.search import words
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.schema import author, post, said

_BATCH = 5000
_TO_SQLITE = "INSERT INTO said (rowid, text, title, others) VALUES (?, ?, ?, ?)"
_TO_POSTGRESQL = "INSERT INTO said (post_id, words) VALUES (%s, %s::tsvector)"


def add(conn: Connection, post_ids: Collection[int]) -> None:
    """Have posts found that were not in it."""
    kept = _kept(conn, post_ids) if post_ids else ()
    rows = [(number, *_fields(*row)) for number, *row in kept]
    if not rows:
        return
    if conn.dialect.name == "postgresql":
        made: list[Any] = [(number, _vector(*fields)) for number, *fields in rows]
        conn.exec_driver_sql(_TO_POSTGRESQL, made)
    else:
        conn.exec_driver_sql(_TO_SQLITE, rows)


def forget(conn: Connection, post_ids: Collection[int]) -> None:
    """Have posts found no more. On SQLite their words stay in the file until it is tidied up."""
    if post_ids:
        conn.execute(sa.delete(said).where(among(conn, key(conn), post_ids)))


def renew(conn: Connection, post_ids: Collection[int]) -> None:
    """Have posts found by what they say now."""
    forget(conn, post_ids)
    add(conn, post_ids)


def rename(conn: Connection, author_ids: Collection[int]) -> None:
    """Have all posts of authors found by the names that they bear now."""
    if author_ids:
        theirs = sa.select(post.c.id).where(
            among(conn, post.c.author_id, author_ids), post.c.text.is_not(None)
        )
        renew(conn, conn.scalars(across(theirs, Why.SAME_PERSON)).all())


def rebuild(conn: Connection) -> None:
    """Make it anew from the posts."""
    conn.execute(sa.delete(said))
    last = 0
    while ids := _next(conn, last):
        add(conn, ids)
        last = ids[-1]


def tidy(conn: Connection, *, pages: int | None = None, goes_on: bool = False) -> bool:
    """Take out of SQLite's index what it still holds of words that were forgotten.

    It notes only that they are gone, until it is merged with what came before. `pages`: how much of
    that at most (None: all at once); the next call, which `goes_on`, does more. Returns whether there
    may be more. PostgreSQL's vacuum does it.
    """
    if conn.dialect.name == "postgresql":
        return False
    if pages is None:
        conn.exec_driver_sql("INSERT INTO said (said) VALUES ('optimize')")
        return False
    before = _changes(conn)
    step = pages if goes_on else -pages
    conn.exec_driver_sql("INSERT INTO said (said, rank) VALUES ('merge', ?)", (step,))
    return _changes(conn) - before > 1  # SQLite's word for: there was something to do


def key(conn: Connection) -> sa.ColumnClause[int]:
    """The column of a post's number."""
    return said.c.post_id if conn.dialect.name == "postgresql" else said.c.rowid


def _changes(conn: Connection) -> int:
    return int(conn.exec_driver_sql("SELECT total_changes()").scalar_one())


def _next(conn: Connection, after: int) -> list[int]:
    query = sa.select(post.c.id).where(post.c.id > after).order_by(post.c.id).limit(_BATCH)
    return list(conn.scalars(across(query, Why.OPERATION)))


def _kept(conn: Connection, post_ids: Collection[int]) -> Iterator[Any]:
    its = (post.c.text, post.c.title, post.c.url, author.c.handle, author.c.name)
    query = (
        sa.select(post.c.id, *its)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(among(conn, post.c.id, post_ids), post.c.text.is_not(None))
    )
    yield from conn.execute(query)


def _fields(
    text: str, title: str | None, url: str | None, handle: str | None, name: str | None
) -> tuple[str, str, str]:
    others = f"{handle or ''} {name or ''} {(url or '').partition('://')[2]}"
    return words(text), words(title) if title else "", words(others)


def _vector(*fields: str) -> str:
    """PostgreSQL's own form: each word with its places. Between two fields a place is left free."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    at = 0
    for field in fields:
        for word in field.split():
            at += 1
            places[word].append(str(at))
        at += 1
    return " ".join(f"{word}:{','.join(its)}" for word, its in places.items())
