"""The future of a case, and the past of one under other rules: the same decisions, at other times.

Nothing here decides: `decide` is asked at each moment at which something falls due, as the program asks
it. So what is foretold is what will happen, if nobody does anything and nothing arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple, TypeAlias

from monitor.domain.case import EMPTY, Case, apply
from monitor.domain.escalation import Firing, Watched, decide
from monitor.domain.event import (
    Acknowledged,
    Ask,
    Escalated,
    Event,
    FollowedUp,
    Opened,
    Record,
    Rejudged,
)
from monitor.domain.notice import Reason
from monitor.domain.policy import Rule
from monitor.domain.rota import Staff
from monitor.domain.wait import Wait

Governs: TypeAlias = Callable[[Ask], str]
"""The digest of the rule that holds for what is asked."""
_WHO = "escalate"


def _for_ever() -> None:
    """Whoever asks waits."""


@dataclass(frozen=True, slots=True)
class Told:
    """A rung that fires at a moment: to whom, or why to nobody, is in its notices."""

    at: datetime
    firing: Firing


@dataclass(frozen=True, slots=True)
class Lived:
    """A case that was: its history, and when the program learnt each fact.

    What was true before `watched_since` counts as learnt when it was true, as if it had been watched
    then: a history that was imported can be played, too.
    """

    case_id: int
    records: tuple[Record, ...]
    watched_since: datetime

    def learnt_at(self, one: Record) -> datetime:
        return one.at if one.at < self.watched_since else one.recorded_at


class SummedUp(NamedTuple):
    """That a wait stands in somebody's summary when their quiet hours end: when, where, which."""

    at: datetime
    audience: str
    wait: int


@dataclass(frozen=True, slots=True)
class Played:
    """What a case would have been by some rules: what was told, and its waits with their due times."""

    told: tuple[Told, ...]
    case: Case
    summed_up: frozenset[SummedUp] = frozenset()
    """Of what quiet hours held back, what was open still when they ended."""
    to_come: frozenset[tuple[int, str]] = frozenset()
    """The open wait's number, with each step, and repeat of one, that it has still before it."""

    @property
    def waits(self) -> tuple[Wait, ...]:
        """Those that count: confirmed, and not taken out of the figures."""
        return tuple(
            one for one in self.case.waits if one.dismissed is None and self.case.is_confirmed(one)
        )


def ahead(
    case: Case, *, case_id: int, rule: Rule, watched: Watched, staff: Staff, now: datetime
) -> Iterator[Told]:
    """All that will fire from `now` on while nobody does anything, in order."""
    at: datetime | None = now
    while at is not None:
        decision = decide(case, case_id=case_id, rule=rule, watched=watched, staff=staff, now=at)
        for one in decision.firings:
            yield Told(at, one)
            case = apply(case, Record(case.seq, one.at, at, _WHO, one.event))
        at = decision.next_at


def play(
    lived: Lived,
    rules: Mapping[str, Rule],
    *,
    governs: Governs | None,
    staff: Staff,
    until: datetime,
    goes_on: Callable[[], None] = _for_ever,
) -> Played:
    """What was told of a case until then, if the program had always run.

    `governs` chooses among `rules` for what is asked; None: those that were frozen hold. What people
    did stays as it was: who acknowledged acknowledges what the rules have reached by then. `goes_on` is
    called at each look; what it raises ends the play.
    """
    stage = _Stage(lived.case_id, rules, governs, staff, goes_on)
    for moment, records in groupby(
        sorted(_lived(lived), key=lambda one: one[0]), lambda one: one[0]
    ):
        if moment > until:
            break
        stage.runs_until(moment)
        stage.learns(moment, (one for _, _, one in records))
    stage.runs_until(until)
    stage.looks(until)
    summed_up = frozenset(_summed_up(stage.told, stage.case, staff, until))
    return Played(tuple(stage.told), stage.case, summed_up, frozenset(stage.to_come(until)))


