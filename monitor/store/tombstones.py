"""Posts whose authors were erased: known again when they are read again, and not telling whose they were.

A network's key leads to its post for as long as that stands, and on some networks names the account. So
wherever the key of an erased post stood, also above what others wrote, a keyed hash of it stands instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.post import Gone, Page, Post, PostKey, Rejected
from monitor.store import bulk, pseudonyms, said
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.schema import (
    cases,
    coverage,
    gone,
    mention,
    post,
    quote,
    storm,
    stream,
    tombstone,
)

StandIns: TypeAlias = Mapping[PostKey, str]
"""What stands in place of the key of an erased post."""

_PREFIX = "erased-"
_FORM = re.compile(f"{_PREFIX}[0-9a-f]{{32}}")
ERASED = "names somebody who was erased"
"""In place of the reason why an item could not be read."""
_PLACE = "place"
"""In place of the network: what stands behind it is an item that could not be read (`_unread`)."""
_AN_ADDRESS = ":"
"""Whose number holds one is named by an address, and that may stand within the keys of posts."""


def is_one(external_id: str) -> bool:
    """Whether it stands in place of the key of an erased post."""
    return _FORM.fullmatch(external_id) is not None


def recognised(conn: Connection, page: Page, stream_id: int) -> tuple[Page, set[PostKey]]:
    """The stream's page with keys of erased posts as they stand here, and which items are such posts."""
    if not conn.scalar(sa.select(sa.exists(sa.select(tombstone.c.digest)))):
        return page, set()
    on: str = conn.execute(sa.select(stream.c.network).where(stream.c.id == stream_id)).scalar_one()
    found = _known(conn, {one for item in page.items for one in _named(item, on)})
    if not found:
        return page, set()
    items = tuple(_renamed(one, found, on) for one in page.items)
    return replace(page, items=items), {PostKey(one.network, its) for one, its in found.items()}


def _known(conn: Connection, keys: Iterable[PostKey]) -> StandIns:
    secret = pseudonyms.key_of(conn)
    digests = {pseudonyms.hashed(secret, str(one)): one for one in keys}
    there = sa.select(tombstone.c.digest).where(among(conn, tombstone.c.digest, digests))
    return {digests[one]: _PREFIX + one for one in conn.scalars(there)}


def _unread(on: str, place: str, said: str) -> PostKey:
    """An item that a stream of that network brought. Its place alone may be a line, and soon another's."""
    return PostKey(_PLACE, f"{on}\n{place}\n{said}")


def _named(item: Post | Gone | Rejected, on: str) -> Iterator[PostKey]:
    """The keys of posts that an item names."""
    if isinstance(item, Rejected):
        yield from (_unread(on, item.where, one) for one in (item.sample, item.reason))
        return
    yield item.key
    if isinstance(item, Post):
        above = (item.thread, item.reply_to, *item.quotes)
        yield from (PostKey(item.key.network, one) for one in above if one is not None)


def _renamed(item: Post | Gone | Rejected, found: StandIns, on: str) -> Post | Gone | Rejected:
    here = next((one for one in _named(item, on) if one in found), None)
    if here is None:
        return item
    if isinstance(item, Rejected):
        return Rejected(found[here], ERASED, "")
    network = item.key.network

    def now(name: str) -> str:
        return found.get(PostKey(network, name), name)

    key = PostKey(network, now(item.key.external_id))
    if isinstance(item, Gone):
        return replace(item, key=key)
    return replace(
        item,
        key=key,
        thread=now(item.thread),
        reply_to=None if item.reply_to is None else now(item.reply_to),
        quotes=tuple(map(now, item.quotes)),
    )


def bury(
    conn: Connection, keys: Collection[PostKey], accounts: Collection[PostKey], now: datetime
) -> None:
    """From now on these posts are known by hashes alone, and so is all that is named after them.

    `accounts`: networks and the accounts' own numbers, for networks whose keys hold them.
    """
    secret = pseudonyms.key_of(conn)
    for network in sorted({one.network for one in (*keys, *accounts)}):
        ids = {one.external_id for one in keys if one.network == network}
        numbers = [one.external_id for one in accounts if one.network == network]
        ids |= _under(conn, network, ids) | _holding(conn, network, numbers)
        ids = {one for one in ids if not is_one(one)}
        digests = {one: pseudonyms.hashed(secret, str(PostKey(network, one))) for one in ids}
        rows = [{"digest": one, "at": now} for one in digests.values()]
        bulk.insert_missing(conn, tombstone, rows)
        now_called = {name: _PREFIX + one for name, one in digests.items()}
        _leave_alone(conn, network, now_called)
        _replace(conn, network, now_called)


def bury_unread(
    conn: Connection, items: Iterable[tuple[str, Rejected]], now: datetime
) -> list[str]:
    """The same of items that could not be read, each with its stream's network: what stands for its place.

    Of which the beginning was purged already is known by the reason why it could not be read.
    """
    secret = pseudonyms.key_of(conn)
    keys = [_unread(on, one.where, one.sample or one.reason) for on, one in items]
    digests = [pseudonyms.hashed(secret, str(one)) for one in keys]
    bulk.insert_missing(conn, tombstone, [{"digest": one, "at": now} for one in digests])
    return [_PREFIX + one for one in digests]


