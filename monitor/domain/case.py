"""A case: what its history says it is. `fold` is the only truth; the stored row is its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    Ask,
    Assigned,
    Claimed,
    Confirmed,
    ContactNoted,
    Dismissed,
    Escalated,
    FollowedUp,
    Merged,
    Opened,
    Record,
    Rejudged,
    Snoozed,
    Undone,
    Withdrawn,
)
from monitor.domain.judgement import Severity
from monitor.domain.wait import (
    AnsweredAt,
    AskedAt,
    DismissedAt,
    Fact,
    Outcome,
    RetractedAt,
    Wait,
    numbered,
    waits_of,
)


class Status(StrEnum):
    """Where a case stands. Escalation is a level, not a status."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case folded from its history. `records` are those in force (undone ones left out)."""

    seq: int = 0
    records: tuple[Record, ...] = ()
    waits: tuple[Wait, ...] = ()
    last_wait: int = 0
    owner: str | None = None
    claimed: bool = False
    confirmed: bool = False
    acknowledged: Acknowledged | None = None
    snoozed: Snoozed | None = None
    noted: Record | None = None
    """Who noted last how the customer wants to be reached (a `ContactNoted`), and when."""
    merged_into: int | None = None
    fired: tuple[Escalated, ...] = ()
    """What fired; each (wait, rule, step) does once, also if facts learnt later move the wait."""

    @property
    def open_wait(self) -> Wait | None:
        """The one wait that is not over, if any."""
        return next((one for one in self.waits if one.is_open), None)

    @property
    def contact(self) -> ContactNoted | None:
        """How the customer wants to be reached, as it was noted last."""
        event = self.noted.event if self.noted else None
        return event if isinstance(event, ContactNoted) else None

    @property
    def status(self) -> Status:
        if self.merged_into is not None:
            return Status.MERGED
        if not self.waits:
            return Status.WITHDRAWN
        last = self.waits[-1]
        match last.outcome:
            case None:
                return Status.OPEN
            case Outcome.ANSWERED | Outcome.ANSWERED_ELSEWHERE:
                return Status.DISMISSED if last.dismissed else Status.ANSWERED
            case Outcome.WITHDRAWN:
                return Status.DISMISSED if last.dismissed else Status.WITHDRAWN
            case Outcome.DISMISSED:
                return Status.DISMISSED
            case never:
                assert_never(never)

    @property
    def severity(self) -> Severity:
        return max((one.severity for one in self.waits), default=Severity.LOW)

    @property
    def level(self) -> int:
        """The rung that the open wait has reached in the chain of its rule; 0 before the first."""
        wait = self.open_wait
        return max((one.level for one in self.fired if wait and _is_of(one, wait)), default=0)

    @property
    def acknowledged_until(self) -> datetime | None:
        """Until when somebody's having seen the open wait counts."""
        wait, seen = self.open_wait, self.acknowledged
        return seen.until if wait and seen and seen.wait == wait.number else None

    @property
    def snoozed_until(self) -> datetime | None:
        """Before when the open wait takes no step: without a reason never beyond its due time."""
        wait, snoozed = self.open_wait, self.snoozed
        if wait is None or snoozed is None or snoozed.wait != wait.number:
            return None
        return min(snoozed.until, wait.due_at) if snoozed.note is None else snoozed.until

    @property
    def asks(self) -> tuple[int, ...]:
        """The posts that are known to ask for something, or to have asked before their edit."""
        return tuple(sorted({ask.post for one in self.records if (ask := asked_by(one))}))

    def has_fired(self, wait: Wait, step: str) -> bool:
        """Whether the wait's rule has told that step of it."""
        return any(_is_of(one, wait) and one.step == step for one in self.fired)

    def had_another_rule(self, wait: Wait) -> bool:
        """Whether another rule than the wait's has told of it before."""
        return any(one.wait == wait.number and one.rule != wait.rule for one in self.fired)

    def is_acknowledged(self, wait: Wait, level: int, at: datetime) -> bool:
        """Whether somebody had seen, by `at`, that the wait climbed so far by its rule."""
        seen = self.acknowledged
        return seen is not None and _is_of(seen, wait) and level <= seen.level and at < seen.until

    def is_confirmed(self, wait: Wait) -> bool:
        """Whether the wait counts in the figures, or still needs a person's yes."""
        return wait.surely or self.confirmed


