"""A customer's waits: from the facts known of a case, whatever order they came in.

A wait opens at the earliest unanswered post that wants an answer and ends with the first answer,
with the last open post's deletion, or with a dismissal. `waits_of` is a pure function of the *set*
of facts and their times in the world, so the figures do not depend on when or how often anybody
looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from itertools import count
from typing import TypeAlias, assert_never

from monitor.domain.event import Ask, AskKind, Channel, DismissalReason
from monitor.domain.judgement import Band, Severity


class Outcome(StrEnum):
    """How a wait ended."""

    ANSWERED = "answered"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class AskedAt:
    """A post that wants an answer, from when on."""

    at: datetime
    ask: Ask


@dataclass(frozen=True, slots=True)
class AnsweredAt:
    """`post` is None for an answer elsewhere."""

    at: datetime
    post: int | None
    after: datetime | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class RetractedAt:
    """A post deleted, or edited into one that wants no answer."""

    at: datetime
    post: int
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class DismissedAt:
    """People took what they had before them, the posts `asks`, out of the figures."""

    at: datetime
    reason: DismissalReason
    asks: frozenset[int]


Fact: TypeAlias = AskedAt | AnsweredAt | RetractedAt | DismissedAt


class _Order(IntEnum):
    """What comes first among facts of one instant: a post is there before its answer."""

    ASKED = 0
    ANSWERED = 1
    RETRACTED = 2
    DISMISSED = 3


_ORDER = {
    AskedAt: _Order.ASKED,
    AnsweredAt: _Order.ANSWERED,
    RetractedAt: _Order.RETRACTED,
    DismissedAt: _Order.DISMISSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One wait. `number` is its name in the case and never changes, though facts may move its start.

    `due_at` is the earliest due time of its posts: no ask waits beyond its own target. `rule` is that
    of its most severe post: whose steps apply, and whom they tell.
    `ended_after` bounds an end that only polling dates. `dismissed` takes the wait out of the
    figures without forgetting how it ended.
    """

    number: int = 0
    started_at: datetime
    first_seen_at: datetime
    due_at: datetime
    rule: str
    severity: Severity
    topics: tuple[str, ...]
    first_post: int
    """The post at which it starts."""
    asks: tuple[int, ...]
    surely: bool
    """Some post of it was surely a complaint (alert band); else people have to confirm."""
    ended_at: datetime | None = None
    ended_after: datetime | None = None
    outcome: Outcome | None = None
    answer: int | None = None
    channel: Channel | None = None
    dismissed: DismissalReason | None = None
    dismissed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


def waits_of(facts: Iterable[Fact]) -> tuple[Wait, ...]:
    """The waits that the facts make, oldest first, not yet numbered."""
    sweep = _Sweep()
    for fact in sorted(facts, key=_in_the_world):
        sweep.take(fact)
    return sweep.waits()


def _in_the_world(fact: Fact) -> tuple[datetime, _Order, bool]:
    # of two posts of one instant the complaint comes first: it is what makes the question wait
    question = isinstance(fact, AskedAt) and fact.ask.kind is AskKind.QUESTION
    return fact.at, _ORDER[type(fact)], question


class _Sweep:
    """Walks the facts in the order of the world."""

    def __init__(self) -> None:
        self._done: list[Wait] = []
        self._asks: list[AskedAt] = []
        self._live: set[int] = set()
        self._complained = False

    def take(self, fact: Fact) -> None:
        match fact:
            case AskedAt():
                self._asked(fact)
            case AnsweredAt():
                how = Outcome.ANSWERED if fact.channel is None else Outcome.ANSWERED_ELSEWHERE
                self._end(fact.at, how, after=fact.after, answer=fact.post, channel=fact.channel)
            case RetractedAt():
                self._live.discard(fact.post)
                if not self._live:
                    self._end(fact.at, Outcome.WITHDRAWN, after=fact.after)
            case DismissedAt():
                self._dismiss(fact)
            case never:
                assert_never(never)

    def waits(self) -> tuple[Wait, ...]:
        return (*self._done, _wait(self._asks)) if self._asks else tuple(self._done)

    def _asked(self, fact: AskedAt) -> None:
        self._complained |= fact.ask.kind is AskKind.COMPLAINT
        if self._complained:  # a question alone opens nothing; in a case it waits like a complaint
            self._asks.append(fact)
            self._live.add(fact.ask.post)

    def _end(
        self,
        at: datetime,
        outcome: Outcome,
        *,
        after: datetime | None = None,
        answer: int | None = None,
        channel: Channel | None = None,
    ) -> None:
        if not self._asks:
            return
        ended = replace(
            _wait(self._asks),
            ended_at=at,
            ended_after=after,
            outcome=outcome,
            answer=answer,
            channel=channel,
        )
        self._done.append(ended)
        self._asks = []
        self._live = set()

    def _dismiss(self, fact: DismissedAt) -> None:
        """End what was on the table; a post that nobody had seen goes on, from its own start."""
        unseen = [one for one in self._asks if one.ask.post in self._live - fact.asks]
        self._asks = [one for one in self._asks if one not in unseen]
        self._end(fact.at, Outcome.DISMISSED)
        self._done = [
            replace(one, dismissed=fact.reason, dismissed_at=fact.at)
            if one.dismissed is None and fact.asks.issuperset(one.asks)
            else one
            for one in self._done
        ]
        self._live = set()
        self._complained = False
        for one in unseen:
            self._asked(one)


def _wait(asks: Sequence[AskedAt]) -> Wait:
    gravest = min(asks, key=lambda one: (-one.ask.severity, one.ask.due_at, one.ask.rule))
    return Wait(
        started_at=asks[0].at,
        first_seen_at=min(one.ask.first_seen_at for one in asks),
        due_at=min(one.ask.due_at for one in asks),
        rule=gravest.ask.rule,
        severity=gravest.ask.severity,
        topics=tuple(sorted({topic for one in asks for topic in one.ask.topics})),
        first_post=asks[0].ask.post,
        asks=tuple(sorted({one.ask.post for one in asks})),
        surely=any(one.ask.band is Band.ALERT for one in asks),
    )


def numbered(fresh: Sequence[Wait], before: Sequence[Wait], last: int) -> tuple[Wait, ...]:
    """The waits with their names: each keeps the name under which its posts were known.

    `last` is the highest number ever given in the case; a number is never given twice.
    """
    left = {one.number: set(one.asks) for one in before}
    following = count(last + 1)
    named = []
    for wait in fresh:
        shared = [number for number, asks in left.items() if asks.intersection(wait.asks)]
        number = min(shared) if shared else next(following)
        left.pop(number, None)
        named.append(replace(wait, number=number))
    return tuple(named)