def _under(conn: Connection, network: str, ids: Collection[str]) -> set[str]:
    """What is named after one of these posts: an owner's response has its review's key and more."""
    its = (post.c.network == network) & among(conn, post.c.thread, ids)
    found = conn.scalars(across(sa.select(post.c.external_id).where(its), Why.SAME_PERSON))
    return {one for one in found if any(one.startswith(f"{above}/") for above in ids)}


def _holding(conn: Connection, network: str, numbers: Collection[str]) -> set[str]:
    """The keys that hold one of these accounts, wherever they stand: also of posts that never came."""
    found: set[str] = set()
    for number in numbers:
        if _AN_ADDRESS not in number:
            continue
        part = f"{number}/"
        for column in _names():
            here = (column.table.c.network == network) & column.contains(part, autoescape=True)
            found |= set(conn.scalars(across(sa.select(column).where(here), Why.SAME_PERSON)))
        found |= {one for _, quotes in _quoting(conn, network) for one in quotes if part in one}
    return found


def _names() -> tuple[sa.Column[str], ...]:
    """The columns, beside the list of quotes, in which keys of posts stand with their network."""
    of_posts = (post.c.external_id, post.c.thread, post.c.reply_to)
    return (*of_posts, cases.c.thread, quote.c.external_id, gone.c.external_id)


def _leave_alone(conn: Connection, network: str, now: Mapping[str, str]) -> None:
    """The brand's answers to them lose their address, and what answers others in between its names for them.

    Such an address leads to what was answered; others keep theirs, by which staff find them.
    """
    under = among(conn, post.c.thread, now) | among(conn, post.c.reply_to, now)
    own = sa.exists().where(mention.c.post_id == post.c.id, mention.c.own)
    its = (post.c.network == network) & under & own & post.c.url.is_not(None)
    answers = list(conn.scalars(across(sa.select(post.c.id).where(its), Why.SAME_PERSON)))
    here = among(conn, post.c.id, answers)
    conn.execute(across(post.update().where(here).values(url=None), Why.SAME_PERSON))
    said.renew(conn, answers)  # which finds them by their address, too
    root = post.alias()
    theirs = (root.c.network == network) & among(conn, root.c.external_id, now)
    among_them = post.c.thread.in_(sa.select(root.c.thread).where(theirs))
    query = sa.select(post.c.id, post.c.reply_token).where(post.c.network == network, among_them)
    rows = conn.execute(across(query.where(post.c.reply_token.is_not(None)), Why.SAME_PERSON))
    changed = [
        {"id": row.id, "reply_token": _without(row.reply_token, now)}
        for row in rows
        if any(one in row.reply_token for one in now)
    ]
    bulk.update(conn, post, changed)


def _without(token: str, now: Mapping[str, str]) -> str:
    for was, one in now.items():
        token = token.replace(was, one)
    return token


def _quoting(conn: Connection, network: str) -> list[tuple[int, list[str]]]:
    some = sa.cast(post.c.quotes, sa.Text) != "[]"
    query = sa.select(post.c.id, post.c.quotes).where(post.c.network == network, some)
    return [(row.id, row.quotes) for row in conn.execute(across(query, Why.SAME_PERSON))]


def _replace(conn: Connection, network: str, now: Mapping[str, str]) -> None:
    if not now:
        return
    for column in _names():
        table = column.table
        assert isinstance(table, sa.Table)  # noqa: S101 - they are columns of tables
        here = (table.c.network == network) & among(conn, column, now)
        there = conn.scalars(
            across(sa.select(column).where(here).distinct(), Why.SAME_PERSON)
        ).all()
        was = (table.c.network == sa.bindparam("of")) & (column == sa.bindparam("was"))
        change = table.update().where(was).values({column.name: sa.bindparam("now")})
        rows = [{"of": network, "was": one, "now": now[one]} for one in there]
        if rows:
            conn.execute(across(change, Why.SAME_PERSON), rows)
    changed = [
        {"id": number, "quotes": [now.get(one, one) for one in quotes]}
        for number, quotes in _quoting(conn, network)
        if any(one in now for one in quotes)
    ]
    bulk.update(conn, post, changed)
    _replace_elsewhere(conn, now)


def _replace_elsewhere(conn: Connection, now: Mapping[str, str]) -> None:
    """Where a key stands without its network: at the edge of a gap, and as the name of a thread's storm."""
    for edge in (coverage.c.gap_from, coverage.c.gap_to):
        query = across(sa.select(edge).where(among(conn, edge, now)).distinct(), Why.SAME_PERSON)
        rows = [{"was": one, "now": now[one]} for one in conn.scalars(query)]
        change = coverage.update().where(edge == sa.bindparam("was"))
        if rows:
            change = change.values({edge.name: sa.bindparam("now")})
            conn.execute(across(change, Why.SAME_PERSON), rows)
    called = storm.update().where(storm.c.name == sa.bindparam("was"))
    named = conn.scalars(across(sa.select(storm.c.name).distinct(), Why.SAME_PERSON)).all()
    rows = [{"was": one, "now": now[one]} for one in named if one in now]
    if rows:
        conn.execute(across(called.values(name=sa.bindparam("now")), Why.SAME_PERSON), rows)
