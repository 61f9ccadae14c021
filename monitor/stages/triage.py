"""Triage: a judgement becomes a verdict, and a complaint opens a case or joins one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import structlog

from monitor.domain import relevance
from monitor.domain.event import Ask, AskKind, Event, FollowedUp, Opened, Rejudged
from monitor.domain.identity import Brand
from monitor.domain.judgement import Band, Judgement, Thresholds, Verdict
from monitor.domain.keeping import Keep
from monitor.domain.lexicon import Lexicon
from monitor.domain.notice import Reason
from monitor.domain.policy import Rule, Subject, first_match
from monitor.domain.relevance import Filter, Filtered
from monitor.domain.verdict import verdict
from monitor.store import (
    alarms,
    brands,
    calibrations,
    cases,
    copies,
    cross_brand,
    filtered,
    mentions,
)
from monitor.store.cases import CaseKey, Fact
from monitor.store.cross_brand import Undecided
from monitor.store.engine import Connection, Database
from monitor.store.mentions import Mention

ROUND = 500
LEFT = timedelta(minutes=15)
"""So long posts wait for somebody who knows their brand before the operators hear of it: workers take up
another config seconds apart."""
_KEPT = Keep().without_case

_log = structlog.get_logger(__name__)


class Triage:
    """Decides on each judged mention by thresholds and transparent rules.

    `thresholds` hold where staff's corrections gave a source none of its own. What a brand's policy is only a
    config that names it can tell, and it is settled for good: posts of others are left to a worker that knows
    them, or to the day on which the config names the brand again.
    """

    name: ClassVar[str] = "triage"

    def __init__(
        self,
        database: Database,
        rules: Sequence[Rule],
        thresholds: Thresholds,
        lexicon: Lexicon,
        brands: Sequence[Brand],
        *,
        operators: str | None = None,
        kept: timedelta = _KEPT,
    ) -> None:
        """`brands`: all that the config names; `operators` hear of posts of others, which stay for `kept`."""
        self._database = database
        self._rules = rules
        self._thresholds = thresholds
        self._lexicon = lexicon
        self._brands = {one.name: one for one in brands}
        self._operators = operators
        self._kept = kept
        self._known: set[int] = set()
        """Brands, by row number, that the config names; as far as any had posts."""
        self._others: dict[int, datetime] = {}
        """Those that it does not name, and since when this process knows of them."""
        self._looked_at: datetime | None = None

    def due(self, now: datetime) -> Sequence[str]:
        """Judged mentions without a verdict, of the brands that the config names."""
        with self._database.reading() as conn:
            found = self._due(conn, now)
            while self._meets_others(conn, found, now):
                found = self._due(conn, now)
        return [*found, *self._given_up(now)] if self._others else found

    def handle(self, item: str, now: datetime) -> None:
        """Decide on one mention and write what follows, in one transaction."""
        with self._database.writing() as conn:
            one = mentions.claim(conn, *mentions.parse_item(item), stage=mentions.TRIAGE)
            if one is None:
                return
            if one.brand in self._brands:
                self._decide(conn, one, now)
            elif item in self._over(conn, {one.brand_id} & self._unknown_for_long(now), now):
                self._let_go(conn, one)
            else:
                self._leave(one.brand_id, one.brand, now)

    # ------------------------------------------------------- brands that the config does not name

    def _due(self, conn: Connection, now: datetime) -> Sequence[str]:
        return mentions.due(conn, mentions.TRIAGE, now, ROUND, but=tuple(self._others))

    def _meets_others(self, conn: Connection, items: Sequence[str], now: datetime) -> bool:
        """Whether some are of brands that the config does not name: known from now on, and left out."""
        met = {mentions.parse_item(one)[0] for one in items} - self._known
        names = brands.called(conn, met) if met else {}
        others = {number: name for number, name in names.items() if name not in self._brands}
        self._known |= met - others.keys()
        for number, name in others.items():
            self._leave(number, name, now)
        return bool(others)

    def _leave(self, brand_id: int, name: str, now: datetime) -> None:
        """To who knows the brand; said once."""
        if brand_id not in self._others:
            self._others[brand_id] = now
            _log.warning("brand_not_here", brand=name)

    def _unknown_for_long(self, now: datetime) -> set[int]:
        """Brands that no config has named for a while: this process's may just be the elder of two."""
        return {number for number, met_at in self._others.items() if now - met_at >= LEFT}

    def _given_up(self, now: datetime) -> Sequence[str]:
        """What nobody will decide on any more. Of what may be decided on still, the operators hear."""
        last = self._looked_at
        if last is not None and last <= now < last + LEFT:
            return ()
        with self._database.reading() as conn:
            stay = [one for one in cross_brand.undecided(conn) if one.brand_id in self._others]
            over = self._over(conn, self._unknown_for_long(now), now)
        for one in stay:
            if now - one.since >= LEFT:
                self._tell_what_stays(one, now)
        if not over:
            self._looked_at = now
        return over

    def _over(self, conn: Connection, brand_ids: set[int], now: datetime) -> Sequence[str]:
        before = now - self._kept
        found = cross_brand.undecided_since(conn, tuple(brand_ids), before, ROUND)
        return [mentions.item(*one) for one in found]

    def _tell_what_stays(self, one: Undecided, now: datetime) -> None:
        """Nobody who knows the brand took them: it was removed, or a worker is away."""
        with self._database.writing() as conn:
            alarms.write(
                conn,
                self._operators,
                f"left:{one.brand_id}:{now.date().isoformat()}",
                Reason.BRAND_UNKNOWN,
                f"posts wait for {one.brand}, which the config does not name",
                [
                    f"{one.number} by now: no policy says whom to tell of them",
                    "name the brand again and they are decided on; `check` counts them until then",
                    f"after {self._kept / timedelta(days=1):g} days they are set aside: see `filtered`",
                ],
                now,
                brand_id=one.brand_id,
            )

    def _let_go(self, conn: Connection, one: Mention) -> None:
        """Its words may not be kept for a brand that nobody names. What is known of a case stays."""
        judged = mentions.judgement_of(conn, one.post_id)
        if judged is None or _case_that_asks(conn, one) is not None:
            mentions.hand_on(conn, one.brand_id, one.post_id, mentions.SETTLE)
            return
        copies.unlink(conn, one)
        told = verdict(one.post, judged, self._thresholds, self._lexicon)
        because = f"the config does not name {one.brand}"
        self._set_aside(conn, one, told, Filtered(Filter.BRAND_UNKNOWN, because))

    # ----------------------------------------------------------------------------- the verdict

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
        brand = self._brands[one.brand]
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
        return self._brands[one.brand].relevance.alike

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
            for row in cases.of_post(conn, one.brand_id, one.post_id)
            if row.merged_into is None
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
