"""A report that was told, beside what is known of its period now: which figures moved, and why.

Both are of the same (period, as_of): what differs is only what was learnt since the report was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    Assigned,
    Claimed,
    Confirmed,
    ContactNoted,
    Dismissed,
    Escalated,
    Event,
    FollowedUp,
    Merged,
    Opened,
    Record,
    Rejudged,
    Snoozed,
    Undone,
    Withdrawn,
)
from monitor.domain.report import Counted, Group, Report


class Because(StrEnum):
    """What was learnt since that moves a figure."""

    POST_LATE = "post_late"
    """A post of the customer was found, or judged, later."""
    JUDGED_AGAIN = "judged_again"
    """An edited post was judged again."""
    POST_DELETED = "post_deleted"
    """The customer had deleted a post."""
    ANSWER_LATE = "answer_late"
    """An answer was found later."""
    ANSWER_DELETED = "answer_deleted"
    """The brand had deleted its answer."""
    SAID_ELSEWHERE = "said_elsewhere"
    """Staff said later that they had answered elsewhere."""
    CONFIRMED = "confirmed"
    """Staff confirmed it."""
    DISMISSED = "dismissed"
    """Staff took it out of the figures, as of then."""
    TAKEN_BACK = "taken_back"
    """Staff took back what they had said."""
    MERGED = "merged"
    """Two cases turned out to be one."""
    HANDED_ON = "handed_on"
    """It was somebody else's case then."""
    READ_ON = "read_on"
    """Nothing of the case itself: the network was read on, so that a silence is proved."""


def because(event: Event) -> Because | None:
    """Why a figure moves when that is learnt; None: it moves none."""
    match event:
        case Opened() | FollowedUp():
            return Because.POST_LATE
        case Rejudged():
            return Because.JUDGED_AGAIN
        case Withdrawn():
            return Because.POST_DELETED
        case Answered():
            return Because.ANSWER_LATE
        case AnswerWithdrawn():
            return Because.ANSWER_DELETED
        case AnsweredElsewhere():
            return Because.SAID_ELSEWHERE
        case Confirmed():
            return Because.CONFIRMED
        case Dismissed():
            return Because.DISMISSED
        case Undone():
            return Because.TAKEN_BACK
        case Merged():
            return Because.MERGED
        case Claimed() | Assigned():
            return Because.HANDED_ON
        case Acknowledged() | Snoozed() | ContactNoted() | Escalated():
            return None
        case never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class Moved:
    """A wait that counts otherwise than it did; None where it was not, or is no longer, there."""

    case_id: int
    number: int
    before: Counted | None
    after: Counted | None
    because: tuple[Because, ...]
    learnt_at: datetime | None
    """When the last of it was learnt; None: of the case itself nothing was."""


@dataclass(frozen=True, slots=True)
class Restated:
    """The report as it was told at `told_at`, as it stands now, and the waits that make the difference."""

    told_at: datetime
    before: Report
    after: Report
    moved: tuple[Moved, ...]


def restated(
    before: Report, after: Report, learnt: Mapping[int, Sequence[Record]], told_at: datetime
) -> Restated:
    """Compare them; `learnt` is what was recorded of each case since the report was told."""
    old, new = _by_name(before.total), _by_name(after.total)
    moved = []
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        if one is None or other is None or _said(one) != _said(other):
            records = [it for it in learnt.get(name[0], ()) if _counts(it, after.as_of)]
            moved.append(Moved(*name, one, other, _why(records), _last(records)))
    return Restated(told_at, before, after, tuple(moved))


def _by_name(total: Group) -> dict[tuple[int, int], Counted]:
    return {one.name: one for one in (*total.waits, *total.unconfirmed)}


def _said(one: Counted) -> tuple[object, ...]:
    """All of a wait that a figure of the report rests on."""
    wait, *counts = one
    its = wait.network, wait.severity, wait.topics, wait.owner, wait.confirmed
    return *counts, *its, wait.started_at, wait.due_at


def _counts(one: Record, as_of: datetime) -> bool:
    """What was true later than the report looks moves nothing; that two cases are one is always true."""
    is_seen = one.at <= as_of or isinstance(one.event, Merged)
    return is_seen and because(one.event) is not None


def _why(records: Iterable[Record]) -> tuple[Because, ...]:
    found = dict.fromkeys(because(one.event) for one in records)
    return tuple(one for one in found if one is not None) or (Because.READ_ON,)


def _last(records: Sequence[Record]) -> datetime | None:
    return max((one.recorded_at for one in records), default=None)
