"""Posts that staff bring themselves: of a phone call, of a network that no source reads."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.address import page_of, path_of
from monitor.domain.errors import MonitorError
from monitor.domain.identity import Brand
from monitor.domain.judgement import Judgement
from monitor.domain.post import Page, Post, Stream, StreamKind
from monitor.store import brands, coverage, mentions, posts
from monitor.store.mentions import Mention
from monitor.store.schema import mention, post

NETWORK = "manual"
SOURCE = "by hand"
CERTAIN = Judgement(1.0, 0.0, 0.0, 0.0, None, "by hand")


class ErasedError(MonitorError):
    """What is brought is a post of somebody who was erased."""


def keep(conn: Connection, brand: Brand, one: Post, now: datetime) -> Mention:
    """Store the post as the brand's, judged by the person who brings it. Doing it twice changes nothing.

    Raises:
        ErasedError: it is of somebody who was erased.

    """
    brand_id = brands.ensure(conn, [brand.name])[brand.name]
    stream = Stream("posts", StreamKind.ALL, NETWORK)
    number = coverage.ensure_stream(conn, SOURCE, stream, [brand_id], now)
    page = Page((one,), cursor="")
    posts.store_page(conn, stream_id=number, brands=[(brand_id, brand)], page=page, seen_at=now)
    coverage.record_end(conn, number, now, next_poll_at=None)
    its = (post.c.network == one.key.network) & (post.c.external_id == one.key.external_id)
    post_id = conn.scalar(sa.select(post.c.id).where(its))
    if post_id is None:
        raise ErasedError("who wrote that was erased: it is not kept again")
    found = mentions.load(conn, brand_id, post_id)
    assert found is not None  # noqa: S101 - a stream of one brand makes its mention with the post
    if found.band is None:
        posts.save_judgements(conn, [(found.post_id, CERTAIN)], now, of={found.post_id: found.post})
    return found


def by_address(conn: Connection, brand: Brand, url: str) -> Mention | None:
    """The customer's post that stands at this address, if a source has brought it already.

    However it was copied: what sharing hangs on to an address makes no other page of it.
    """
    rows = conn.execute(
        sa.select(mention.c.brand_id, post.c.id, post.c.url)
        .join(mention, mention.c.post_id == post.c.id)
        .where(post.c.url.contains(path_of(url), autoescape=True), mention.c.own.is_(False))
        .where(mention.c.brand_id.in_(brands.ensure(conn, [brand.name]).values()))
        .order_by(sa.case((post.c.url == url, 0), else_=1), post.c.id)
    )
    page = page_of(url)
    for brand_id, post_id, its in rows:
        if page_of(its) == page:
            return mentions.load(conn, brand_id, post_id)
    return None
