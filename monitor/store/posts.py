"""Posts on their way in: a page becomes rows, in few statements and in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.arrival import Arrivals, Known, sort_out
from monitor.domain.judgement import Judgement
from monitor.domain.keeping import Purge
from monitor.domain.post import Page, Post, PostKey, Rejected
from monitor.store import (
    authors,
    bulk,
    concerning,
    gone,
    looking,
    own_answers,
    rejects,
    said,
    tallies,
    threads,
    tombstones,
    unnamed,
)
from monitor.store.bulk import among
from monitor.store.concerning import Brands
from monitor.store.cross_brand import Why, across
from monitor.store.mentions import SETTLE, TRIAGE, as_post
from monitor.store.schema import author, judgement, mention, post, sighting


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the items of one page or more: `read = stored + duplicate + rejected`, always.

    `stored`: new posts. `duplicate`: items that brought no new post: a post known already (or
    erased for good), or the news that one was deleted. `rejected`: items that could not be read.
    `edited` and `deleted` are parts of `duplicate`: posts that say something else than before, and
    posts of ours that are gone (one may be told of before its post comes, and is counted when it
    does). `unnamed` is no part of `read`: posts of a source shared by several brands that name none
    of them and stand in no conversation with one; they are not kept. A reply is: its conversation
    may turn out to be with one.
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
    can_ask: bool = False,
) -> Counts:
    """Store a page that a stream of these brands brought. Storing it again changes nothing.

    `can_ask`: its source can be asked later whether the posts still stand.
    """
    take_turns(conn, {one.key.network for one in page.items if not isinstance(one, Rejected)})
    page, erased = tombstones.recognised(conn, page, stream_id)
    keys = {one.key for one in page.items if not isinstance(one, Rejected)}
    known = _known(conn, keys)
    deleted = gone.of_these(conn, keys - known.keys())
    found = sort_out(page.items, known, erased, seen_at, deleted)
    roots = threads.resolve(conn, found.fresh.values())
    roots |= {key: known[key].thread for key in found.again}
    concerned = concerning.brands_of(
        conn, brands, [*found.fresh.values(), *found.again.values()], roots
    )
    fresh = [one for key, one in found.fresh.items() if concerned[key] or not one.is_root]
    writers = authors.ensure(conn, [*fresh, *_with_words(known, found)])
    numbers = bulk.take_ids(conn, post, len(fresh))
    new = [
        _New(number, one, roots[one.key], concerned[one.key], one.key in found.gone, found.past)
        for number, one in zip(numbers, fresh, strict=True)
    ]
    gone.step_aside(conn, found.replaced)
    _insert(conn, stream_id, new, writers, seen_at)
    joined = _see_again(conn, known, found, concerned, seen_at)
    if can_ask:
        here = [*(one.number for one in new), *(known[key].id for key in found.again)]
        looking.stand(conn, here, seen_at)
    ids = {key: one.id for key, one in known.items()}
    again = ((ids[key], concerned[key]) for key in found.again)
    bulk.insert_missing(conn, sighting, _sighting_rows(stream_id, again))
    ids |= {one.post.key: one.number for one in new}
    buried = {ids[key]: one for key, one in found.gone.items() if key in ids} | found.buried
    gone.bury(conn, buried, seen_at)
    gone.forget(conn, deleted.keys() & ids.keys())
    unborn = [one for key, one in found.gone.items() if key not in ids]
    gone.remember(conn, [*found.early.values(), *unborn], seen_at)
    rejects.keep(conn, stream_id, found.rejected, seen_at)
    threads.move_followers(conn, {one.post.key: one.thread for one in new})
    if unnamed.wait(conn):
        joined |= {one.post.key for one in new}
        _judge_later(conn, unnamed.follow(conn, concerning.talks(joined, concerned, roots)))
    return Counts(
        stored=len(fresh),
        duplicate=found.duplicates,
        rejected=len(found.rejected),
        edited=found.edits,
        deleted=len(buried),
        unnamed=len(found.fresh) - len(fresh),
    )


def take_turns(conn: Connection, networks: Collection[str]) -> None:
    """Pages of one network are stored one after another, as all writing is on SQLite.

    Else a post and its answer, stored at the same time, would not see each other, and who is erased
    meanwhile would come back.
    """
    if conn.dialect.name == "postgresql":
        for network in sorted(networks):
            lock = sa.func.hashtextextended(f"intake {network}", 0)
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))


def _known(conn: Connection, keys: Iterable[PostKey]) -> dict[PostKey, Known]:
    told = ("id", "thread", "title", "text", "rating", "edited_at", "gone_at")
    more = ("past", "purged_at", "kind", "posted_at")
    columns = [post.c[one] for one in ("external_id", *told, *more)]
    return {
        PostKey(network, external_id): Known(*rest)
        for network, ids in bulk.by_network(keys).items()
        for external_id, *rest in conn.execute(
            sa.select(*columns).where(
                post.c.network == network, among(conn, post.c.external_id, ids)
            )
        )
    }


def _with_words(known: Mapping[PostKey, Known], found: Arrivals) -> list[Post]:
    """Of the posts seen again those whose words are kept: a purged name stays so, too."""
    return [
        one
        for key, one in found.again.items()
        if known[key].text is not None or key in found.edited
    ]


class _New(NamedTuple):
    """A post that is stored now for the first time."""

    number: int
    post: Post
    thread: str
    brands: Brands
    gone: bool
    past: Mapping[PostKey, str]


def _insert(
    conn: Connection,
    stream_id: int,
    new: Sequence[_New],
    writers: authors.Writers,
    seen_at: datetime,
) -> None:
    mentions = [
        row for one in new for row in _mention_rows(one.number, one.post, one.brands, gone=one.gone)
    ]
    asked = {row["post_id"] for row in mentions if not row["own"]}
    own = {row["post_id"] for row in mentions if row["own"]}
    to_erased = {one.number for one in new if tombstones.is_above(one.post, one.thread)} & own
    columns = _post_columns(new, writers, seen_at, asked)
    bulk.insert_columns(conn, post, own_answers.emptied(columns, to_erased))
    if to_erased:
        tallies.add_purged(conn, Purge.ERASED, len(to_erased), seen_at)
    bulk.insert(conn, mention, mentions)
    seen = ((one.number, one.brands) for one in new)
    bulk.insert(conn, sighting, _sighting_rows(stream_id, seen))
    unnamed.keep(conn, stream_id, (one.number for one in new if not one.brands))
    said.add(conn, [one.number for one in new])


def _post_columns(
    new: Sequence[_New], writers: authors.Writers, seen_at: datetime, asked: AbstractSet[int]
) -> dict[str, Sequence[Any]]:
    those = [one.post for one in new]
    now = [seen_at] * len(new)
    # what a client declares gives way to the network's own time; nothing is posted in the future
    posted = [min(one.indexed_at or one.posted_at, seen_at) for one in those]
    keys = [one.author.key for one in those]
    columns: dict[str, Sequence[Any]] = {
        "id": [one.number for one in new],
        "network": [one.key.network for one in those],
        "external_id": [one.key.external_id for one in those],
        "kind": [str(one.kind) for one in those],  # .value costs five times as much
        "thread": [one.thread for one in new],
        "author_id": [
            None if key is None else writers[one.key.network, key]
            for one, key in zip(those, keys, strict=True)
        ],
        "posted_at": posted,
        "claimed_at": [
            None if at == one.posted_at else one.posted_at
            for one, at in zip(those, posted, strict=True)
        ],
        "first_seen_at": now,
        "last_seen_at": now,
        "to_judge": [one.number in asked for one in new],
        "past": [one.past.get(one.post.key) for one in new],
        "edited_at": [one.edited_at and min(one.edited_at, seen_at) for one in those],
    }
    told = ("reply_to", "quotes", "via", "visibility", "indexed_at", *_SAID)
    return columns | {name: list(map(attrgetter(name), those)) for name in told}


_SAID = (
    *("title", "text", "lang", "rating", "reply_token"),
    *("url", "reach", "can_reply", "cannot_reply_because"),
)


def _said(one: Post, seen_at: datetime) -> dict[str, Any]:
    """The columns that an edit may change."""
    now = {name: getattr(one, name) for name in _SAID}
    return now | {"edited_at": one.edited_at and min(one.edited_at, seen_at)}


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


def _see_again(
    conn: Connection,
    known: Mapping[PostKey, Known],
    found: Arrivals,
    concerned: Mapping[PostKey, Brands],
    seen_at: datetime,
) -> set[PostKey]:
    """Posts that are there already: seen again, by a further brand (their keys), or edited."""
    if not found.again:
        return set()
    numbers = [known[key].id for key in found.again]
    here = among(conn, post.c.id, numbers)
    conn.execute(post.update().where(here).values(last_seen_at=seen_at))
    there = _mentioned(conn, numbers)
    rows = [
        row
        for key, one in found.again.items()
        for row in _mention_rows(known[key].id, one, concerned[key], gone=known[key].gone)
        if (row["brand_id"], row["post_id"]) not in there
    ]
    bulk.insert(conn, mention, rows)
    _judge_later(conn, [row["post_id"] for row in rows if not row["own"]])
    _edit(conn, known, found, seen_at)
    joining = {row["post_id"] for row in rows}
    return {key for key in found.again if known[key].id in joining}


def _mentioned(conn: Connection, post_ids: Sequence[int]) -> set[tuple[int, int]]:
    pair = (mention.c.brand_id, mention.c.post_id)
    return {
        (brand_id, post_id)
        for brand_id, post_id in conn.execute(
            across(sa.select(*pair).where(among(conn, mention.c.post_id, post_ids)), Why.ONE_POST)
        )
    }


def _judge_later(conn: Connection, post_ids: Collection[int]) -> None:
    """What was one brand's own post, never judged, may be another's complaint."""
    if not post_ids:
        return
    judged = sa.exists().where(judgement.c.post_id == post.c.id)
    conn.execute(
        post.update()
        .where(among(conn, post.c.id, post_ids), post.c.text.is_not(None), ~judged)
        .values(to_judge=True)
    )


def _edit(
    conn: Connection, known: Mapping[PostKey, Known], found: Arrivals, seen_at: datetime
) -> None:
    """Edited posts say what they say now, and are judged and settled anew for every brand."""
    if not found.edited:
        return
    rows = [
        {"id": known[key].id, "past": found.past[key]} | _said(one, seen_at)
        for key, one in found.edited.items()
    ]
    bulk.update(conn, post, rows)
    edited = [known[key].id for key in found.edited]
    said.renew(conn, edited)
    asked = sa.exists().where(mention.c.post_id == post.c.id, ~mention.c.own)
    turn = sa.case((mention.c.own, SETTLE), else_=TRIAGE)
    conn.execute(judgement.delete().where(among(conn, judgement.c.post_id, edited)))
    judged_anew = post.update().where(among(conn, post.c.id, edited)).values(to_judge=asked)
    anew = mention.update().where(among(conn, mention.c.post_id, edited)).values(next=turn)
    for one in (judged_anew, anew):
        conn.execute(across(one, Why.ONE_POST))


def _sighting_rows(stream_id: int, concerned: Iterable[tuple[int, Brands]]) -> list[dict[str, Any]]:
    return [
        {"brand_id": brand_id, "post_id": number, "stream_id": stream_id}
        for number, brands in concerned
        for brand_id, _ in brands
    ]


def load_posts(conn: Connection, ids: Collection[int]) -> dict[int, Post]:
    """The posts by number. Those whose text was purged (deleted, too old) are left out."""
    names = (author.c.handle, author.c.name, author.c.followers)
    writer = (author.c.external_id.label("author_external_id"), *names)
    return {
        row.id: as_post(row)
        for row in conn.execute(
            sa.select(post, *writer)
            .outerjoin(author, author.c.id == post.c.author_id)
            .where(among(conn, post.c.id, ids), post.c.text.is_not(None))
        )
    }


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
    numbers = [number for number, _ in judgements]
    if conn.dialect.name == "postgresql":
        # else an edit that commits between our look and our writing would never be judged
        held = sa.select(post.c.id).where(among(conn, post.c.id, numbers)).order_by(post.c.id)
        conn.execute(held.with_for_update())
    now = load_posts(conn, numbers)
    valid = [
        (number, one)
        for number, one in judgements
        if number in now and _words(now[number]) == _words(of[number])
    ]
    numbers = [number for number, _ in valid]
    conn.execute(judgement.delete().where(among(conn, judgement.c.post_id, numbers)))
    conn.execute(post.update().where(among(conn, post.c.id, numbers)).values(to_judge=False))
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