def _is_of(one: Escalated | Acknowledged, wait: Wait) -> bool:
    return (one.wait, one.rule) == (wait.number, wait.rule)


EMPTY = Case()


def numbers_in(merged: Case, case: Case) -> dict[int, int]:
    """The names that the waits of a case have in the one it was merged into."""
    names = {post: wait.number for wait in merged.waits for post in wait.asks}
    return {one.number: names[one.first_post] for one in case.waits if one.first_post in names}


def fold(records: Iterable[Record]) -> Case:
    """The case that a history makes, in the order of `seq`."""
    case = EMPTY
    for one in records:
        case = apply(case, one)
    return case


def apply(case: Case, record: Record) -> Case:
    """The case after one more record."""
    case = replace(case, seq=record.seq)
    match record.event:
        case Undone(seq=seq):
            kept = tuple(one for one in case.records if one.seq != seq)
            return _waits_again(_people_again(replace(case, records=kept)))
        case Escalated() as escalated:
            return replace(case, fired=(*case.fired, escalated))
        case Merged(into=into):
            return replace(case, merged_into=into, waits=())
        case Claimed() | Assigned() | Acknowledged() | Snoozed() | ContactNoted():
            return _person(replace(case, records=(*case.records, record)), record)
        case Confirmed():
            return replace(case, records=(*case.records, record), confirmed=True)
        case (
            Opened()
            | FollowedUp()
            | Rejudged()
            | Withdrawn()
            | Answered()
            | AnswerWithdrawn()
            | AnsweredElsewhere()
            | Dismissed()
        ):
            return _waits_again(replace(case, records=(*case.records, record)))
        case never:
            assert_never(never)


def _waits_again(case: Case) -> Case:
    waits = numbered(waits_of(facts(case.records)), case.waits, case.last_wait)
    last = max((one.number for one in waits), default=0)
    return replace(case, waits=waits, last_wait=max(case.last_wait, last))


def _people_again(case: Case) -> Case:
    """Who has the case, folded again from the records in force (one was undone)."""
    case = replace(
        case,
        owner=None,
        claimed=False,
        confirmed=any(isinstance(one.event, Confirmed) for one in case.records),
        acknowledged=None,
        snoozed=None,
        noted=None,
    )
    for one in case.records:
        case = _person(case, one)
    return case


def _person(case: Case, record: Record) -> Case:
    match record.event:
        case Claimed():
            return replace(case, owner=record.by, claimed=True)
        case Assigned(to=to):
            # somebody else has it now: what the one before had seen counts no more
            return replace(case, owner=to, claimed=False, acknowledged=None)
        case Acknowledged() as acknowledged:
            return replace(case, acknowledged=acknowledged)
        case Snoozed() as snoozed:
            return replace(case, snoozed=snoozed)
        case ContactNoted():
            # of two cases that became one, what was noted later holds, not what was moved later
            is_newer = case.noted is None or case.noted.at <= record.at
            return replace(case, noted=record) if is_newer else case
        case _:
            return case


def asked_by(record: Record) -> Ask | None:
    """What a record says that a post asks for."""
    match record.event:
        case Opened(ask=ask) | FollowedUp(ask=ask) | Rejudged(ask=ask):
            return ask
        case _:
            return None


def facts(records: Iterable[Record]) -> Iterator[Fact]:
    """What the records say of the world, for `waits_of`. A deleted answer never was one."""
    records = tuple(records)
    deleted = {one.event.post for one in records if isinstance(one.event, AnswerWithdrawn)}
    for one in records:
        match one.event:
            case Opened(ask=ask) | FollowedUp(ask=ask):
                yield AskedAt(one.at, ask)
            case Rejudged(post=post, ask=None):
                yield RetractedAt(one.at, post)
            case Rejudged(ask=ask) if ask is not None:
                yield AskedAt(one.at, ask)
            case Withdrawn(post=post, after=after):
                yield RetractedAt(one.at, post, after)
            case Answered(post=post, after=after) if post not in deleted:
                yield AnsweredAt(one.at, post, after)
            case AnsweredElsewhere(channel=channel):
                yield AnsweredAt(one.at, None, channel=channel)
            case Dismissed(reason=reason, asks=asks):
                yield DismissedAt(one.at, reason, frozenset(asks))
            case _:
                pass
