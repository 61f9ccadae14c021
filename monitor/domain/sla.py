"""How a wait stands against its target, at a moment (semantics: SLA).

A state is a function of what is recorded of the wait, of `as_of`, and of how far the brand's own posts
were read: what came after `as_of` has not happened yet. A wait that nobody is seen to have answered is
breached only once the reading has passed its due time; until then it is unverified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self, TypeAlias

from monitor.domain.case import Case, fold
from monitor.domain.event import DismissalReason, Merged, Record
from monitor.domain.identity import ANY_NETWORK
from monitor.domain.judgement import Severity
from monitor.domain.wait import Outcome, Wait


class State(StrEnum):
    """Where a wait stands. The last two are out of numerator and denominator."""

    MET = "met"
    BREACHED_ANSWERED = "breached_answered"
    """Answered, but late."""
    BREACHED_OPEN = "breached_open"
    """Never answered: still open, or deleted by the customer after it was due."""
    PENDING = "pending"
    """Not answered, not due yet."""
    UNVERIFIED = "unverified"
    """Due, no answer seen, but the brand's own posts were not read so far."""
    WITHDRAWN = "withdrawn"
    """Deleted by the customer before it was due."""
    DISMISSED = "dismissed"
    """Not a complaint, or a duplicate, said a person."""


class WaitFacts(NamedTuple):
    """What the figures know of a wait. A tuple: a report takes in ten thousands of them."""

    case_id: int
    number: int
    network: str
    severity: Severity
    topics: tuple[str, ...]
    owner: str | None
    confirmed: bool
    started_at: datetime
    first_seen_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    ended_after: datetime | None = None
    """Set where only polling dates the end: it lies after this, and `ended_at` is the upper bound."""
    outcome: Outcome | None = None
    dismissed: DismissalReason | None = None
    dismissed_at: datetime | None = None

    @classmethod
    def of(cls, case_id: int, network: str, case: Case, wait: Wait) -> Self:
        """What the figures know of a wait of a folded case."""
        return cls(
            case_id=case_id,
            number=wait.number,
            network=network,
            severity=wait.severity,
            topics=wait.topics,
            owner=case.owner,
            confirmed=case.is_confirmed(wait),
            started_at=wait.started_at,
            first_seen_at=wait.first_seen_at,
            due_at=wait.due_at,
            ended_at=wait.ended_at,
            ended_after=wait.ended_after,
            outcome=wait.outcome,
            dismissed=wait.dismissed,
            dismissed_at=wait.dismissed_at,
        )

    def exists(self, as_of: datetime) -> bool:
        return self.started_at <= as_of

    def has_ended(self, as_of: datetime) -> bool:
        return self.ended_at is not None and self.ended_at <= as_of

    def is_answered(self, as_of: datetime) -> bool:
        return self.outcome in ANSWERS and self.has_ended(as_of)

    def is_dismissed(self, as_of: datetime) -> bool:
        return self.dismissed_at is not None and self.dismissed_at <= as_of


ANSWERS = frozenset({Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE})

DECIDED = frozenset({State.MET, State.BREACHED_ANSWERED, State.BREACHED_OPEN})
"""The denominator of "% within SLA"."""

BREACHES = frozenset({State.BREACHED_ANSWERED, State.BREACHED_OPEN})

UNDECIDED = frozenset({State.PENDING, State.UNVERIFIED})
"""Shown beside it, and the width of its bounds."""

ReadThrough: TypeAlias = Mapping[str, datetime]
"""Network (or `*`: all) to how far the brand's own posts were read there."""


def state(wait: WaitFacts, as_of: datetime, read_through: ReadThrough) -> State:
    """How the wait, which has begun by `as_of`, stands then."""
    return State.DISMISSED if wait.is_dismissed(as_of) else as_it_stood(wait, as_of, read_through)


def as_it_stood(wait: WaitFacts, as_of: datetime, read_through: ReadThrough) -> State:
    """The state that the wait has, or would have if nobody had dismissed it."""
    return answered(wait) if wait.is_answered(as_of) else unanswered(wait, as_of, read_through)


def answered(wait: WaitFacts) -> State:
    """The state of a wait that has its answer."""
    return State.MET if wait.has_ended(wait.due_at) else State.BREACHED_ANSWERED


def unanswered(wait: WaitFacts, as_of: datetime, read_through: ReadThrough) -> State:
    """The state without looking at answers: what is claimed of an answer elsewhere cannot be seen."""
    if wait.outcome is Outcome.WITHDRAWN and wait.has_ended(min(as_of, wait.due_at)):
        return State.WITHDRAWN
    if as_of <= wait.due_at:
        return State.PENDING
    return (
        State.BREACHED_OPEN
        if was_read(wait.network, wait.due_at, read_through)
        else State.UNVERIFIED
    )


def was_read(network: str, due_at: datetime, read_through: ReadThrough) -> bool:
    """Whether the brand's own posts were read past the due time, so that silence is proved."""
    read = (read_through.get(network), read_through.get(ANY_NETWORK))
    return any(one is not None and one >= due_at for one in read)


def reclassified_after_due(wait: WaitFacts, as_of: datetime) -> bool:
    """Whether it was taken out of the figures only when it was due already."""
    return (
        wait.dismissed_at is not None
        and wait.is_dismissed(as_of)
        and wait.dismissed_at > wait.due_at
    )


def case_as_of(records: Iterable[Record], as_of: datetime) -> Case:
    """The case as it was: from what was true in the world by then, whenever we learned of it.

    That two cases are one is our knowledge and no fact of the world: it holds at all times, or their
    waits would count twice.
    """
    return fold(one for one in records if one.at <= as_of or isinstance(one.event, Merged))
