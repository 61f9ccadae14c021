"""Escalation: whom to tell and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.case import Case, apply, fold
from monitor.domain.escalation import ALERT, Decision, Watched, decide, endings, looks_different
from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnswerWithdrawn,
    Claimed,
    Confirmed,
    DismissalReason,
    Dismissed,
    Escalated,
    Event,
    FollowedUp,
    Merged,
    Opened,
    Record,
    Rejudged,
    Snoozed,
    Withdrawn,
)
from monitor.domain.hours import always
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import Reason
from monitor.domain.policy import Anchor, Match, Rule, Step, rule_from
from tests.domain.histories import an_ask, at, histories, record

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def step(name: str, minutes: float, anchor: Anchor = Anchor.START, repeats: int = 0) -> Step:
    return Step(
        name=name,
        anchor=anchor,
        offset=timedelta(minutes=minutes),
        audiences=(f"#{name}",),
        repeat=timedelta(minutes=10) if repeats else None,
        repeats=repeats,
    )


def rule(*steps: Step) -> Rule:
    return Rule(
        name="r",
        match=Match(),
        target=timedelta(hours=1),
        hours=always("UTC"),
        audience="#care",
        steps=steps,
    )


CHAIN = rule(step("soon", 30), step("warning", -10, Anchor.DUE), step("breach", 0, Anchor.DUE))
OPENED = record(1, 0, Opened(an_ask(1, 0)))


def decided(
    case: Case,
    minute: float,
    chain: Rule = CHAIN,
    since: datetime = LONG_AGO,
    summed_up_at: datetime | None = None,
) -> Decision:
    return decide(
        case,
        case_id=5,
        rule=chain,
        watched=Watched(since=since, summed_up_at=summed_up_at),
        now=at(minute),
    )


def told(decision: Decision) -> list[tuple[str, Reason]]:
    return [(one.event.step, it.reason) for one in decision.firings for it in one.notices]


def after(case: Case, decision: Decision) -> Case:
    for one in decision.firings:
        case = apply(case, Record(case.seq + 1, one.at, one.at, "escalate", one.event))
    return case


def test_a_new_case_alerts_at_once_and_sleeps_until_the_first_step() -> None:
    decision = decided(fold([OPENED]), 1)
    assert told(decision) == [(ALERT, Reason.OPENED)]
    assert decision.next_at == at(30)
    assert decision.firings[0].notices[0].audience == "#care"


def test_each_step_fires_once_at_its_own_time_however_late_anybody_looked() -> None:
    case = fold([OPENED])
    case = after(case, decided(case, 1))
    decision = decided(case, 34)
    assert told(decision) == [("soon", Reason.STEP_DUE)]
    assert decision.firings[0].at == decision.firings[0].notices[0].due_at == at(30)
    assert decided(after(case, decision), 35).firings == ()


def test_after_downtime_only_the_highest_step_is_told() -> None:
    case = fold([OPENED])
    case = after(case, decided(case, 1))
    assert told(decided(case, 500)) == [
        ("soon", Reason.SUPERSEDED),
        ("warning", Reason.SUPERSEDED),
        ("breach", Reason.STEP_DUE),
    ]


def test_a_step_below_one_that_fired_already_is_recorded_but_not_told() -> None:
    # a post learnt late moved the start, and "soon" fell due after "breach" had fired
    case = fold(
        [
            OPENED,
            record(2, 61, Escalated(1, ALERT, 0, "r")),
            record(3, 61, Escalated(1, "breach", 3, "r")),
        ]
    )
    assert told(decided(case, 62)) == [
        ("soon", Reason.SUPERSEDED),
        ("warning", Reason.SUPERSEDED),
    ]


def test_what_waited_before_the_first_run_does_not_alert() -> None:
    decision = decided(fold([OPENED]), 45, since=at(40))
    assert told(decision) == [
        (ALERT, Reason.BEFORE_FIRST_RUN),
        ("soon", Reason.BEFORE_FIRST_RUN),
    ]
    assert not any(one.is_told for one in decision.firings)
    assert decision.next_at == at(50)


def test_what_was_learnt_after_the_summary_is_told_though_it_is_older_than_the_first_run() -> None:
    late = Record(1, at(0), at(70), "triage", Opened(an_ask(1, 0)))
    assert told(decided(fold([late]), 80, since=at(40), summed_up_at=at(60))) == [
        (ALERT, Reason.OPENED),
        ("soon", Reason.SUPERSEDED),
        ("warning", Reason.SUPERSEDED),
        ("breach", Reason.STEP_DUE),
    ]
    summed_up = told(decided(fold([OPENED]), 45, since=at(40), summed_up_at=at(60)))
    assert {reason for _, reason in summed_up} == {Reason.BEFORE_FIRST_RUN}


def test_what_people_confirm_after_the_summary_is_told() -> None:
    unsure = record(1, 0, Opened(an_ask(1, 0, band=Band.REVIEW)))
    confirmed = fold([unsure, record(2, 70, Confirmed())])
    assert told(decided(confirmed, 70, since=at(10), summed_up_at=at(20)))[0] == (
        ALERT,
        Reason.OPENED,
    )


def test_a_history_that_is_imported_after_the_summary_alerts_for_nothing() -> None:
    began = timedelta(days=8)
    late = Record(1, at(0), at(0) + began * 2, "triage", Opened(an_ask(1, 0)))
    watched = Watched(since=at(0) + began, summed_up_at=at(0) + began)
    decision = decide(fold([late]), case_id=5, rule=CHAIN, watched=watched, now=at(0) + began * 2)
    assert {it.reason for one in decision.firings for it in one.notices} == {
        Reason.BEFORE_FIRST_RUN
    }


GRAVE = record(5, 62, FollowedUp(an_ask(2, 62, severity=Severity.CRITICAL, rule="grave")))


def test_a_graver_follow_up_in_a_case_that_climbed_is_told_to_its_own_people() -> None:
    climbed = fold([OPENED])
    for minute in (1, 30, 50, 60):
        climbed = after(climbed, decided(climbed, minute))
    safety = rule(step("page", 5, Anchor.DUE))
    grave = apply(climbed, replace(GRAVE, seq=climbed.seq + 1))
    decision = decided(grave, 70, safety)
    assert told(decision) == [(ALERT, Reason.GRAVER), ("page", Reason.STEP_DUE)]
    assert [it.key for one in decision.firings for it in one.notices] == [
        "alert:5:1:grave",
        "step:5:1:grave:page",
    ]
    assert decision.firings[0].at == at(62)
    assert decided(after(grave, decision), 71, safety).firings == ()


def test_a_graver_follow_up_is_news_in_a_wait_that_was_summed_up() -> None:
    case = fold([OPENED])
    case = after(case, decided(case, 61, since=at(61)))
    grave = apply(case, replace(GRAVE, seq=case.seq + 1))
    decision = decided(grave, 62, rule(step("page", 0)), since=at(61), summed_up_at=at(61))
    assert told(decision) == [(ALERT, Reason.GRAVER), ("page", Reason.STEP_DUE)]


def test_an_unconfirmed_case_alerts_nobody_and_says_so_once() -> None:
    case = fold([record(1, 0, Opened(an_ask(1, 0, band=Band.REVIEW)))])
    decision = decided(case, 500)
    assert told(decision) == [("unconfirmed", Reason.UNCONFIRMED)]
    assert decided(after(case, decision), 501) == Decision()


def test_a_snooze_holds_steps_back_but_not_the_alert() -> None:
    case = fold([OPENED, record(2, 5, Snoozed(at(40), 1))])
    decision = decided(case, 35)
    assert told(decision) == [(ALERT, Reason.OPENED)]
    assert decision.next_at == at(40)
    assert told(decided(after(case, decision), 40)) == [("soon", Reason.STEP_DUE)]


def test_repeats_go_on_until_the_next_step() -> None:
    chain = rule(step("soon", 30, repeats=5), step("breach", 0, Anchor.DUE))
    case = fold([OPENED])
    heard = []
    for minute in range(90):
        decision = decided(case, minute, chain)
        heard += [(minute, one.event.step) for one in decision.firings]
        case = after(case, decision)
    assert heard == [(0, ALERT), (30, "soon"), (40, "soon#1"), (50, "soon#2"), (60, "breach")]


def test_an_acknowledgement_stops_repeats_until_it_expires_but_not_the_next_step() -> None:
    chain = rule(step("soon", 30, repeats=2), step("breach", 0, Anchor.DUE))
    case = fold([OPENED, record(2, 31, Acknowledged(at(45), 1, 1, "r"))])
    reasons: dict[str, Reason] = {}
    for minute in (0, 30, 40, 50, 60):
        decision = decided(case, minute, chain)
        reasons |= dict(told(decision))
        case = after(case, decision)
    assert reasons == {
        ALERT: Reason.OPENED,
        "soon": Reason.STEP_DUE,
        "soon#1": Reason.ACKNOWLEDGED,
        "soon#2": Reason.STEP_DUE,
        "breach": Reason.STEP_DUE,
    }


def test_acknowledged_repeats_do_not_swallow_the_step_that_was_never_told() -> None:
    chain = rule(step("soon", 30, repeats=3))
    case = fold([OPENED])
    case = after(case, decided(case, 1, chain))
    case = apply(case, record(case.seq + 1, 25, Acknowledged(at(90), 1, 0, "r")))
    assert Reason.STEP_DUE in dict(told(decided(case, 45, chain))).values()
    # and where the repeats of that level are acknowledged, the step itself is told
    early = apply(fold([OPENED]), record(2, 20, Acknowledged(at(90), 1, 1, "r")))
    assert told(decided(early, 45, chain))[1:] == [
        ("soon", Reason.STEP_DUE),
        ("soon#1", Reason.ACKNOWLEDGED),
    ]


def test_having_seen_one_step_does_not_mute_the_next_ones_repeats() -> None:
    chain = rule(step("soon", 30), step("boss", 60, repeats=2))
    case = fold([OPENED, record(2, 50, Acknowledged(at(170), 1, 1, "r"))])
    heard: list[str] = []
    for minute in (0, 30, 60, 70, 80):
        decision = decided(case, minute, chain)
        heard += [step for step, reason in told(decision) if reason is Reason.STEP_DUE]
        case = after(case, decision)
    assert heard == ["soon", "boss", "boss#1", "boss#2"]


@pytest.mark.parametrize(
    "event",
    [Withdrawn(1), Rejudged(1, an_ask(1, 5)), AnswerWithdrawn(8)],
    ids=lambda one: type(one).__name__,
)
def test_a_card_whose_words_changed_has_to_be_edited(event: Event) -> None:
    before = fold([OPENED, record(2, 1, FollowedUp(an_ask(2, 1)))])
    assert looks_different(before, apply(before, record(3, 5, event)))


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Answered(9), Reason.ANSWERED),
        (Withdrawn(1), Reason.WITHDRAWN),
        (Dismissed(DismissalReason.DUPLICATE, (1,)), Reason.DISMISSED),
        (Merged(3), Reason.ABSORBED),
    ],
)
def test_an_ended_wait_cancels_what_is_pending_with_its_reason(
    event: Event, reason: Reason
) -> None:
    before = fold([OPENED])
    assert endings(before, apply(before, record(2, 5, event))) == {1: reason}


def test_nothing_is_cancelled_while_the_wait_goes_on() -> None:
    before = fold([OPENED])
    claimed = apply(before, record(2, 5, Claimed()))
    assert endings(before, claimed) == {}
    assert looks_different(before, claimed)
    assert looks_different(before, apply(before, record(2, 5, Snoozed(at(9), 1))))
    assert not looks_different(before, before)
    answered = apply(before, record(2, 5, Answered(9)))
    assert decided(answered, 500) == Decision()
    assert endings(answered, answered) == {}


def test_a_rule_survives_being_frozen() -> None:
    assert rule_from(CHAIN.snapshot) == CHAIN
    assert rule_from(CHAIN.snapshot).digest == CHAIN.digest


@given(histories(), st.lists(st.integers(0, 300), max_size=12))
def test_each_wait_and_step_fires_once_whenever_anybody_looks(
    history: Sequence[Record], looks: list[int]
) -> None:
    chain = rule(step("soon", 30, repeats=3), step("warning", -5, Anchor.DUE))
    case = fold(history)
    fired: list[str] = []
    for minute in sorted(looks):
        decision = decided(case, minute, chain)
        fired += [it.key for one in decision.firings for it in one.notices]
        case = after(case, decision)
        assert decided(case, minute, chain).firings == ()
    assert len(fired) == len(set(fired))


@given(st.lists(st.integers(0, 200), max_size=20))
def test_what_is_told_or_superseded_does_not_depend_on_the_looks(looks: list[int]) -> None:
    """Every step that fell due is in the history in the end, at the same time."""
    case = fold([OPENED])
    for minute in [*sorted(looks), 300]:
        case = after(case, decided(case, minute))
    assert {one.step for one in case.fired} == {ALERT, "soon", "warning", "breach"}
