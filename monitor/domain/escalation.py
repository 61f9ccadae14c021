"""Whom to tell now, and why not: pure decisions over a case and its frozen rule.

Every (wait, step) fires once, stamped with when it fell due. After downtime, or for a wait found
late, only the highest due step is told; the lower ones are recorded as superseded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.case import Case
from monitor.domain.event import Escalated
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.policy import Rule, Step
from monitor.domain.wait import Outcome, Wait

ALERT = "alert"
"""The name under which a wait's first telling is recorded as fired."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A rung that fires now: the event for the history, at its own time, and the notice for people."""

    at: datetime
    event: Escalated
    notice: Planned


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, and when to look again (None: not before something happens)."""

    firings: tuple[Firing, ...] = ()
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Rung:
    """A step or one repeat of it, at its time."""

    at: datetime
    name: str
    level: int
    step: Step
    is_repeat: bool


def decide(
    case: Case, *, case_id: int, rule: Rule, first_run_at: datetime, now: datetime
) -> Decision:
    """What the open wait's rule says at `now`."""
    wait = case.open_wait
    if wait is None:
        return Decision()
    if not case.is_confirmed(wait):
        return Decision(_once(case, wait, _unconfirmed(case_id, wait, rule)))
    alerts = _once(case, wait, _alert(case_id, wait, rule, first_run_at))
    rungs = sorted(_rungs(rule, wait), key=lambda one: (one.at, one.level))
    if case.snoozed_until is not None and case.snoozed_until > now:
        return Decision(alerts, case.snoozed_until)
    unfired = [one for one in rungs if not case.has_fired(wait, one.name)]
    due = [one for one in unfired if one.at <= now]
    told = tuple(_climb(case, case_id, wait, due, first_run_at))
    later = min((one.at for one in unfired if one.at > now), default=None)
    return Decision((*alerts, *told), later)


def _once(case: Case, wait: Wait, firing: Firing) -> tuple[Firing, ...]:
    return () if case.has_fired(wait, firing.event.step) else (firing,)


def _alert(case_id: int, wait: Wait, rule: Rule, first_run_at: datetime) -> Firing:
    old = wait.started_at < first_run_at
    notice = Planned(
        key=f"{ALERT}:{case_id}:{wait.number}",
        kind=NoticeKind.ALERT,
        audience=rule.audience,
        reason=Reason.BEFORE_FIRST_RUN if old else Reason.OPENED,
        due_at=wait.first_seen_at,
        wait=wait.number,
        suppressed=old,
    )
    return Firing(wait.first_seen_at, Escalated(wait.number, ALERT, 0), notice)


def _unconfirmed(case_id: int, wait: Wait, rule: Rule) -> Firing:
    notice = Planned(
        key=f"{Reason.UNCONFIRMED}:{case_id}:{wait.number}",
        kind=NoticeKind.ALERT,
        audience=rule.audience,
        reason=Reason.UNCONFIRMED,
        due_at=wait.first_seen_at,
        wait=wait.number,
        suppressed=True,
    )
    return Firing(wait.first_seen_at, Escalated(wait.number, Reason.UNCONFIRMED, 0), notice)


def _rungs(rule: Rule, wait: Wait) -> Iterator[_Rung]:
    """Every step and repeat of the wait, at times that depend on the wait alone."""
    steps = sorted(
        ((rule.step_at(one, wait.started_at, wait.due_at), one) for one in rule.steps),
        key=lambda pair: pair[0],
    )
    for index, (at, step) in enumerate(steps):
        yield _Rung(at, step.name, index + 1, step, is_repeat=False)
        if step.repeat is None:
            continue
        until = steps[index + 1][0] if index + 1 < len(steps) else None
        for number in range(1, step.repeats + 1):
            again = rule.hours.add(at, step.repeat * number)
            if until is not None and again >= until:
                break
            yield _Rung(again, f"{step.name}#{number}", index + 1, step, is_repeat=True)


def _climb(
    case: Case, case_id: int, wait: Wait, due: Sequence[_Rung], first_run_at: datetime
) -> Iterator[Firing]:
    reached = case.level
    highest = due[-1] if due else None
    for rung in due:
        reason = Reason.STEP_DUE
        if rung.at < first_run_at:
            reason = Reason.BEFORE_FIRST_RUN
        elif rung is not highest or rung.level < reached:
            reason = Reason.SUPERSEDED
        elif rung.is_repeat and _is_acknowledged(case, rung.at):
            reason = Reason.ACKNOWLEDGED
        notice = Planned(
            key=f"step:{case_id}:{wait.number}:{rung.name}",
            kind=NoticeKind.ESCALATION,
            audience=rung.step.audience,
            reason=reason,
            due_at=rung.at,
            wait=wait.number,
            step=rung.name,
            suppressed=reason is not Reason.STEP_DUE,
        )
        yield Firing(rung.at, Escalated(wait.number, rung.name, rung.level), notice)


def _is_acknowledged(case: Case, at: datetime) -> bool:
    return case.acknowledged_until is not None and at < case.acknowledged_until


def endings(before: Case, after: Case) -> dict[int, Reason]:
    """The waits that are no longer open, with the reason for which their pending notices are cancelled."""
    open_before = before.open_wait
    if open_before is None:
        return {}
    number = open_before.number
    now = next((one for one in after.waits if one.number == number), None)
    if now is None:
        return {number: Reason.ABSORBED}
    if now.outcome is None:
        return {}
    return {number: _ENDED[now.outcome]}


def goes_on(before: Case, after: Case) -> int | None:
    """The wait that had ended and is open again: its answer was deleted, or a dismissal taken back."""
    wait = after.open_wait
    if wait is None:
        return None
    had_ended = any(one.number == wait.number and not one.is_open for one in before.waits)
    return wait.number if had_ended else None


_ENDED = {
    Outcome.ANSWERED: Reason.ANSWERED,
    Outcome.ANSWERED_ELSEWHERE: Reason.ANSWERED,
    Outcome.WITHDRAWN: Reason.WITHDRAWN,
    Outcome.DISMISSED: Reason.DISMISSED,
}


def looks_different(before: Case, after: Case) -> bool:
    """Whether a card that shows `before` has to be edited."""

    def shown(case: Case) -> tuple[object, ...]:
        return case.status, case.owner, case.claimed, case.level, case.severity, len(case.waits)

    return shown(before) != shown(after)
