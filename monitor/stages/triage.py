"""Triage: a judgement becomes a verdict, and a complaint opens a case or joins one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from monitor.domain import relevance
from monitor.domain.event import Ask, AskKind, Event, FollowedUp, Opened, Rejudged
from monitor.domain.identity import Brand
from monitor.domain.judgement import Band, Judgement, Thresholds, Verdict
from monitor.domain.lexicon import Lexicon
from monitor.domain.policy import Rule, Subject, first_match
from monitor.domain.relevance import Filter, Filtered
from monitor.domain.verdict import verdict
from monitor.store import calibrations, cases, copies, filtered, mentions
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Connection, Database
from monitor.store.mentions import Mention

ROUND = 500


class Triage:
    """Decides on each judged mention by thresholds and transparent rules.

    `thresholds` hold where staff's corrections gave a source none of its own.
    """

    name: ClassVar[str] = "triage"

    def __init__(
        self,
        database: Database,
        rules: Sequence[Rule],
        thresholds: Thresholds,
        lexicon: Lexicon,
        brands: Sequence[Brand] = (),
    ) -> None:
        """`brands`: those whose rules of relevance hold; of others nothing is set aside."""
        self._database = database
        self._rules = rules
        self._thresholds = thresholds
        self._lexicon = lexicon
        self._brands = {one.name: one for one in brands}

    def due(self, now: datetime) -> Sequence[str]:
        """Judged mentions without a verdict."""
        with self._database.reading() as conn:
            return mentions.due(conn, mentions.TRIAGE, now, ROUND)

    def handle(self, item: str, now: datetime) -> None:
        """Decide on one mention and write what follows, in one transaction."""
        with self._database.writing() as conn:
            one = mentions.claim(conn, *mentions.parse_item(item), stage=mentions.TRIAGE)
            if one is not None:
                self._decide(conn, one, now)

    def _decide(self, conn: Connection, one: Mention, now: datetime) -> None:
        judged = mentions.judgement_of(conn, one.post_id)
        if judged is None:  # deleted before it was judged: nothing is left to decide on
            mentions.hand_on(conn, one.brand_id, one.post_id, mentions.SETTLE)
            return
        if one.filtered == Filter.ALIKE:
            copies.unlink(conn, one)
        limits = calibrations.thresholds(
            conn, one.brand_id, one.post_id, judged.model, self._thresholds
        )
        told = verdict(one.post, judged, limits, self._lexicon)
        aside = self._not_relevant(conn, one, judged)
        if aside is not None:
            self._set_aside(conn, one, told, aside)
            return
        asked_at = _asked_at(one, now)
        ask = self._ask(conn, one, told, asked_at, judged.language)
        case_id = _case_that_asks(conn, one)
        if case_id is not None:
            facts = [Fact(asked_at, Rejudged(one.post_id, ask), self.name)]
        else:
            case_id = cases.find(conn, _key(one)) if ask is not None else None
            facts = [
                Fact(at=asked_at, event=event, by=self.name) for event in _events(ask, case_id)
            ]
        if case_id is None and facts:
            first = copies.first_of(conn, one) if self._links_copies(one) else None
            if first is not None:
                copies.link(conn, one, *first, now)
                self._set_aside(conn, one, told, Filtered(Filter.ALIKE, f"case {first[0]}"))
                return
            case_id = cases.open_case(conn, _key(one), root_post_id=one.post_id, opened_at=asked_at)
            copies.remember(conn, one)
            filtered.reconsider(conn, one.brand_id, one.post.key.network, one.post.thread)
        if case_id is not None and facts:
            cases.append(conn, case_id, facts, now=now)
        look = bool(facts) or mentions.has_answers(conn, one)
        mentions.keep_verdict(
            conn,
            one,
            told,
            asks=ask.kind if ask else None,
            due_at=ask.due_at if ask else None,
            rule=ask.rule if ask else None,
            next_stage=mentions.SETTLE if look else None,
        )

    def _not_relevant(self, conn: Connection, one: Mention, judged: Judgement) -> Filtered | None:
        """The rule by which the post is set aside. Of a conversation with us only partners' posts are."""
        brand = self._brands.get(one.brand)
        if brand is None:
            return None
        rules, language = brand.relevance, judged.language
        found = relevance.filtered(one.post, rules, language=language, addressed=False)
        # what the database knows of it is asked only where it makes a difference
        if found is None or found.rule is Filter.AUTHOR:
            return found
        if filtered.is_ours(conn, one):
            return None
        addressed = brand.is_addressed_in(one.post) or filtered.names_us(conn, one)
        return relevance.filtered(one.post, rules, language=language, addressed=addressed)

    def _links_copies(self, one: Mention) -> bool:
        brand = self._brands.get(one.brand)
        return brand is not None and brand.relevance.alike

    def _set_aside(self, conn: Connection, one: Mention, told: Verdict, why: Filtered) -> None:
        """It asks for nothing; what it would be without the rule stays with it."""
        said = f"filtered, {why.rule}: {why.because}; else {told.band}: {told.reason}"
        aside = replace(told, band=Band.PASS, asks=False, reason=said)
        mentions.keep_verdict(
            conn,
            one,
            aside,
            asks=None,
            due_at=None,
            rule=None,
            next_stage=None,
        )
        filtered.mark(conn, one, why.rule, told.band)

    def _ask(
        self,
        conn: Connection,
        one: Mention,
        told: Verdict,
        asked_at: datetime,
        language: str | None,
    ) -> Ask | None:
        """What the post asks for, with the target that applies from then on."""
        if not told.asks:
            return None
        rule = first_match(self._rules, Subject.of(one.brand, one.post, told, language))
        return Ask(
            post=one.post_id,
            kind=AskKind.QUESTION if told.band is Band.PASS else AskKind.COMPLAINT,
            band=told.band,
            severity=told.severity,
            topics=told.topics,
            # what an edit asks nobody can have seen before the edit
            first_seen_at=max(one.first_seen_at, asked_at),
            due_at=rule.due(asked_at),
            rule=cases.keep_rule(conn, rule),
        )


def _events(ask: Ask | None, case_id: int | None) -> Iterator[Event]:
    """A complaint opens a case, and whatever asks joins the one that is there."""
    if ask is not None and case_id is not None:
        yield FollowedUp(ask)
    elif ask is not None and ask.kind is AskKind.COMPLAINT:
        yield Opened(ask)


def _key(one: Mention) -> CaseKey:
    return CaseKey(one.brand_id, one.post.key.network, one.post.thread, one.customer)


def _case_that_asks(conn: Connection, one: Mention) -> int | None:
    """The case in which the post asks already: an edit belongs there, also before a move is settled."""
    return next(
        (
            row.id
            for row in cases.of_post(conn, one.post_id)
            if row.brand_id == one.brand_id and row.merged_into is None
        ),
        None,
    )


def _asked_at(one: Mention, now: datetime) -> datetime:
    """When the post began to ask: when it was posted; judged again, at the edit (undated: now)."""
    if one.band is None:
        return one.post.posted_at
    if one.filtered is not None and one.post.edited_at is None:
        # what was set aside and is not any more asked all the time
        return one.post.posted_at
    return max(one.post.posted_at, one.post.edited_at or now)
