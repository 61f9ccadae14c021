"""Which conversation a post belongs to, as far as is known by now.

Sources that only know what a post replies to guess `thread = reply_to`. So a thread that is the id
of a post whose own thread is another one is no root: its posts belong to that other thread. This is
restored with every new post, so that the threads do not depend on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.post import Post, PostKey
from monitor.store.bulk import among, by_network
from monitor.store.cross_brand import Why, across
from monitor.store.schema import mention, post

Threads: TypeAlias = Mapping[PostKey, str]


def resolve(conn: Connection, fresh: Collection[Post]) -> dict[PostKey, str]:
    """The thread of each new post: what its source says, followed up to the root that is known."""
    new = {one.key for one in fresh}
    above = {PostKey(one.key.network, one.thread) for one in fresh if not one.is_root}
    threads = _threads_of(conn, above - new)
    # one after the other, as if each had come alone: a circle of replies then ends at its last post
    for one in fresh:
        threads[one.key] = (
            one.thread if one.is_root else _root(one.key.network, one.thread, threads)
        )
    for one in fresh:
        if not one.is_root:
            threads[one.key] = _root(one.key.network, one.thread, threads)
    return threads


def _root(network: str, thread: str, threads: Threads) -> str:
    above = threads.get(PostKey(network, thread), thread)
    while above != thread:
        thread, above = above, threads.get(PostKey(network, above), above)
    return thread


def _threads_of(conn: Connection, keys: Iterable[PostKey]) -> dict[PostKey, str]:
    return {
        PostKey(network, external_id): thread
        for network, ids in by_network(keys).items()
        for external_id, thread in conn.execute(
            sa.select(post.c.external_id, post.c.thread).where(
                post.c.network == network, among(conn, post.c.external_id, ids)
            )
        ).all()
    }


def move_followers(conn: Connection, threads: Threads) -> None:
    """Posts whose thread was guessed to be one of these new posts follow it; settle looks at them again."""
    suspects = (key for key, thread in threads.items() if thread != key.external_id)
    for network, ids in by_network(suspects).items():
        in_them = (post.c.network == network) & among(conn, post.c.thread, ids)
        there = across(sa.select(post.c.thread).where(in_them).distinct(), Why.ONE_POST)
        for old in conn.scalars(there).all():
            _move(conn, network, old, threads[PostKey(network, old)])


def _move(conn: Connection, network: str, old: str, new: str) -> None:
    there = (post.c.network == network) & (post.c.thread == old)
    moved = sa.select(post.c.id).where(there)
    # "settle" too: who settles one of them now may not have seen it move, and has to look again
    settled = mention.c.next.is_(None) | (mention.c.next == "settle")
    of_thread = mention.c.post_id.in_(moved)
    if conn.dialect.name == "postgresql":
        # who has one of them now knows the old thread: let him hand it on before we ask for it again
        held = sa.select(mention.c.post_id).where(of_thread).order_by(mention.c.post_id)
        conn.execute(across(held.with_for_update(), Why.ONE_POST))
    looked_at = mention.update().where(settled, of_thread).values(next="settle")
    for one in (looked_at, post.update().where(there).values(thread=new)):
        conn.execute(across(one, Why.ONE_POST))


def followers(
    conn: Connection, threads: Iterable[PostKey], brand_ids: Collection[int]
) -> dict[PostKey, set[int]]:
    """Which of the brands have a post in which of these threads (a key whose id is the thread)."""
    found: dict[PostKey, set[int]] = {}
    for network, ids in by_network(threads).items():
        rows = conn.execute(
            sa.select(post.c.thread, mention.c.brand_id)
            .join(mention, mention.c.post_id == post.c.id)
            .where(post.c.network == network, among(conn, post.c.thread, ids))
            .where(among(conn, mention.c.brand_id, brand_ids))
            .distinct()
        )
        for thread, brand_id in rows:
            found.setdefault(PostKey(network, thread), set()).add(brand_id)
    return found
