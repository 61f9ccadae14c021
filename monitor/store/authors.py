"""Who wrote: one row an account, with the name that it bears now."""

from __future__ import annotations

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
    changed = [_names(row, latest[key]) for key, row in rows.items()]
    bulk.update(conn, author, [one for one in changed if one])
    return ids | {key: row.id for key, row in rows.items()}


def _rows(
    conn: Connection, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], sa.Row[Any]]:
    return {
        (network, row.key): row
        for network, ids in bulk.by_network(keys).items()
        for row in conn.execute(
            sa.select(author).where(
                author.c.network == network, bulk.among(conn, author.c.key, ids)
            )
        ).all()
    }


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


def _names(row: sa.Row[Any], one: Author) -> dict[str, Any]:
    """The account's names where the network now says others; what it does not say stays."""
    known = (row.handle, row.name, row.followers)
    said = (one.handle, one.name, one.followers)
    now = tuple(before if told is None else told for told, before in zip(said, known, strict=True))
    if now == known:
        return {}
    return {"id": row.id, **dict(zip(("handle", "name", "followers"), now, strict=True))}


def forget(conn: Connection, ids: Collection[int]) -> None:
    """Purge the names of those who have no post left that stands. The row stays: timings hang on it."""
    standing = sa.exists().where(post.c.author_id == author.c.id, post.c.gone_at.is_(None))
    conn.execute(
        author.update()
        .where(bulk.among(conn, author.c.id, ids), ~standing)
        .values(handle=None, name=None, followers=None)
    )
