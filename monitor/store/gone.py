"""Deletions: what deleted posts said is purged, and one that comes before its post is remembered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.keeping import Purge
from monitor.domain.post import Gone, PostKey
from monitor.store import authors, bulk, copies, looking, said, tallies
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.mentions import SETTLE
from monitor.store.schema import gone, mention, post

SAID = ("title", "text", "url", "reply_token", "past")
WORDS: Mapping[str, None] = dict.fromkeys((*SAID, *looking.COLUMNS))
"""What is purged of a post: all that it said, also in its address; and nobody asks for it again."""


def of_these(conn: Connection, keys: Collection[PostKey]) -> dict[PostKey, Gone]:
    """The deletions remembered of posts that had not come."""
    if not keys or not conn.scalar(sa.select(sa.exists(sa.select(gone.c.network)))):
        return {}
    return {
        PostKey(network, row.external_id): Gone(
            PostKey(network, row.external_id), row.gone_at, row.gone_after
        )
        for network, ids in bulk.by_network(keys).items()
        for row in conn.execute(
            sa.select(gone).where(gone.c.network == network, among(conn, gone.c.external_id, ids))
        )
    }


def remember(conn: Connection, deletions: Collection[Gone], seen_at: datetime) -> None:
    """Keep these until their posts come; the first one of a post counts."""
    rows = [
        {
            "network": one.key.network,
            "external_id": one.key.external_id,
            "gone_at": min(one.before, seen_at),
            "gone_after": one.after,
        }
        for one in deletions
    ]
    bulk.insert_missing(conn, gone, rows)


def forget(conn: Connection, keys: Collection[PostKey]) -> None:
    """Their posts have come."""
    for network, ids in bulk.by_network(keys).items():
        conn.execute(
            gone.delete().where(gone.c.network == network, among(conn, gone.c.external_id, ids))
        )


def step_aside(conn: Connection, replaced: Collection[int]) -> None:
    """Leave a deleted response's name to the one that the owner wrote in its place: sites have one name.

    It stays a post of its own, deleted, with its timings: what it answered goes on without it.
    """
    if replaced:
        aside = post.c.external_id + "/gone-" + sa.cast(post.c.id, sa.Text)
        conn.execute(
            post.update().where(among(conn, post.c.id, replaced)).values(external_id=aside)
        )


def bury(
    conn: Connection,
    deleted: Mapping[int, Gone],
    seen_at: datetime,
    *,
    reason: Purge = Purge.DELETED,
) -> None:
    """Purge what deleted posts said, keep their timings, and have their cases settled."""
    if not deleted:
        return
    here = among(conn, post.c.id, deleted)
    words = sa.select(sa.func.count()).where(here, post.c.text.is_not(None))
    tallies.add_purged(conn, reason, conn.scalar(words) or 0, seen_at)
    rows = [
        {"id": key, "gone_at": min(one.before, seen_at), "gone_after": one.after, "to_judge": False}
        | dict(WORDS)
        for key, one in deleted.items()
    ]
    bulk.update(conn, post, rows)
    said.forget(conn, deleted)
    copies.give_back(conn, deleted)
    mentioned = among(conn, mention.c.post_id, deleted)
    settled = mention.update().where(mentioned).values(next=SETTLE)
    conn.execute(across(settled, Why.ONE_POST))
    writers = sa.select(post.c.author_id).where(among(conn, post.c.id, deleted))
    nameless = authors.forget(conn, {one for one in conn.scalars(writers) if one is not None})
    tallies.add_purged(conn, Purge.NAME, nameless, seen_at)
