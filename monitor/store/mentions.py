"""What triage and settle read and write: a post as one brand sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.answer import ThreadPost
from monitor.domain.event import Ask, AskKind
from monitor.domain.judgement import Band, Judgement, Severity, Verdict
from monitor.domain.post import Author, Post, PostKey, PostKind
from monitor.store import turns
from monitor.store.cases import customer_of
from monitor.store.cross_brand import Why, across
from monitor.store.failures import is_set_aside, resting
from monitor.store.schema import author, brand, judgement, mention, post, quote

TRIAGE = "triage"
SETTLE = "settle"

# what is asked again and again is put together once
_THIS = (mention.c.brand_id == sa.bindparam("brand")) & (
    mention.c.post_id == sa.bindparam("number")
)
_WAITS = sa.select(mention.c.next).where(_THIS)
_HELD = _WAITS.with_for_update()
_MENTION = (
    sa.select(
        post,
        author.c.external_id.label("author_external_id"),
        author.c.handle,
        author.c.name,
        author.c.followers,
        mention.c.own,
        mention.c.automatic,
        mention.c.band,
        mention.c.asks,
        mention.c.filtered,
        brand.c.name.label("brand"),
    )
    .join(mention, mention.c.post_id == post.c.id)
    .join(brand, brand.c.id == mention.c.brand_id)
    .outerjoin(author, author.c.id == post.c.author_id)
    .where(_THIS)
)
_JUDGEMENT = sa.select(judgement).where(judgement.c.post_id == sa.bindparam("number"))
_IN_THREAD = sa.exists().where(
    (post.c.network == sa.bindparam("network"))
    & (post.c.thread == sa.bindparam("root"))
    & (mention.c.post_id == post.c.id)
    & (mention.c.brand_id == sa.bindparam("brand"))
    & mention.c.own
)
_QUOTED_BY = sa.exists().where(
    (quote.c.brand_id == sa.bindparam("brand"))
    & (quote.c.network == sa.bindparam("network"))
    & (quote.c.external_id == sa.bindparam("external_id"))
)
_HAS_ANSWERS = sa.select(_IN_THREAD | _QUOTED_BY)
_VERDICT = (
    "band",
    "severity",
    "topics",
    "asks",
    "reason",
    "due_at",
    "rule",
    "filtered",
    "would_be",
)
_HAND_ON = mention.update().where(_THIS).values(next=sa.bindparam("next"))
_KEEP = _HAND_ON.values({name: sa.bindparam(name) for name in _VERDICT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A stored post and what a brand has made of it so far."""

    brand_id: int
    brand: str
    post_id: int
    post: Post
    customer: str
    own: bool
    automatic: bool
    first_seen_at: datetime
    gone_at: datetime | None
    gone_after: datetime | None
    to_judge: bool
    band: Band | None
    asks: AskKind | None
    filtered: str | None
    """The rule by which it is set aside."""


@dataclass(frozen=True, slots=True)
class InThread:
    """A post of a thread as answer matching sees it, with the rows it came from."""

    post_id: int
    seen: ThreadPost
    posted_at: datetime
    counts: bool
    """A brand's post that stands and was not sent by a machine."""
    mended_at: datetime | None = None
    """When an owner's response, of which there is only one, was written over last."""


def item(brand_id: int, post_id: int) -> str:
    """The key under which stages handle a mention."""
    return f"{brand_id}:{post_id}"


def parse_item(text: str) -> tuple[int, int]:
    """The brand and the post of such a key."""
    brand_id, _, post_id = text.partition(":")
    return int(brand_id), int(post_id)


def due(
    conn: Connection, stage: str, now: datetime, limit: int, *, but: Collection[int] = ()
) -> list[str]:
    """Mentions that wait for a stage, brands taking turns, of each the oldest first; but for some brands.

    Triage waits until the post is judged.
    """
    key = sa.cast(mention.c.brand_id, sa.Text) + ":" + sa.cast(mention.c.post_id, sa.Text)
    query = (
        sa.select(mention.c.brand_id, mention.c.post_id)
        .where((mention.c.next == stage) & ~resting(stage, key, now))
        .where(mention.c.brand_id.not_in(but) if but else sa.true())
        .order_by(mention.c.post_id)
        .limit(turns.SEEN)
    )
    if stage == TRIAGE:
        query = query.join(post, post.c.id == mention.c.post_id).where(~post.c.to_judge)
    each = query.subquery()
    turn = turns.turn_of(each.c.brand_id, each.c.post_id)
    found = sa.select(each.c.brand_id, each.c.post_id).order_by(turn, each.c.post_id).limit(limit)
    return [item(*one) for one in conn.execute(across(found, Why.DUE))]