def _summed_up(
    told: Iterable[Told], case: Case, staff: Staff, until: datetime
) -> Iterator[SummedUp]:
    """What the summaries of a person's mornings name, in the order in which it was held back."""
    ends = {one.number: one.ended_at for one in case.waits}
    for one in told:
        for notice in one.firing.notices:
            person = staff.person_at(notice.audience)
            if notice.reason is not Reason.QUIET_HOURS or person is None or person.awake is None:
                continue
            wakes, wait = person.awake.next_opening(one.at), one.firing.event.wait
            ended_at = ends.get(wait, one.at)
            if wakes <= until and (ended_at is None or ended_at > wakes):
                yield SummedUp(wakes, notice.audience, wait)


def _lived(lived: Lived) -> Iterator[tuple[datetime, int, Record]]:
    for one in lived.records:
        if not isinstance(one.event, Escalated):
            yield lived.learnt_at(one), one.seq, one


class _Stage:
    """Where a case is played: the case so far, and when the rules have to be asked again."""

    def __init__(
        self,
        case_id: int,
        rules: Mapping[str, Rule],
        governs: Governs | None,
        staff: Staff,
        goes_on: Callable[[], None],
    ) -> None:
        self.case = EMPTY
        self.told: list[Told] = []
        self._case_id = case_id
        self._rules = rules
        self._governs = governs
        self._staff = staff
        self._goes_on = goes_on
        self._next_at: datetime | None = None

    def runs_until(self, moment: datetime) -> None:
        """All that falls due before then. What is learnt at that very moment comes first."""
        while self._next_at is not None and self._next_at < moment:
            self.looks(self._next_at)

    def learns(self, at: datetime, records: Iterable[Record]) -> None:
        for one in records:
            self.case = apply(self.case, replace(one, event=self._under_the_rules(one)))
        self.looks(at)

    def looks(self, at: datetime) -> None:
        """Ask the rules, and keep what they say."""
        self._goes_on()
        wait = self.case.open_wait
        if wait is None:
            self._next_at = None
            return
        decision = decide(
            self.case,
            case_id=self._case_id,
            rule=self._rules[wait.rule],
            watched=_ALWAYS,
            staff=self._staff,
            now=at,
        )
        for one in decision.firings:
            self.told.append(Told(at, one))
            self.case = apply(self.case, Record(self.case.seq, one.at, at, _WHO, one.event))
        self._next_at = decision.next_at

    def to_come(self, now: datetime) -> Iterator[tuple[int, str]]:
        """The wait and the steps of it that will fire if nothing happens."""
        wait = self.case.open_wait
        if wait is not None:
            rule, staff = self._rules[wait.rule], self._staff
            told = ahead(
                self.case, case_id=self._case_id, rule=rule, watched=_ALWAYS, staff=staff, now=now
            )
            for one in told:
                self._goes_on()
                yield one.firing.event.wait, one.firing.event.step

    def _under_the_rules(self, one: Record) -> Event:
        if self._governs is None:
            return one.event
        match one.event:
            case Opened(ask=ask):
                return Opened(self._asked(ask, one.at))
            case FollowedUp(ask=ask):
                return FollowedUp(self._asked(ask, one.at))
            case Rejudged(post=post, ask=ask) if ask is not None:
                return Rejudged(post, self._asked(ask, one.at))
            case Acknowledged() as seen:
                wait = self.case.open_wait
                if wait is None or wait.number != seen.wait:
                    return seen
                until = one.at + self._rules[wait.rule].acknowledged_for
                return Acknowledged(until, wait.number, self.case.level, wait.rule)
            case event:
                return event

    def _asked(self, ask: Ask, at: datetime) -> Ask:
        digest = self._governs(ask) if self._governs else ask.rule
        return replace(ask, rule=digest, due_at=self._rules[digest].due(at))


_ALWAYS = Watched(since=datetime.min.replace(tzinfo=UTC))
