"""Posts on their way in: a page becomes rows, in few statements and in the caller's one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.arrival import Arrivals, Known, sort_out
from monitor.domain.judgement import Judgement
from monitor.domain.post import Gone, Page, Post, PostKey, Rejected
from monitor.store import authors, bulk, concerning, threads
from monitor.store.concerning import Brands
from monitor.store.mentions import SETTLE, TRIAGE, as_post
from monitor.store.schema import author, judgement, mention, post, reject, sighting, tombstone


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the items of one page or more: `read = stored + duplicate + rejected`, always.

    `stored`: new posts. `duplicate`: items that brought no new post: a post known already (or
    erased for good), or the news that one was deleted. `rejected`: items that could not be read.
    `edited` and `deleted` are parts of `duplicate`: posts that say something else than before, and
    posts of ours that are gone. `unnamed` is no part of `read`: posts of a source shared by several
    brands that name none of them and stand in no conversation with one; they are not kept.
    """

    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    edited: int = 0
    deleted: int = 0
    unnamed: int = 0

    @property
    def read(self) -> int:
        return self.stored + self.duplicate + self.rejected

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one) + getattr(other, one) for one in Counts.__slots__))


def store_page(
    conn: Connection,
    *,
    stream_id: int,
    brands: Brands,
    page: Page,
    seen_at: datetime,
    tombstone_secret: bytes = b"",
) -> Counts:
    """Store a page that a stream of these brands brought. Storing it again changes nothing."""
    keys = {one.key for one in page.items if not isinstance(one, Rejected)}
    _take_turns(conn, keys)
    known = _known(conn, keys)
    erased = _erased(conn, keys, tombstone_secret)
    found = sort_out(page.items, known, erased, seen_at)
    roots = threads.resolve(conn, found.fresh.values())
    roots |= {key: known[key].thread for key in found.again}
    concerned = concerning.brands_of(
        conn, brands, [*found.fresh.values(), *found.again.values()], roots
    )
    fresh = [one for one in found.fresh.values() if concerned[one.key]]
    writers = authors.ensure(conn, [*fresh, *found.again.values()])

    ids = dict(zip((one.key for one in fresh), bulk.take_ids(conn, post, len(fresh)), strict=True))
    rows = [
        _post_row(one, ids[one.key], writers, roots[one.key], seen_at)
        | {"to_judge": not all(brand.wrote(one) for _, brand in concerned[one.key])}
        for one in fresh
    ]
    bulk.insert(conn, post, rows)
    _mention(conn, ids, found, concerned)
    _see_again(conn, known, found, concerned, seen_at)
    ids |= {key: one.id for key, one in known.items()}
    bulk.insert_missing(conn, sighting, _sighting_rows(stream_id, ids, concerned))
    _bury(conn, {ids[key]: gone for key, gone in found.gone.items() if key in ids}, seen_at)
    bulk.insert_missing(conn, reject, _reject_rows(stream_id, found.rejected, seen_at))
    threads.move_followers(conn, {one.key: roots[one.key] for one in fresh})
    return Counts(
        stored=len(fresh),
        duplicate=found.duplicates,
        rejected=len(found.rejected),
        edited=found.edits,
        deleted=sum(key in ids for key in found.gone),
        unnamed=len(found.fresh) - len(fresh),
    )


def _take_turns(conn: Connection, keys: Iterable[PostKey]) -> None:
    """Pages of one network are stored one after another, as all writing is on SQLite.

    Else a post and its answer, stored at the same time, would not see each other.
    """
    if conn.dialect.name == "postgresql":
        for network in sorted({key.network for key in keys}):
            lock = sa.func.hashtextextended(f"intake {network}", 0)
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))


def _known(conn: Connection, keys: Iterable[PostKey]) -> dict[PostKey, Known]:
    columns = (
        post.c.external_id,
        post.c.id,
        post.c.thread,
        post.c.title,
        post.c.text,
        post.c.rating,
        post.c.edited_at,
        post.c.gone_at.is_not(None),
    )
    return {
        PostKey(network, external_id): Known(*rest)
        for network, lot in bulk.by_network(keys)
        for external_id, *rest in conn.execute(
            sa.select(*columns).where(post.c.network == network, post.c.external_id.in_(lot))
        )
    }