def claim(conn: Connection, brand_id: int, post_id: int, *, stage: str) -> Mention | None:
    """The mention, kept from others' edits and deletions until the transaction ends.

    None if it does not wait for this stage (any more): an edit that came meanwhile has to be judged
    first, it was erased, or another worker was faster.
    """
    # locked before it is read: a row read first and waited for would show the post as it was before
    waits = _HELD if conn.dialect.name == "postgresql" else _WAITS
    if conn.scalar(waits, {"brand": brand_id, "number": post_id}) != stage:
        return None
    found = load(conn, brand_id, post_id)
    return None if found is None or (found.to_judge and stage == TRIAGE) else found


def answers_to_match(conn: Connection) -> dict[int, datetime]:
    """By brand, when the first of its own posts was written that may still find whom it answers.

    One that was set aside finds nobody until a person has it tried again.
    """
    key = sa.cast(mention.c.brand_id, sa.Text) + ":" + sa.cast(mention.c.post_id, sa.Text)
    query = (
        sa.select(mention.c.brand_id, sa.func.min(post.c.posted_at).label("first"))
        .join(post, post.c.id == mention.c.post_id)
        .where(mention.c.next.is_not(None), mention.c.own, ~is_set_aside(mention.c.next, key))
        .group_by(mention.c.brand_id)
    )
    return {row.brand_id: row.first for row in conn.execute(across(query, Why.DUE))}


def load(conn: Connection, brand_id: int, post_id: int) -> Mention | None:
    """The mention, or None if it was erased meanwhile."""
    found = conn.execute(_MENTION, {"brand": brand_id, "number": post_id}).one_or_none()
    if found is None:
        return None
    return Mention(
        brand_id=brand_id,
        brand=found.brand,
        post_id=post_id,
        post=as_post(found),
        customer=customer_of(found.author_id, post_id),
        own=found.own,
        automatic=found.automatic,
        first_seen_at=found.first_seen_at,
        gone_at=found.gone_at,
        gone_after=found.gone_after,
        to_judge=found.to_judge,
        band=Band(found.band) if found.band else None,
        asks=AskKind(found.asks) if found.asks else None,
        filtered=found.filtered,
    )


def as_post(row: sa.Row[Any]) -> Post:
    """The domain's post from a joined row of `post` and `author` (columns handle, name, followers)."""
    return Post(
        key=PostKey(row.network, row.external_id),
        kind=PostKind(row.kind),
        thread=row.thread,
        reply_to=row.reply_to,
        quotes=tuple(row.quotes),
        title=row.title,
        text=row.text or "",
        lang=row.lang,
        rating=row.rating,
        author=Author(
            id=row.author_external_id, handle=row.handle, name=row.name, followers=row.followers
        ),
        via=row.via,
        visibility=row.visibility,
        reply_token=row.reply_token,
        url=row.url,
        posted_at=row.posted_at,
        indexed_at=row.indexed_at,
        edited_at=row.edited_at,
        reach=row.reach,
        can_reply=row.can_reply,
        cannot_reply_because=row.cannot_reply_because,
    )


def judgement_of(conn: Connection, post_id: int) -> Judgement | None:
    """The latest judgement of a post, None before there is one."""
    found = conn.execute(_JUDGEMENT, {"number": post_id}).one_or_none()
    if found is None:
        return None
    return Judgement(
        complaint=found.complaint,
        question=found.question,
        praise=found.praise,
        other=found.other,
        language=found.language,
        model=found.model,
    )


def keep_verdict(
    conn: Connection,
    one: Mention,
    verdict: Verdict,
    *,
    asks: AskKind | None,
    due_at: datetime | None,
    rule: str | None,
    next_stage: str | None,
) -> None:
    """Write what triage decided, and hand the mention on."""
    said = {
        "band": verdict.band.value,
        "severity": int(verdict.severity),
        "topics": list(verdict.topics),
        "asks": asks.value if asks else None,
        "reason": verdict.reason,
        "due_at": due_at,
        "rule": rule,
        "next": next_stage,
        "filtered": None,
        "would_be": None,
    }
    conn.execute(_KEEP, {**said, "brand": one.brand_id, "number": one.post_id})


def hand_on(conn: Connection, brand_id: int, post_id: int, stage: str | None) -> None:
    """Give the mention to a stage, or to none."""
    conn.execute(_HAND_ON, {"next": stage, "brand": brand_id, "number": post_id})


def thread(conn: Connection, brand_id: int, network: str, root: str) -> dict[str, InThread]:
    """The posts of a thread as the brand sees them, by external id."""
    return _matching(conn, brand_id, (post.c.network == network) & (post.c.thread == root))


