"""Who wrote: one row an account, with the name that it bears now.

An account that has no number of its own goes by its handle. When that is purged, a hash of it stays
in its place, by which the same person is known again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.post import Author, Post
from monitor.store import bulk
from monitor.store.schema import author, post

Writers: TypeAlias = Mapping[tuple[str, str], int]
"""Row numbers by network and `Author.key`."""


def ensure(conn: Connection, posts: Iterable[Post]) -> Writers:
    """The writers' rows, made or brought up to date. Posts without an author have none."""
    latest: dict[tuple[str, str], Author] = {}
    for one in posts:
        key = one.author.key
        if key is not None:
            latest[one.key.network, key] = one.author
    rows = _rows(conn, latest.keys())
    new = [key for key in latest if key not in rows]
    numbers = bulk.take_ids(conn, author, len(new))
    ids: dict[tuple[str, str], int] = dict(zip(new, numbers, strict=True))
    bulk.insert(conn, author, [_row(ids[key], *key, latest[key]) for key in new])
    changed = [_names(row, key[1], latest[key]) for key, row in rows.items()]
    bulk.update(conn, author, [one for one in changed if one])
    return ids | {key: row.id for key, row in rows.items()}


def _rows(
    conn: Connection, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], sa.Row[Any]]:
    found: dict[tuple[str, str], sa.Row[Any]] = {}
    for network, ids in bulk.by_network(keys).items():
        names = {_hashed(network, one): one for one in ids} | {one: one for one in ids}
        here = bulk.among(conn, author.c.key, names.keys())
        query = sa.select(author).where(author.c.network == network, here)
        if conn.dialect.name == "postgresql":
            # a name is not purged while a post by them is on its way in
            query = query.order_by(author.c.id).with_for_update(read=True, key_share=True)
        for row in conn.execute(query):
            found[network, names[row.key]] = row
    return found


def _hashed(network: str, key: str) -> str:
    digest = hashlib.blake2b(f"{network}:{key}".encode("utf-8", "surrogatepass"), digest_size=16)
    return f"#{digest.hexdigest()}"


def _row(number: int, network: str, key: str, one: Author) -> dict[str, Any]:
    return {
        "id": number,
        "network": network,
        "key": key,
        "external_id": one.id,
        "handle": one.handle,
        "name": one.name,
        "followers": one.followers,
    }


def _names(row: sa.Row[Any], key: str, one: Author) -> dict[str, Any]:
    """The account's names where the network now says others; what it does not say stays."""
    known = (row.key, row.handle, row.name, row.followers)
    said = (key, one.handle, one.name, one.followers)
    now = tuple(before if told is None else told for told, before in zip(said, known, strict=True))
    if now == known:
        return {}
    return {"id": row.id, **dict(zip(("key", "handle", "name", "followers"), now, strict=True))}


def hold(conn: Connection, ids: Collection[int]) -> None:
    """Have posts by them that come at the same time stored before, or after, this transaction."""
    if conn.dialect.name == "postgresql":
        here = sa.select(author.c.id).where(bulk.among(conn, author.c.id, ids))
        conn.execute(here.order_by(author.c.id).with_for_update())


def known_as(conn: Connection, network: str, name: str) -> list[int]:
    """The rows of whoever has that number or handle there, also if the name was purged since."""
    handle = name.casefold().removeprefix("@")
    is_it: sa.ColumnElement[bool] = author.c.key.in_([name, handle, _hashed(network, handle)])
    is_it |= sa.func.lower(author.c.handle).in_([handle, f"@{handle}"])
    return list(conn.scalars(sa.select(author.c.id).where(author.c.network == network, is_it)))


def forget(conn: Connection, ids: Collection[int]) -> int:
    """Purge the names of those of whom no post is kept. The row stays: timings hang on it.

    Returns how many had one.
    """
    hold(conn, ids)  # what is kept is looked for only then, in a statement of its own
    kept = sa.exists().where(post.c.author_id == author.c.id, post.c.text.is_not(None))
    named = author.c.handle.is_not(None) | author.c.name.is_not(None)
    query = sa.select(author).where(bulk.among(conn, author.c.id, ids), named, ~kept)
    rows = [
        {
            "id": row.id,
            "key": row.key if row.external_id else _hashed(row.network, row.key),
            "handle": None,
            "name": None,
            "followers": None,
        }
        for row in conn.execute(query)
    ]
    bulk.update(conn, author, rows)
    return len(rows)
