"""Open a case by hand: staff know of a complaint that no source brought, or that was let pass."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from monitor.domain.correction import Said
from monitor.domain.errors import MonitorError
from monitor.domain.event import Ask, AskKind, Confirmed, Opened
from monitor.domain.identity import Brand
from monitor.domain.judgement import Band, Severity, Verdict
from monitor.domain.lexicon import Lexicon
from monitor.domain.policy import Rule, first_match
from monitor.domain.post import Author, Post, PostKey
from monitor.store import by_hand, cases, corrections, mentions
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Connection, Transactions
from monitor.store.mentions import Mention


class NothingSaidError(MonitorError):
    """There are no words that a case could be about."""


class AlreadyOpenError(MonitorError):
    """There is a case for it already."""


def heard(
    brand: Brand, text: str, *, url: str | None, author: str | None, posted_at: datetime
) -> Post:
    """The post that a person tells of. Told twice, it is the same one.

    Raises:
        NothingSaidError: there are no words in it.

    """
    if not text.strip():
        msg = "A case is about something: say what the customer said, or give its address."
        raise NothingSaidError(msg)
    same = "\0".join((brand.name, author or "", url or text))
    key = PostKey(by_hand.NETWORK, hashlib.sha256(same.encode(errors="replace")).hexdigest()[:20])
    return Post(
        key=key,
        thread=key.external_id,
        text=text,
        url=url,
        author=Author(handle=author),
        posted_at=posted_at,
    )


def open_case(
    database: Transactions,
    brand: Brand,
    post: Post,
    *,
    rules: Sequence[Rule],
    lexicon: Lexicon,
    severity: Severity | None,
    by: str,
    now: datetime,
) -> int:
    """Open a confirmed case for what was heard; if a source has brought that address, for that post.

    Returns the case's number.

    Raises:
        AlreadyOpenError: the customer has a case in that thread.

    """
    with database.writing() as conn:
        known = by_hand.by_address(conn, brand, post.url) if post.url else None
        one = known or by_hand.keep(conn, brand, post, now)
        case_id = cases.find(conn, _key(one))
        if case_id is not None:
            raise AlreadyOpenError(f"case {case_id} is about that already")
        return _open(conn, one, rules, lexicon, severity, by=by, now=now)


def say(
    database: Transactions,
    brand_id: int,
    post_id: int,
    said: Said,
    *,
    rules: Sequence[Rule],
    lexicon: Lexicon,
    by: str,
    now: datetime,
) -> int | None:
    """Keep what a person says that a post is. A complaint that was let pass opens a confirmed case.

    Returns the number of the customer's case in that thread, None if there is none.

    Raises:
        NothingSaidError: no customer's post of the brand has that number, or its words are purged.

    """
    with database.writing() as conn:
        one = mentions.load(conn, brand_id, post_id)
        if one is None or one.own or not f"{one.post.title or ''}{one.post.text}".strip():
            msg = f"There is no post {post_id} of a customer whose words are kept."
            raise NothingSaidError(msg)
        corrections.keep(conn, brand_id, post_id, said, by=by, now=now)
        case_id = cases.find(conn, _key(one))
        if said is Said.COMPLAINT and case_id is None:
            return _open(conn, one, rules, lexicon, None, by=by, now=now)
        return case_id


def _key(one: Mention) -> CaseKey:
    return CaseKey(one.brand_id, one.post.key.network, one.post.thread, one.customer)


def _open(
    conn: Connection,
    one: Mention,
    rules: Sequence[Rule],
    lexicon: Lexicon,
    severity: Severity | None,
    *,
    by: str,
    now: datetime,
) -> int:
    reading = lexicon.read(f"{one.post.title or ''}\n{one.post.text}")
    told = Verdict(
        band=Band.ALERT,
        severity=severity or reading.severity or Severity.NORMAL,
        topics=reading.topics,
        reason="; ".join((f"opened by hand by {by}", *reading.because)),
        asks=True,
    )
    ask = _ask(conn, one, told, rules)
    case_id = cases.open_case(
        conn, _key(one), root_post_id=one.post_id, opened_at=one.post.posted_at
    )
    facts = [Fact(one.post.posted_at, Opened(ask), by), Fact(now, Confirmed(), by)]
    cases.append(conn, case_id, facts, now=now)
    mentions.keep_verdict(
        conn,
        one,
        told,
        asks=ask.kind,
        due_at=ask.due_at,
        rule=ask.rule,
        next_stage=mentions.SETTLE,
    )
    return case_id


def _ask(conn: Connection, one: Mention, told: Verdict, rules: Sequence[Rule]) -> Ask:
    rule = first_match(
        rules,
        brand=one.brand,
        network=one.post.key.network,
        severity=told.severity,
        topics=told.topics,
    )
    return Ask(
        post=one.post_id,
        kind=AskKind.COMPLAINT,
        band=told.band,
        severity=told.severity,
        topics=told.topics,
        first_seen_at=one.first_seen_at,
        due_at=rule.due(one.post.posted_at),
        rule=cases.keep_rule(conn, rule),
    )