def _matching(
    conn: Connection, brand_id: int, where: sa.ColumnElement[bool]
) -> dict[str, InThread]:
    rows = conn.execute(
        sa.select(
            post.c.id,
            post.c.external_id,
            post.c.kind,
            post.c.author_id,
            post.c.reply_to,
            post.c.quotes,
            post.c.thread,
            post.c.posted_at,
            post.c.edited_at,
            post.c.gone_at,
            mention.c.own,
            mention.c.automatic,
        )
        .join(mention, (mention.c.post_id == post.c.id) & (mention.c.brand_id == brand_id))
        .where(where)
    )
    return {one.external_id: _in_thread(one) for one in rows}


def _in_thread(row: Any) -> InThread:
    seen = ThreadPost(
        id=row.external_id,
        customer=None if row.own else customer_of(row.author_id, row.id),
        reply_to=row.reply_to,
        quotes=tuple(row.quotes),
        thread=row.thread,
    )
    counts = row.own and not row.automatic and row.gone_at is None
    is_one = row.kind == PostKind.RESPONSE and row.edited_at and row.edited_at > row.posted_at
    return InThread(row.id, seen, row.posted_at, counts, row.edited_at if is_one else None)


def quoted(
    conn: Connection, brand_id: int, network: str, ids: Iterable[str]
) -> dict[str, InThread]:
    """The quoted posts, in whatever thread they stand."""
    wanted = list(ids)
    if not wanted:
        return {}
    return _matching(conn, brand_id, (post.c.network == network) & post.c.external_id.in_(wanted))


def keep_quotes(conn: Connection, one: Mention) -> None:
    """Remember whom a brand post quotes: the quoted post may be stored after it."""
    kept = sa.select(quote.c.external_id).where(
        quote.c.brand_id == one.brand_id, quote.c.post_id == one.post_id
    )
    known = set(conn.scalars(kept))
    rows = [
        {
            "brand_id": one.brand_id,
            "network": one.post.key.network,
            "external_id": quoted_id,
            "post_id": one.post_id,
        }
        for quoted_id in sorted(set(one.post.quotes) - known)
    ]
    if rows:
        conn.execute(quote.insert(), rows)


def quoting(conn: Connection, brand_id: int, network: str, root: str) -> dict[str, InThread]:
    """The brand's posts, in whatever thread they stand, that quote one of this thread."""
    of_thread = sa.select(post.c.external_id).where(
        (post.c.network == network) & (post.c.thread == root)
    )
    here = (quote.c.brand_id == brand_id) & (quote.c.network == network)
    found = sa.select(quote.c.post_id).where(here, quote.c.external_id.in_(of_thread))
    return _matching(conn, brand_id, post.c.id.in_(found))


def has_answers(conn: Connection, one: Mention) -> bool:
    """Whether the brand has a post in the thread, or quotes this one, so that settle has to look."""
    key = one.post.key
    said = {"network": key.network, "root": one.post.thread, "external_id": key.external_id}
    return bool(conn.scalar(_HAS_ANSWERS, {**said, "brand": one.brand_id}))


def questions(conn: Connection, brand_id: int, network: str, root: str, customer: str) -> list[int]:
    """The ids of a customer's questions in a thread, whether or not they are part of a case."""
    if not customer.isdigit():  # an unknown author has one post, and no earlier ones
        return []
    return list(
        conn.scalars(
            sa.select(post.c.id)
            .join(mention, (mention.c.post_id == post.c.id) & (mention.c.brand_id == brand_id))
            .where(
                (post.c.network == network)
                & (post.c.thread == root)
                & (post.c.author_id == int(customer))
                & (mention.c.asks == AskKind.QUESTION.value)
                & post.c.gone_at.is_(None)
            )
            .order_by(post.c.id)
        )
    )


def kept_ask(conn: Connection, brand_id: int, post_id: int) -> tuple[datetime, Ask]:
    """What triage found that a post asks for, and since when it was there to be asked."""
    found = conn.execute(
        sa.select(mention, post.c.posted_at, post.c.first_seen_at)
        .join(post, post.c.id == mention.c.post_id)
        .where(mention.c.brand_id == brand_id, mention.c.post_id == post_id)
    ).one()
    ask = Ask(
        post=post_id,
        kind=AskKind(found.asks),
        band=Band(found.band),
        severity=Severity(found.severity),
        topics=tuple(found.topics),
        first_seen_at=found.first_seen_at,
        due_at=found.due_at,
        rule=found.rule,
    )
    return found.posted_at, ask
