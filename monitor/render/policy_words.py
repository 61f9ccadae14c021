"""What a policy is and does, in words: whom it is for, when its steps come, why one is not told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta, tzinfo
from itertools import groupby

from monitor.domain.case import Case
from monitor.domain.escalation import ALERT
from monitor.domain.escalation_ahead import Told
from monitor.domain.escalation_difference import Change, Line, Message
from monitor.domain.hours import BusinessHours, Intervals
from monitor.domain.notice import Planned, Reason
from monitor.domain.policy import Anchor, Match, Misfit, Rule, Step
from monitor.domain.rota import Staff
from monitor.render.texts import local_time
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import duration

PLAIN = {
    Reason.OPENED: "the card of the case",
    Reason.GRAVER: "what the customer wrote since is graver: this policy's people hear of it",
    Reason.SUPERSEDED: "not told: a higher step is told at the same time, or was",
    Reason.BEFORE_FIRST_RUN: "not told: it is older than the first run, and in its summary",
    Reason.UNCONFIRMED: "not told: somebody has to confirm the case first",
    Reason.NOBODY_ON_CALL: "told here, as nobody is behind the names of the step",
}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ALL_DAY: Intervals = ((0, 24 * 60),)


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
            at = local_time(until, zone, say_in)
            return say_in("not told: acknowledged until {time}", time=at)
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


def again(step: Step, say_in: Tongue = IN_ENGLISH) -> str:
    """How a step is repeated; empty if it is not."""
    if not step.repeat:
        return ""
    span = duration(step.repeat, say_in)
    return say_in("again every {span}, {most} times at most", span=span, most=step.repeats)


def for_whom(match: Match, say_in: Tongue = IN_ENGLISH) -> str:
    """Which complaints a policy is for."""
    if match.is_everything:
        return say_in("every complaint")
    return "; ".join(_demands(match, say_in))


def _demands(match: Match, say_in: Tongue) -> Iterator[str]:
    severities = [say_in(one.word) for one in match.severities]
    if match.brands:
        yield say_in("brand: {names}", names=_either(match.brands, say_in))
    if match.networks:
        yield say_in("network: {names}", names=_either(match.networks, say_in))
    if severities:
        yield say_in("severity: {names}", names=_either(severities, say_in))
    if match.topics:
        yield say_in("topic: {names}", names=_either(match.topics, say_in))
    if match.languages:
        yield say_in("language: {names}", names=_either(match.languages, say_in))
    if match.followers:
        yield say_in("the author has {number} followers or more", number=match.followers)


def _either(names: Sequence[str], say_in: Tongue) -> str:
    return f" {say_in('or')} ".join(names)


def not_for(misfits: Sequence[Misfit], say_in: Tongue = IN_ENGLISH) -> str:
    """Why a policy is not for a post."""
    said = (say_in(one.phrase, value=say_in(one.value)) for one in misfits)
    return say_in(", and ").join(said)


def clock(hours: BusinessHours, say_in: Tongue = IN_ENGLISH) -> str:
    """When a policy's clock runs: its weekdays, and its zone."""
    if all(one == _ALL_DAY for one in hours.weekly) and not hours.holidays:
        return say_in("round the clock")
    runs = []
    for intervals, days in groupby(enumerate(hours.weekly), key=lambda one: one[1]):
        named = [say_in(DAYS[number]) for number, _ in days]
        if intervals:
            span = named[0] if len(named) == 1 else f"{named[0]}-{named[-1]}"
            runs.append(f"{span} {', '.join(map(_times, intervals))}")
    shut = [say_in("but for public holidays")] if hours.holidays else []
    return f"{'; '.join([*runs, *shut])} ({hours.zone})"


def _times(interval: tuple[int, int]) -> str:
    return "-".join(f"{one // 60:02}:{one % 60:02}" for one in interval)


def both_sides(one: Line, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> tuple[str, str]:
    """A message as it was and as it would be.

    One that is later than what was, or was to come later than what would be, is yet to come.
    """
    moved = one.change in (Change.EARLIER, Change.LATER)
    none = say_in("not yet") if moved else "-"
    before, after = (_said(it, zone, say_in) if it else none for it in (one.before, one.after))
    return before, after


def _said(message: Message, zone: tzinfo, say_in: Tongue) -> str:
    return f"{local_time(message.at, zone, say_in)}, {', '.join(message.audiences)}"