def tombstone_of(key: PostKey, secret: bytes) -> str:
    """What is kept of an erased post: a keyed hash, of use only to recognise the post."""
    return hashlib.blake2b(str(key).encode(), key=secret, digest_size=16).hexdigest()


def _erased(conn: Connection, keys: Iterable[PostKey], secret: bytes) -> set[PostKey]:
    if not conn.scalar(sa.select(sa.exists(sa.select(tombstone.c.digest)))):
        return set()
    digests = {tombstone_of(key, secret): key for key in keys}
    return {
        digests[digest]
        for lot in bulk.lots(list(digests))
        for digest in conn.scalars(sa.select(tombstone.c.digest).where(tombstone.c.digest.in_(lot)))
    }


def _post_row(
    one: Post, number: int, writers: authors.Writers, thread: str, seen_at: datetime
) -> dict[str, Any]:
    # what a client declares gives way to the network's own time; nothing is posted in the future
    posted_at = min(one.indexed_at or one.posted_at, seen_at)
    key = one.author.key
    return {
        "id": number,
        "network": one.key.network,
        "external_id": one.key.external_id,
        "kind": one.kind.value,
        "thread": thread,
        "reply_to": one.reply_to,
        "quotes": one.quotes,
        "author_id": None if key is None else writers[one.key.network, key],
        "via": one.via,
        "visibility": one.visibility,
        "posted_at": posted_at,
        "claimed_at": None if posted_at == one.posted_at else one.posted_at,
        "indexed_at": one.indexed_at,
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
    } | _said(one, seen_at)


def _said(one: Post, seen_at: datetime) -> dict[str, Any]:
    """The columns that an edit may change."""
    return {
        "title": one.title,
        "text": one.text,
        "lang": one.lang,
        "rating": one.rating,
        "edited_at": one.edited_at and min(one.edited_at, seen_at),
        "reply_token": one.reply_token,
        "url": one.url,
        "reach": one.reach,
        "can_reply": one.can_reply,
        "cannot_reply_because": one.cannot_reply_because,
    }


def _mention_rows(post_id: int, one: Post, brands: Brands, *, gone: bool) -> list[dict[str, Any]]:
    rows = []
    for brand_id, brand in brands:
        own = brand.wrote(one)
        rows.append(
            {
                "brand_id": brand_id,
                "post_id": post_id,
                "own": own,
                "automatic": own and brand.answers_automatically(one),
                "next": SETTLE if own or gone else TRIAGE,
            }
        )
    return rows


def _mention(
    conn: Connection,
    ids: Mapping[PostKey, int],
    found: Arrivals,
    concerned: Mapping[PostKey, Brands],
) -> None:
    rows = [
        row
        for key, number in ids.items()
        for row in _mention_rows(number, found.fresh[key], concerned[key], gone=key in found.gone)
    ]
    bulk.insert(conn, mention, rows)


def _see_again(
    conn: Connection,
    known: Mapping[PostKey, Known],
    found: Arrivals,
    concerned: Mapping[PostKey, Brands],
    seen_at: datetime,
) -> None:
    """Posts that are there already: seen again, by a further brand, or edited."""
    numbers = [known[key].id for key in found.again]
    for lot in bulk.lots(numbers):
        conn.execute(post.update().where(post.c.id.in_(lot)).values(last_seen_at=seen_at))
    there = _mentioned(conn, numbers)
    rows = [
        row
        for key, one in found.again.items()
        for row in _mention_rows(known[key].id, one, concerned[key], gone=known[key].gone)
        if (row["brand_id"], row["post_id"]) not in there
    ]
    bulk.insert(conn, mention, rows)
    _judge_later(conn, [row["post_id"] for row in rows if not row["own"]])
    _edit(conn, {known[key].id: one for key, one in found.edited.items()}, seen_at)


def _mentioned(conn: Connection, post_ids: Sequence[int]) -> set[tuple[int, int]]:
    pair = (mention.c.brand_id, mention.c.post_id)
    return {
        (brand_id, post_id)
        for lot in bulk.lots(post_ids)
        for brand_id, post_id in conn.execute(sa.select(*pair).where(mention.c.post_id.in_(lot)))
    }


def _judge_later(conn: Connection, post_ids: Sequence[int]) -> None:
    """What was one brand's own post, never judged, may be another's complaint."""
    judged = sa.exists().where(judgement.c.post_id == post.c.id)
    for lot in bulk.lots(post_ids):
        conn.execute(
            post.update()
            .where(post.c.id.in_(lot), post.c.text.is_not(None), ~judged)
            .values(to_judge=True)
        )


