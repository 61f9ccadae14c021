"""Triage: a judgement becomes a verdict, and a complaint opens a case or joins one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from monitor.domain.event import Ask, AskKind, FollowedUp, Opened, Rejudged
from monitor.domain.judgement import Band, Thresholds, Verdict
from monitor.domain.lexicon import Lexicon
from monitor.domain.policy import Rule, first_match
from monitor.domain.verdict import verdict
from monitor.store import cases, mentions
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Connection, Database
from monitor.store.mentions import Mention

ROUND = 500
SAMPLE_ONE_IN = 50
"""One in so many posts that were let pass is shown to people, so that misses are measured."""


class Triage:
    """Decides on each judged mention by thresholds and transparent rules."""

    name: ClassVar[str] = "triage"

    def __init__(
        self,
        database: Database,
        rules: Sequence[Rule],
        thresholds: Thresholds,
        lexicon: Lexicon,
    ) -> None:
        self._database = database
        self._rules = rules
        self._thresholds = thresholds
        self._lexicon = lexicon

    def due(self, now: datetime) -> Sequence[str]:
        """Judged mentions without a verdict."""
        with self._database.reading() as conn:
            return mentions.due(conn, mentions.TRIAGE, now, ROUND)

    def handle(self, item: str, now: datetime) -> None:
        """Decide on one mention and write what follows, in one transaction."""
        with self._database.writing() as conn:
            one = mentions.load(conn, *mentions.parse_item(item))
            if one is not None:
                self._decide(conn, one, now)

    def _decide(self, conn: Connection, one: Mention, now: datetime) -> None:
        judged = mentions.judgement_of(conn, one.post_id)
        if judged is None:  # deleted before it was judged: nothing is left to decide on
            mentions.hand_on(conn, one.brand_id, one.post_id, mentions.SETTLE)
            return
        told = verdict(one.post, judged, self._thresholds, self._lexicon)
        ask = self._ask(conn, one, told)
        case_id = _case_of(conn, one)
        facts = list(self._facts(conn, one, ask, case_id, now))
        if case_id is None and facts:
            case_id = cases.open_case(
                conn, _key(one), root_post_id=one.post_id, opened_at=one.post.posted_at
            )
        if case_id is not None:
            cases.append(conn, case_id, facts, now=now)
        look = bool(facts) or mentions.has_answers(conn, one)
        mentions.keep_verdict(
            conn,
            one,
            told,
            asks=ask.kind if ask else None,
            due_at=ask.due_at if ask else None,
            rule=ask.rule if ask else None,
            sampled=told.band is Band.PASS and _is_sampled(one),
            next_stage=mentions.SETTLE if look else None,
        )

    def _ask(self, conn: Connection, one: Mention, told: Verdict) -> Ask | None:
        """What the post asks for, with the target that applies from now on."""
        if not told.asks:
            return None
        rule = first_match(
            self._rules,
            brand=one.brand,
            network=one.post.key.network,
            severity=told.severity,
            topics=told.topics,
        )
        return Ask(
            post=one.post_id,
            kind=AskKind.QUESTION if told.band is Band.PASS else AskKind.COMPLAINT,
            band=told.band,
            severity=told.severity,
            topics=told.topics,
            first_seen_at=one.first_seen_at,
            due_at=rule.due(_asked_at(one)),
            rule=cases.keep_rule(conn, rule),
        )

    def _facts(
        self, conn: Connection, one: Mention, ask: Ask | None, case_id: int | None, now: datetime
    ) -> Iterator[Fact]:
        if case_id is None:
            if ask is not None and ask.kind is AskKind.COMPLAINT:
                yield Fact(_asked_at(one), Opened(ask), self.name)
                yield from self._earlier_questions(conn, one)
            return
        asked_before = any(
            one.post_id == _post_of(record.event) for record in cases.history(conn, case_id)
        )
        if asked_before:
            yield Fact(one.post.edited_at or now, Rejudged(one.post_id, ask), self.name)
        elif ask is not None:
            yield Fact(_asked_at(one), FollowedUp(ask), self.name)

    def _earlier_questions(self, conn: Connection, one: Mention) -> Iterator[Fact]:
        """Questions of the same customer in the thread, stored before it had a case.

        Only those at or after the complaint wait in the end; the fold sees to that, so the order
        in which the posts were learnt makes no difference.
        """
        found = mentions.questions(
            conn, one.brand_id, one.post.key.network, one.post.thread, one.customer
        )
        for post_id in found:
            other = mentions.load(conn, one.brand_id, post_id)
            if other is None or other.post_id == one.post_id:
                continue
            told = mentions.verdict_of(conn, one.brand_id, post_id)
            ask = self._ask(conn, other, told)
            if ask is not None:
                yield Fact(_asked_at(other), FollowedUp(ask), self.name)


def _key(one: Mention) -> CaseKey:
    return CaseKey(one.brand_id, one.post.key.network, one.post.thread, one.customer)


def _case_of(conn: Connection, one: Mention) -> int | None:
    return cases.find(conn, _key(one))


def _asked_at(one: Mention) -> datetime:
    """When the post began to ask: as it stands when first judged, at its edit when judged again."""
    if one.band is not None and one.post.edited_at is not None:
        return one.post.edited_at
    return one.post.posted_at


def _post_of(event: object) -> int | None:
    match event:
        case Opened(ask=ask) | FollowedUp(ask=ask):
            return ask.post
        case Rejudged(post=post):
            return post
        case _:
            return None


def _is_sampled(one: Mention) -> bool:
    """A fixed pseudo-random choice by key, so that looking again changes nothing."""
    return zlib.crc32(f"{one.brand_id}:{one.post.key}".encode()) % SAMPLE_ONE_IN == 0
