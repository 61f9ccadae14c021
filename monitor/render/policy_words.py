"""What a policy does, in words: why a step comes when it does, and why it is not told."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from monitor.domain.case import Case
from monitor.domain.escalation import ALERT
from monitor.domain.escalation_ahead import Told
from monitor.domain.notice import Planned, Reason
from monitor.domain.policy import Anchor, Rule, Step
from monitor.domain.rota import Staff
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import duration, local_time

PLAIN = {
    Reason.OPENED: "the card of the case",
    Reason.GRAVER: "what the customer wrote since is graver: this policy's people hear of it",
    Reason.SUPERSEDED: "not told: a higher step is told at the same time, or was",
    Reason.BEFORE_FIRST_RUN: "not told: it is older than the first run, and in its summary",
    Reason.UNCONFIRMED: "not told: somebody has to confirm the case first",
    Reason.NOBODY_ON_CALL: "told here, as nobody is behind the names of the step",
}
"""Where the reason says it all."""


def why(
    one: Planned,
    told: Told,
    *,
    rule: Rule,
    case: Case,
    staff: Staff,
    zone: tzinfo,
    say_in: Tongue = IN_ENGLISH,
) -> str:
    """Why a place is told at that moment, or why it is not."""
    match one.reason:
        case Reason.STEP_DUE:
            return _moment(rule, told, say_in)
        case Reason.QUIET_HOURS:
            return _sleeps(staff, one, told, zone, say_in)
        case Reason.ACKNOWLEDGED:
            until = case.acknowledged_until
            if until is None:
                return say_in("not told: acknowledged")
            time = local_time(until, zone, say_in)
            return say_in("not told: acknowledged until {time}", time=time)
        case Reason.NOBODY_ON_CALL:
            return f"{_moment(rule, told, say_in)}; {say_in(PLAIN[one.reason])}"
        case _:
            return say_in(PLAIN.get(one.reason, one.reason.value))


def _sleeps(staff: Staff, one: Planned, told: Told, zone: tzinfo, say_in: Tongue) -> str:
    person = staff.person_at(one.audience)
    if person is None or person.awake is None:
        return say_in("not told now: in one summary when the quiet hours end")
    return say_in(
        "not told now: {name} sleeps until {time}; then in one summary, if still open",
        name=person.name,
        time=local_time(person.awake.next_opening(told.at), zone, say_in),
    )


def _moment(rule: Rule, told: Told, say_in: Tongue) -> str:
    name, _, repeat = told.firing.event.step.partition("#")
    if name == ALERT:
        return say_in(PLAIN[Reason.OPENED])
    step = next((one for one in rule.steps if one.name == name), None)
    if step is None:
        return say_in("a step of the policy")
    if repeat and step.repeat:
        return say_in(
            "again, {number} of at most {most}, every {span}",
            number=repeat,
            most=step.repeats,
            span=duration(step.repeat, say_in),
        )
    return when(step, say_in)


def when(step: Step, say_in: Tongue = IN_ENGLISH) -> str:
    """The moment of a step, on the policy's clock."""
    span = duration(abs(step.offset), say_in)
    if step.anchor is Anchor.START:
        return say_in("{span} after the complaint", span=span) if step.offset else say_in("at once")
    if not step.offset:
        return say_in("the target is missed")
    if step.offset < timedelta():
        return say_in("{span} before the target", span=span)
    return say_in("{span} after the target", span=span)
