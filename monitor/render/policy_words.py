"""What a policy does, in words: why a step comes when it does, and why it is not told."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from monitor.domain.case import Case
from monitor.domain.escalation import ALERT
from monitor.domain.escalation_ahead import Told
from monitor.domain.notice import Planned, Reason
from monitor.domain.policy import Anchor, Rule, Step
from monitor.domain.rota import Staff
from monitor.render.words import duration, local_time

_PLAIN = {
    Reason.OPENED: "the card of the case",
    Reason.GRAVER: "what the customer wrote since is graver: this policy's people hear of it",
    Reason.SUPERSEDED: "not told: a higher step is told at the same time, or was",
    Reason.BEFORE_FIRST_RUN: "not told: it is older than the first run, and in its summary",
    Reason.UNCONFIRMED: "not told: somebody has to confirm the case first",
    Reason.NOBODY_ON_CALL: "told here, as nobody is behind the names of the step",
}


def why(one: Planned, told: Told, *, rule: Rule, case: Case, staff: Staff, zone: tzinfo) -> str:
    """Why a place is told at that moment, or why it is not."""
    match one.reason:
        case Reason.STEP_DUE:
            return _moment(rule, told)
        case Reason.QUIET_HOURS:
            return _sleeps(staff, one, told, zone)
        case Reason.ACKNOWLEDGED:
            until = case.acknowledged_until
            said = f" until {local_time(until, zone)}" if until else ""
            return f"not told: acknowledged{said}"
        case Reason.NOBODY_ON_CALL:
            return f"{_moment(rule, told)}; {_PLAIN[one.reason]}"
        case _:
            return _PLAIN.get(one.reason, one.reason.value)


def _sleeps(staff: Staff, one: Planned, told: Told, zone: tzinfo) -> str:
    person = staff.person_at(one.audience)
    if person is None or person.awake is None:
        return "not told now: in one summary when the quiet hours end"
    wakes = local_time(person.awake.next_opening(told.at), zone)
    return f"not told now: {person.name} sleeps until {wakes}; then in one summary, if still open"


def _moment(rule: Rule, told: Told) -> str:
    name, _, repeat = told.firing.event.step.partition("#")
    if name == ALERT:
        return _PLAIN[Reason.OPENED]
    step = next((one for one in rule.steps if one.name == name), None)
    if step is None:
        return "a step of the policy"
    if repeat and step.repeat:
        return f"again, {repeat} of at most {step.repeats}, every {duration(step.repeat)}"
    return when(step)


def when(step: Step) -> str:
    """The moment of a step, on the policy's clock."""
    span = duration(abs(step.offset))
    if step.anchor is Anchor.START:
        return f"{span} after the complaint" if step.offset else "at once"
    if not step.offset:
        return "the target is missed"
    return f"{span} {'before' if step.offset < timedelta() else 'after'} the target"
