"""Who wrote: one row an account, with the name that it bears now.

An account that has no number of its own goes by its handle. When the names are purged, a hash of the
number, or else of the handle, stays in their place: by it the same person is known again. It is keyed
(`store.pseudonyms`): without the installation's key nobody can tell by trying whose it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.post import Author, Post, PostKey
from monitor.store import bulk, pseudonyms, said
from monitor.store.cross_brand import Why, across
from monitor.store.schema import author, post

_ROW = re.compile(r"#[0-9]{1,18}")

Writers: TypeAlias = Mapping[tuple[str, str], int]
"""Row numbers by network and `Author.key`."""


class Account(NamedTuple):
    """Who may be meant by a name. All but our own number is None once it was purged."""

    id: int
    handle: str | None
    external_id: str | None
    """The network's own number."""


def ensure(conn: Connection, posts: Iterable[Post]) -> Writers:
    """The writers' rows, made or brought up to date. Posts without an author have none."""
    latest: dict[tuple[str, str], Author] = {}
    for one in posts:
        key = one.author.key
        if key is not None:
            latest[one.key.network, key] = one.author
    rows = _rows(conn, latest)
    new = [key for key in latest if key not in rows]
    numbers = bulk.take_ids(conn, author, len(new))
    ids: dict[tuple[str, str], int] = dict(zip(new, numbers, strict=True))
    bulk.insert(conn, author, [_row(ids[key], *key, latest[key]) for key in new])
    changed = [_names(row, key[1], latest[key]) for key, row in rows.items()]
    bulk.update(conn, author, [one for one in changed if one])
    said.rename(conn, [row.id for key, row in rows.items() if _is_renamed(row, latest[key])])
    return ids | {key: row.id for key, row in rows.items()}


def _rows(
    conn: Connection, latest: Mapping[tuple[str, str], Author]
) -> dict[tuple[str, str], sa.Row[Any]]:
    found: dict[tuple[str, str], sa.Row[Any]] = {}
    secret = pseudonyms.key_of(conn) if latest else b""
    for network, ids in bulk.by_network(latest.keys()).items():
        hashes = {
            _hashed(secret, network, one, is_number=bool(latest[network, one].id)): one
            for one in ids
        }
        names = hashes | {one: one for one in ids}
        here = bulk.among(conn, author.c.key, names.keys())
        query = sa.select(author).where(author.c.network == network, here)
        if conn.dialect.name == "postgresql":
            # a name is not purged while a post by them is on its way in
            query = query.order_by(author.c.id).with_for_update(read=True, key_share=True)
        for row in conn.execute(query):
            found[network, names[row.key]] = row
    return found


def _hashed(secret: bytes, network: str, key: str, *, is_number: bool) -> str:
    """What stays of a number or a handle; those that read alike are told apart."""
    mark = "#" if is_number else ""
    return f"#{pseudonyms.hashed(secret, f'{network}:{mark}{key}')}"


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
    columns = ("key", "external_id", "handle", "name", "followers")
    known = tuple(getattr(row, column) for column in columns)
    said = (key, one.id, one.handle, one.name, one.followers)
    now = tuple(before if told is None else told for told, before in zip(said, known, strict=True))
    if now == known:
        return {}
    return {"id": row.id, **dict(zip(columns, now, strict=True))}


def _is_renamed(row: sa.Row[Any], one: Author) -> bool:
    told = ((one.handle, row.handle), (one.name, row.name))
    return any(now is not None and now != before for now, before in told)


def hold(conn: Connection, ids: Collection[int]) -> None:
    """Have posts by them that come at the same time stored before, or after, this transaction."""
    if conn.dialect.name == "postgresql":
        here = sa.select(author.c.id).where(bulk.among(conn, author.c.id, ids))
        conn.execute(here.order_by(author.c.id).with_for_update())


def known_as(conn: Connection, network: str, name: str) -> list[Account]:
    """Whoever has that handle or number there, also if it was purged since.

    `@ana` is a handle only, `#12` the number of our own row only. Several may be known by one name: it
    was given up and taken by somebody else, or is the number of another account.
    """
    its = (author.c.id, author.c.handle, author.c.external_id)
    query = sa.select(*its).where(author.c.network == network, _is_called(conn, network, name))
    query = across(query.order_by(author.c.id), Why.SAME_PERSON)
    return [Account(*row) for row in conn.execute(query)]


def _is_called(conn: Connection, network: str, name: str) -> sa.ColumnElement[bool]:
    if name.startswith("#"):
        return author.c.id == (int(name[1:]) if _ROW.fullmatch(name) else None)
    handle = name.casefold().removeprefix("@")
    secret = pseudonyms.known_key(conn) or b""
    is_it: sa.ColumnElement[bool] = sa.func.lower(author.c.handle).in_([handle, f"@{handle}"])
    is_it |= (author.c.key == handle) & author.c.external_id.is_(None)
    is_it |= author.c.key == _hashed(secret, network, handle, is_number=False)
    if not name.startswith("@"):
        is_it |= author.c.external_id == name
        is_it |= author.c.key == _hashed(secret, network, name, is_number=True)
    return is_it


def numbers_within(
    conn: Connection, ids: Collection[int], keys: Collection[PostKey]
) -> set[PostKey]:
    """Their numbers that were purged, with the network, where keys of their posts hold them: addresses do."""
    here = sa.select(author.c.network, author.c.key).where(bulk.among(conn, author.c.id, ids))
    hashes = {tuple(row) for row in conn.execute(across(here, Why.SAME_PERSON))}
    secret = pseudonyms.key_of(conn)
    return {
        PostKey(network, part)
        for network, external_id in keys
        for part in _parts(external_id)
        if (network, _hashed(secret, network, part, is_number=True)) in hashes
    }


def _parts(address: str) -> Iterator[str]:
    """All that stands there between two slashes, or between the one and the other end."""
    steps = address.split("/")
    for first, last in itertools.combinations(range(len(steps) + 1), 2):
        yield "/".join(steps[first:last])


def forget(conn: Connection, ids: Collection[int]) -> int:
    """Purge names and number of those of whom no post is kept. The row stays: timings hang on it.

    Returns how many had one.
    """
    hold(conn, ids)  # what is kept is looked for only then, in a statement of its own
    kept = sa.exists().where(post.c.author_id == author.c.id, post.c.text.is_not(None))
    names = (author.c.external_id, author.c.handle, author.c.name)
    named = sa.or_(*(one.is_not(None) for one in names))
    query = sa.select(author).where(bulk.among(conn, author.c.id, ids), named, ~kept)
    secret = pseudonyms.key_of(conn)
    rows = [
        {
            "id": row.id,
            "key": _hashed(secret, row.network, row.key, is_number=bool(row.external_id)),
            "external_id": None,
            "handle": None,
            "name": None,
            "followers": None,
        }
        for row in conn.execute(across(query, Why.SAME_PERSON))
    ]
    bulk.update(conn, author, rows)
    return len(rows)
