"""What the brand itself wrote to people who were erased: it calls them by name, so its words go, too.

Its times, its place in the conversation and what it answered stay, for the figures.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.keeping import Purge
from monitor.store import said, tallies
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.gone import SAID, WORDS
from monitor.store.schema import mention, post


def to_posts(conn: Connection, network: str, keys: Collection[str]) -> list[int]:
    """The brand's posts that answer or quote one of these posts, or stand under one."""
    under = among(conn, post.c.thread, keys) | among(conn, post.c.reply_to, keys)
    some = sa.cast(post.c.quotes, sa.Text) != "[]"
    query = sa.select(post.c.id, post.c.quotes, under.label("under"))
    rows = conn.execute(across(query.where(_kept_own(network), under | some), Why.SAME_PERSON))
    wanted = frozenset(keys)
    return [row.id for row in rows if row.under or not wanted.isdisjoint(row.quotes)]


def that_name(conn: Connection, network: str, handles: Collection[str]) -> list[int]:
    """The brand's posts that address one of these handles: `@ana`, on Reddit `u/ana`."""
    names = "|".join(re.escape(one.removeprefix("@")) for one in handles)
    named = re.compile(rf"(?<!\w)(?:@|u/)(?:{names})(?![\w-])", re.IGNORECASE)
    query = sa.select(post.c.id, post.c.title, post.c.text).where(_kept_own(network))
    rows = conn.execute(across(query, Why.SAME_PERSON))
    return [row.id for row in rows if named.search(f"{row.title or ''}\n{row.text or ''}")]


def empty(conn: Connection, ids: Collection[int], now: datetime) -> None:
    """Purge what these posts say, for good: no later edit brings it back, as none has `purged_at`."""
    here = among(conn, post.c.id, ids)
    emptied = post.update().where(here).values(**WORDS, to_judge=False)
    conn.execute(across(emptied, Why.SAME_PERSON))
    said.forget(conn, ids)
    tallies.add_purged(conn, Purge.ERASED, len(ids), now)


def emptied(
    columns: Mapping[str, Sequence[Any]], ids: Collection[int]
) -> Mapping[str, Sequence[Any]]:
    """New rows of `post`, column by column, with what these say left out: they never come to be kept."""
    if not ids:
        return columns
    left_out = {**dict.fromkeys(SAID), "to_judge": False}

    def without(name: str, values: Sequence[Any]) -> Sequence[Any]:
        pairs = zip(columns["id"], values, strict=True)
        return [left_out[name] if number in ids else one for number, one in pairs]

    return {name: without(name, one) if name in left_out else one for name, one in columns.items()}


def _kept_own(network: str) -> sa.ColumnElement[bool]:
    """Posts of the network that the brand wrote, and of which something is kept."""
    own = sa.exists().where(mention.c.post_id == post.c.id, mention.c.own)
    kept = post.c.text.is_not(None) | post.c.url.is_not(None)
    return (post.c.network == network) & own & kept
