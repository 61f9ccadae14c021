"""A restated report in words and as data: old → new, and the waits that make the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta, tzinfo
from typing import Any

from monitor.domain.report import Counted, Group
from monitor.domain.restated import Because, Moved, Restated
from monitor.domain.sla import UNDECIDED, State
from monitor.render.figures import STATES, UNCONFIRMED, bounds, percent, reached
from monitor.render.report_json import group_data
from monitor.render.texts import local_time
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import duration

WHY: Mapping[Because, str] = {
    Because.POST_LATE: "a post of the customer was found or judged later",
    Because.JUDGED_AGAIN: "an edited post was judged again",
    Because.POST_DELETED: "the customer had deleted a post",
    Because.ANSWER_LATE: "an answer was found later",
    Because.ANSWER_DELETED: "the answer had been deleted",
    Because.SAID_ELSEWHERE: "staff said later that they had answered elsewhere",
    Because.CONFIRMED: "staff confirmed it",
    Because.DISMISSED: "staff took it out of the figures",
    Because.TAKEN_BACK: "staff took back what they had said",
    Because.MERGED: "two cases turned out to be one",
    Because.HANDED_ON: "it was somebody else's case",
    Because.READ_ON: "the network was read on, and the silence is proved",
}
NOT_THERE = "not counted"


def figures(group: Group, say_in: Tongue = IN_ENGLISH) -> Iterator[tuple[str, str]]:
    """The figures that people were told, by name."""
    its = group.figures
    yield say_in("% within SLA"), percent(its.within.value, say_in)
    yield say_in("bounds"), bounds(its.within, say_in)
    yield say_in("waits"), str(its.received)
    for state in State:
        yield say_in(STATES[state]), str(its.states[state])
    yield say_in("median"), reached(its.response.median, its.response.n, say_in)
    yield "90 %", reached(its.response.p90, its.response.n, say_in)
    yield say_in("answered elsewhere"), str(its.elsewhere)
    yield say_in("reclassified after due"), str(its.reclassified)
    yield say_in("to confirm"), str(group.to_confirm)


def rows(restated: Restated, say_in: Tongue = IN_ENGLISH) -> list[tuple[str, str, str]]:
    """Each figure with what it was and what it is."""
    before, after = (figures(one.total, say_in) for one in (restated.before, restated.after))
    return [(name, old, new) for (name, old), (_, new) in zip(before, after, strict=True)]


def stood(one: Counted | None, say_in: Tongue = IN_ENGLISH) -> str:
    """How a wait counts: its state, how long it lasted, and what people are told beside it."""
    if one is None:
        return say_in(NOT_THERE)
    state = STATES[one.state] if one.wait.confirmed else UNCONFIRMED
    span = duration(timedelta(seconds=one.waited), say_in)
    return f"{say_in(state)}, {span}, {say_in(one.wait.severity.word)}"


def why(one: Moved, say_in: Tongue = IN_ENGLISH) -> str:
    """Why it counts otherwise."""
    return "; ".join(say_in(WHY[it]) for it in one.because)


def headline(restated: Restated, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> str:
    """Of what, told when."""
    after = restated.after
    return say_in(
        "{brand}: waits that began from {since} to before {until}, as of {as_of}; as it was told on "
        "{told}, and as it is known now",
        brand=after.brand,
        told=local_time(restated.told_at, zone, say_in),
        **{
            name: local_time(at, zone, say_in)
            for name, at in (
                ("since", after.period.since),
                ("until", after.period.until),
                ("as_of", after.as_of),
            )
        },
    )


def restated_data(restated: Restated) -> dict[str, Any]:
    """Under the rules of the report's JSON: `before` and `after` as its groups, and each wait that moved."""
    after = restated.after
    return {
        "brand": after.brand,
        "since": after.period.since.isoformat(),
        "until": after.period.until.isoformat(),
        "as_of": after.as_of.isoformat(),
        "told_at": restated.told_at.isoformat(),
        "before": group_data(restated.before.total),
        "after": group_data(after.total),
        "moved": [
            {
                "case": one.case_id,
                "number": one.number,
                "before": _stood(one.before),
                "after": _stood(one.after),
                "because": [it.value for it in one.because],
                "learnt_at": one.learnt_at.isoformat() if one.learnt_at else None,
            }
            for one in restated.moved
        ],
    }


def _stood(one: Counted | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "state": one.state.value,
        "confirmed": one.wait.confirmed,
        "severity": one.wait.severity.word,
        "waited_s": one.waited,
        "undecided": one.state in UNDECIDED,
        "owner": one.wait.owner,
    }
