"""Open a case by hand: staff know of a complaint that no source brought, or that was let pass."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.correction import Said
from monitor.domain.errors import PhrasedError
from monitor.domain.event import Ask, AskKind, Confirmed, FollowedUp, Opened, Rejudged, Undone
from monitor.domain.identity import Brand
from monitor.domain.judgement import Band, Severity, Verdict
from monitor.domain.lexicon import Lexicon
from monitor.domain.policy import Rule, Subject, first_match
from monitor.domain.post import Author, Post, PostKey
from monitor.store import by_hand, cases, copies, corrections, mentions
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Connection, Transactions
from monitor.store.mentions import Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person says that a post is."""

    said: Said
    by: str
    reviewed: bool = False
    """The post came up in the weekly sample; else the person picked it."""


class NothingSaidError(PhrasedError):
    """There are no words that a case could be about."""


class AlreadyOpenError(PhrasedError):
    """There is a case already in which it waits for an answer."""


def heard(
    brand: Brand, text: str, *, url: str | None, author: str | None, posted_at: datetime
) -> Post:
    """The post that a person tells of. Told twice, it is the same one.

    Raises:
        NothingSaidError: there are no words in it.

    """
    if not text.strip():
        raise NothingSaidError(
            "A case is about something: say what the customer said, or give its address."
        )
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

    Where the customer has a case in that thread, the post asks in that one. Returns the case's number.

    Raises:
        AlreadyOpenError: the post asks there already.

    """
    with database.writing() as conn:
        known = by_hand.by_address(conn, brand, post.url) if post.url else None
        one = known or by_hand.keep(conn, brand, post, now)
        case_id = _case_of(conn, one)
        if case_id is not None and one.asks is not None:
            raise AlreadyOpenError("case {number} is about that already", number=case_id)
        return _complain(conn, one, case_id, rules, lexicon, severity, by=by, now=now)


def say(
    database: Transactions,
    brand_id: int,
    post_id: int,
    told: Told,
    *,
    rules: Sequence[Rule],
    lexicon: Lexicon,
    now: datetime,
) -> int | None:
    """Keep what a person says that a post is. A complaint that was let pass opens a confirmed case.

    Where the customer has a case in that thread, it asks in that one, and opens the next wait if none
    is open. A copy opens nothing: the case that it is linked to stands for it. Returns the number of
    that case, None if there is none.

    Raises:
        NothingSaidError: no customer's post of the brand has that number, or its words are purged.

    """
    with database.writing() as conn:
        one = mentions.load(conn, brand_id, post_id)
        if one is None or one.own or not f"{one.post.title or ''}{one.post.text}".strip():
            raise NothingSaidError(
                "There is no post {number} of a customer whose words are kept.", number=post_id
            )
        by = told.by
        corrections.keep(conn, brand_id, post_id, told.said, by=by, now=now, reviewed=told.reviewed)
        copied = copies.case_of(conn, one)
        if copied is not None:
            return copied
        case_id = _case_of(conn, one)
        if told.said is Said.COMPLAINT and (case_id is None or one.asks is None):
            return _complain(conn, one, case_id, rules, lexicon, None, by=by, now=now)
        return case_id


def _case_of(conn: Connection, one: Mention) -> int | None:
    """The customer's case in the thread, or the one that it became part of."""
    case_id = cases.find(conn, _key(one))
    return None if case_id is None else cases.hold(conn, case_id)


def _key(one: Mention) -> CaseKey:
    return CaseKey(one.brand_id, one.post.key.network, one.post.thread, one.customer)


def _complain(
    conn: Connection,
    one: Mention,
    case_id: int | None,
    rules: Sequence[Rule],
    lexicon: Lexicon,
    severity: Severity | None,
    *,
    by: str,
    now: datetime,
) -> int:
    """Have the post ask: in the customer's case in the thread, else in a new one."""
    reading = lexicon.read(f"{one.post.title or ''}\n{one.post.text}")
    told = Verdict(
        band=Band.ALERT,
        severity=severity or reading.severity or Severity.NORMAL,
        topics=reading.topics,
        reason="; ".join((f"opened by hand by {by}", *reading.because)),
        asks=True,
    )
    asked_at = one.post.posted_at
    ask = _ask(conn, one, told, rules)
    if case_id is None:
        case_id = cases.open_case(conn, _key(one), root_post_id=one.post_id, opened_at=asked_at)
        facts = [Fact(asked_at, Opened(ask), by), Fact(now, Confirmed(), by)]
    else:
        # nothing is said of the case's other posts: what is surely a complaint needs no `Confirmed`
        wrong = Rejudged(one.post_id, None)  # what an edit took back was asked all the time
        known = cases.load(conn, case_id).records
        facts = [Fact(now, Undone(it.seq), by) for it in known if it.event == wrong]
        facts.append(Fact(asked_at, FollowedUp(ask), by))
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
    rule = first_match(rules, Subject.of(one.brand, one.post, told))
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
