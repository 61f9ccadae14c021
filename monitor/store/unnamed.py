"""Replies of a source that several brands share, which name none of them.

Whom such a reply concerns is known when its conversation is; one that comes before its root waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.post import PostKey
from monitor.store import bulk
from monitor.store.bulk import among
from monitor.store.cross_brand import Why, across
from monitor.store.mentions import TRIAGE
from monitor.store.schema import mention, post, sighting, stream_brand, unnamed


def keep(conn: Connection, stream_id: int, post_ids: Iterable[int]) -> None:
    """These came by the stream and concern none of its brands, as far as is known by now."""
    rows = [{"post_id": number, "stream_id": stream_id} for number in post_ids]
    bulk.insert(conn, unnamed, rows)


def wait(conn: Connection) -> bool:
    """Whether any do."""
    query = sa.select(sa.exists(sa.select(unnamed.c.post_id)))
    return bool(conn.scalar(across(query, Why.ONE_POST)))


def follow(conn: Connection, talks: Mapping[PostKey, AbstractSet[int]]) -> Collection[int]:
    """Give those that wait in these conversations to the brands there. Returns their numbers.

    A brand gets only what came by a stream of its own.
    """
    rows = [
        (row.brand_id, row.id, row.stream_id)
        for network, ids in bulk.by_network(talks).items()
        for row in conn.execute(
            across(
                sa.select(post.c.id, post.c.thread, unnamed.c.stream_id, stream_brand.c.brand_id)
                .join(unnamed, unnamed.c.post_id == post.c.id)
                .join(stream_brand, stream_brand.c.stream_id == unnamed.c.stream_id)
                .where(post.c.network == network, among(conn, post.c.thread, ids))
                .where(post.c.gone_at.is_(None)),
                Why.ONE_POST,
            )
        )
        if row.brand_id in talks[PostKey(network, row.thread)]
    ]
    pairs = dict.fromkeys((brand_id, post_id) for brand_id, post_id, _ in rows)
    facts = {"own": False, "automatic": False, "next": TRIAGE}
    mentions = [{"brand_id": brand_id, "post_id": post_id, **facts} for brand_id, post_id in pairs]
    bulk.insert_missing(conn, mention, mentions)
    seen = ("brand_id", "post_id", "stream_id")
    bulk.insert_missing(conn, sighting, [dict(zip(seen, row, strict=True)) for row in rows])
    named = {post_id for _, post_id in pairs}
    conn.execute(unnamed.delete().where(among(conn, unnamed.c.post_id, named)))
    return named
