"""What those hear who subscribed to cases: programs that keep pace with them, whatever policies tell people.

Each thing is told once: what a wait can do once is named by the wait alone, the rest with the number of
the record by which it happened. An unconfirmed case is heard of when somebody confirms it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.case import Case
from monitor.domain.escalation import Firing, goes_on
from monitor.domain.notice import Reason
from monitor.domain.wait import Outcome, Wait

_ANSWERS = (Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE)
_NOT_TOLD = (Reason.BEFORE_FIRST_RUN, Reason.SUPERSEDED, Reason.ACKNOWLEDGED)
"""Why a step has no effect; quiet hours only put off whom it calls."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing to be heard. `at` is when it was true; `once` tells it from others of its wait."""

    reason: Reason
    wait: int
    at: datetime
    step: str | None = None
    once: str = ""


def happened(
    before: Case, after: Case, now: datetime, moved: Container[int] = ()
) -> Iterator[Happening]:
    """What a change of a case, learnt now, is to those who subscribed.

    `moved`: waits of `after` that came out of another case. How they ended was heard of there.
    """
    heard_of = {one.number for one in before.waits if before.is_confirmed(one)}
    earlier = {one.number: one for one in before.waits}
    record = str(after.seq)
    for wait in after.waits:
        if not after.is_confirmed(wait):
            continue
        known = earlier.get(wait.number) if wait.number in heard_of else None
        if wait.dismissed is None and (known is None or known.dismissed is not None):
            # of what was not confirmed before it is true only now that somebody waits
            was_unsure = wait.number in earlier and known is None
            yield Happening(Reason.OPENED, wait.number, now if was_unsure else wait.started_at)
        if wait.dismissed is not None and known is None:
            continue
        end = None if known is None and wait.number in moved else _end(wait)
        if end is not None and end is not (_end(known) if known else None):
            yield Happening(end, wait.number, wait.ended_at or wait.due_at, once=record)
        if is_late(wait):
            yield breach(wait)
    again = goes_on(before, after)
    if again in heard_of:
        wait = next(one for one in after.waits if one.number == again)
        yield Happening(Reason.REOPENED, wait.number, now, once=record)
    gone = before.open_wait
    if after.merged_into is not None and gone is not None and gone.number in heard_of:
        yield Happening(Reason.CLOSED, gone.number, now, once=record)


def begins(before: Case, after: Case) -> int | None:
    """The wait that is open now, if before nobody had heard of an open one in this case."""
    here, there = after.open_wait, before.open_wait
    is_new = there is None or not before.is_confirmed(there)
    return here.number if here is not None and is_new else None


def escalated(firing: Firing) -> Iterator[Happening]:
    """A step that fell due, as those who subscribed hear of it; of several the highest is one."""
    if any(one.step and one.reason not in _NOT_TOLD for one in firing.notices):
        event = firing.event
        yield Happening(
            Reason.STEP_DUE, event.wait, firing.at, event.step, f"{event.rule}:{event.step}"
        )


def breach(wait: Wait) -> Happening:
    """That it was not answered in time."""
    return Happening(Reason.BREACHED, wait.number, wait.due_at)


def is_late(wait: Wait) -> bool:
    """Whether it ended, and not by what people decided, only when it was due."""
    is_ended = wait.ended_at is not None and wait.dismissed is None
    return is_ended and wait.ended_at is not None and wait.ended_at > wait.due_at


def _end(wait: Wait) -> Reason | None:
    """How it ended."""
    if wait.dismissed is not None:
        return Reason.CLOSED
    if wait.outcome is None:
        return None
    return Reason.ANSWERED if wait.outcome in _ANSWERS else Reason.CLOSED