def _edit(conn: Connection, edited: Mapping[int, Post], seen_at: datetime) -> None:
    """Edited posts say what they say now, and are judged and settled anew for every brand."""
    bulk.update(conn, post, [{"id": key} | _said(one, seen_at) for key, one in edited.items()])
    asked = sa.exists().where(mention.c.post_id == post.c.id, ~mention.c.own)
    turn = sa.case((mention.c.own, SETTLE), else_=TRIAGE)
    for lot in bulk.lots(list(edited)):
        judged = judgement.c.post_id.in_(lot)
        conn.execute(judgement.delete().where(judged))
        conn.execute(post.update().where(post.c.id.in_(lot)).values(to_judge=asked))
        conn.execute(mention.update().where(mention.c.post_id.in_(lot)).values(next=turn))


def _sighting_rows(
    stream_id: int, ids: Mapping[PostKey, int], concerned: Mapping[PostKey, Brands]
) -> list[dict[str, Any]]:
    return [
        {"brand_id": brand_id, "post_id": ids[key], "stream_id": stream_id}
        for key, brands in concerned.items()
        for brand_id, _ in brands
    ]


def _bury(conn: Connection, gone: Mapping[int, Gone], seen_at: datetime) -> None:
    """Purge what deleted posts said, keep their timings, and have their cases settled."""
    purged = {"title": None, "text": None, "url": None, "reply_token": None, "to_judge": False}
    rows = [
        {"id": key, "gone_at": min(one.before, seen_at), "gone_after": one.after} | purged
        for key, one in gone.items()
    ]
    bulk.update(conn, post, rows)
    writers: set[int] = set()
    for lot in bulk.lots(list(gone)):
        conn.execute(mention.update().where(mention.c.post_id.in_(lot)).values(next=SETTLE))
        known = sa.select(post.c.author_id).where(post.c.id.in_(lot), post.c.author_id.is_not(None))
        writers.update(conn.scalars(known))
    authors.forget(conn, writers)


def _reject_rows(
    stream_id: int, rejected: Sequence[Rejected], seen_at: datetime
) -> list[dict[str, Any]]:
    return [
        {
            "stream_id": stream_id,
            "at": seen_at,
            "place": one.where,
            "reason": one.reason,
            "sample": one.sample,
        }
        for one in rejected
    ]


def load_posts(conn: Connection, ids: Collection[int]) -> dict[int, Post]:
    """The posts by number. Those whose text was purged (deleted, too old) are left out."""
    writer = (author.c.external_id.label("author_external_id"), *_NAMES)
    return {
        row.id: as_post(row)
        for lot in bulk.lots(list(ids))
        for row in conn.execute(
            sa.select(post, *writer)
            .outerjoin(author, author.c.id == post.c.author_id)
            .where(post.c.id.in_(lot), post.c.text.is_not(None))
        )
    }


_NAMES = (author.c.handle, author.c.name, author.c.followers)


def save_judgements(
    conn: Connection,
    judgements: Sequence[tuple[int, Judgement]],
    judged_at: datetime,
    *,
    of: Mapping[int, Post],
) -> None:
    """Keep what the classifier says of posts as they read in `of`.

    A post that was edited or deleted while the classifier thought is passed over: its new words wait
    for a judgement of their own, or there is none to be had.
    """
    now = load_posts(conn, [number for number, _ in judgements])
    valid = [
        (number, one)
        for number, one in judgements
        if number in now and _words(now[number]) == _words(of[number])
    ]
    for lot in bulk.lots([number for number, _ in valid]):
        conn.execute(judgement.delete().where(judgement.c.post_id.in_(lot)))
        conn.execute(post.update().where(post.c.id.in_(lot)).values(to_judge=False))
    rows = [
        {
            "post_id": number,
            "complaint": one.complaint,
            "question": one.question,
            "praise": one.praise,
            "other": one.other,
            "language": one.language,
            "model": one.model,
            "judged_at": judged_at,
        }
        for number, one in valid
    ]
    bulk.insert(conn, judgement, rows)


def _words(one: Post) -> tuple[str | None, str, float | None]:
    return one.title, one.text, one.rating
