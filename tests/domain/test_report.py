"""The report: its totals reconcile, and nobody improves a number by leaving, dismissing or claiming."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.event import DismissalReason
from monitor.domain.judgement import Severity
from monitor.domain.notice import SourceHealth
from monitor.domain.report import NO_TOPIC, NOBODY, By, Group, Period, Report, Share, build
from monitor.domain.sla import DECIDED, UNDECIDED, State, WaitFacts
from monitor.domain.survival import kaplan_meier
from monitor.domain.wait import Outcome
from tests.domain.histories import a_wait, at

PERIOD = Period(at(0), at(1000))
READ = {"*": at(100_000)}
LATER = at(5000)


def answered(case_id: int, minute: float, **changes: object) -> WaitFacts:
    changes = {"outcome": Outcome.ANSWERED, **changes}
    return a_wait(case_id, ended_at=at(minute), **changes)


def dismissed(case_id: int, minute: float, **changes: object) -> WaitFacts:
    ended = {"ended_at": at(minute), "outcome": Outcome.DISMISSED, **changes}
    reason = DismissalReason.NOT_A_COMPLAINT
    return a_wait(case_id, dismissed=reason, dismissed_at=at(minute), **ended)


def report(*waits: WaitFacts, as_of: datetime = LATER, read: dict[str, datetime] = READ) -> Report:
    return build(waits, brand="shop", period=PERIOD, as_of=as_of, read_through=read)


def names(groups: tuple[Group, ...]) -> list[str]:
    return [one.name for one in groups]


@st.composite
def some_waits(draw: st.DrawFn) -> list[WaitFacts]:
    made = []
    for case_id in range(draw(st.integers(0, 25))):
        start = draw(st.integers(-50, 1050))
        ended = draw(st.none() | st.integers(start, start + 300))
        gone = draw(st.none() | st.integers(start, start + 300))
        made.append(
            a_wait(
                case_id,
                network=draw(st.sampled_from(["x", "forum"])),
                severity=draw(st.sampled_from(Severity)),
                topics=draw(st.sampled_from([(), ("app",), ("app", "staff")])),
                owner=draw(st.sampled_from([None, "ana", "bogdan"])),
                confirmed=draw(st.booleans()),
                started_at=at(start),
                first_seen_at=at(start + draw(st.integers(0, 30))),
                due_at=at(start + draw(st.integers(0, 120))),
                ended_at=None if ended is None else at(ended),
                outcome=None if ended is None else draw(st.sampled_from(Outcome)),
                dismissed_at=None if gone is None else at(gone),
                dismissed=None if gone is None else DismissalReason.DUPLICATE,
            )
        )
    return made


moments = st.integers(0, 1500).map(at)


@given(some_waits(), moments, st.integers(0, 1500).map(at))
def test_totals_reconcile(waits: list[WaitFacts], as_of: datetime, read: datetime) -> None:
    made = report(*waits, as_of=as_of, read={"forum": read})
    in_period = [one for one in waits if at(0) <= one.started_at < at(1000)]
    there = {(one.case_id, 1) for one in in_period if one.started_at <= as_of}
    total = made.total
    assert {*total.names, *(one.name for one in total.unconfirmed)} == there
    for group in (total, *(one for by in By for one in made.groups[by])):
        figures = group.figures
        assert figures.received == len(group.waits) == sum(figures.states.values())
        assert figures.within.met + figures.within.breached == len(group.names_in(*DECIDED))
        assert figures.within.undecided == len(group.names_in(*UNDECIDED))
        assert figures.breaches == figures.within.breached
        assert figures.response.n == figures.received - figures.states[State.DISMISSED]
    for by in (By.NETWORK, By.SEVERITY, By.PERSON):  # every wait in exactly one
        parts = made.groups[by]
        assert sorted(name for one in parts for name in one.names) == sorted(total.names)
        for state in State:
            assert sum(one.figures.states[state] for one in parts) == total.figures.states[state]
    assert {name for one in made.groups[By.TOPIC] for name in one.names} == set(total.names)


@given(some_waits(), moments)
def test_the_bounds_hold_the_share_and_what_it_becomes(
    waits: list[WaitFacts], as_of: datetime
) -> None:
    within = report(*waits, as_of=as_of, read={}).total.figures.within
    if within.low is None or within.high is None:
        assert within.value is None
        return
    assert 0 <= within.low <= within.high <= 1
    if within.value is not None:
        assert within.low <= within.value <= within.high


@given(some_waits(), moments, st.randoms(use_true_random=False))
def test_the_order_in_which_waits_are_read_changes_nothing(
    waits: list[WaitFacts], as_of: datetime, chance: random.Random
) -> None:
    shuffled = list(waits)
    chance.shuffle(shuffled)
    assert report(*shuffled, as_of=as_of) == report(*waits, as_of=as_of)


@given(some_waits(), moments)
def test_dismissing_after_due_never_improves_the_figure_with_them(
    waits: list[WaitFacts], as_of: datetime
) -> None:
    """Somebody dismisses every breach: the figure with the reclassified stays what it was."""
    plain = [one._replace(dismissed=None, dismissed_at=None) for one in waits]
    before = report(*plain, as_of=as_of).total
    breached = set(before.names_in(State.BREACHED_OPEN, State.BREACHED_ANSWERED))
    hidden = [
        one._replace(dismissed=DismissalReason.DUPLICATE, dismissed_at=as_of)
        if (one.case_id, one.number) in breached
        else one
        for one in plain
    ]
    after = report(*hidden, as_of=as_of).total.figures
    assert after.reclassified == len(breached)
    assert after.with_reclassified == before.figures.within
    assert after.states[State.DISMISSED] == len(breached)


def test_a_figure_with_and_without_the_reclassified_and_the_answers_elsewhere() -> None:
    made = report(
        answered(1, 30),
        answered(2, 90),
        answered(3, 30, outcome=Outcome.ANSWERED_ELSEWHERE),
        dismissed(4, 70),
        dismissed(5, 10),
        answered(6, 30, dismissed=DismissalReason.DUPLICATE, dismissed_at=at(100)),
    ).total.figures
    assert made.within == Share(met=2, breached=1, undecided=0)
    assert made.reclassified == 2
    assert made.with_reclassified == Share(met=3, breached=2, undecided=0)
    assert made.elsewhere == 1
    assert made.without_elsewhere == Share(met=1, breached=2, undecided=0)
    assert made.states[State.DISMISSED] == 3


def test_nothing_decided_is_no_percentage() -> None:
    within = report(a_wait(), as_of=at(30)).total.figures.within
    assert within.value is None
    assert (within.low, within.high) == (0.0, 1.0)
    nothing = report().total.figures
    assert nothing.within.low is None
    assert nothing.within.high is None
    assert nothing.lag.median is None
    assert nothing.response.median is None


def test_open_waits_count_in_response_times_and_may_keep_a_percentile_unreached() -> None:
    made = report(answered(1, 10), answered(2, 20), a_wait(3), a_wait(4)).total.figures.response
    assert (made.n, made.n_open) == (4, 2)
    assert made.median == timedelta(minutes=20)
    assert made.p75 is None
    assert made.p90 is None


def test_a_withdrawal_is_no_promise_of_an_answer() -> None:
    """Aalen-Johansen: of four customers two were answered, whatever the two who left might have got."""
    gone = {"outcome": Outcome.WITHDRAWN}
    waits = [answered(1, 10), answered(2, 20), answered(3, 1, **gone), answered(4, 2, **gone)]
    made = report(*waits).total.figures.response
    assert (made.n, made.n_open, made.n_withdrawn) == (4, 0, 2)
    assert made.median == timedelta(minutes=20)
    assert made.p75 is None


@given(some_waits(), moments)
def test_percentiles_are_the_estimators(waits: list[WaitFacts], as_of: datetime) -> None:
    gone = Outcome.WITHDRAWN
    waits = [one for one in waits if one.outcome is not gone]
    total = report(*waits, as_of=as_of).total
    counts = [one for one in total.waits if one.state is not State.DISMISSED]
    ends = [(one.waited, one.wait.is_answered(as_of)) for one in counts]
    median = kaplan_meier(ends).quantile(0.5)
    found = total.figures.response.median
    assert found == (None if median is None else timedelta(seconds=median))


def test_the_answered_alone_would_flatter() -> None:
    """30 % never answered, replies lognormal with a median of 6 h, seen for 7 days (semantics.md)."""
    chance = random.Random(1)
    week = timedelta(days=7)
    waits = []
    for case_id in range(4000):
        hours = 6 * chance.lognormvariate(0, 1)
        never = chance.random() < 0.3
        start = at(chance.random() * 60)
        ended = None if never or hours > 7 * 24 else start + timedelta(hours=hours)
        outcome = Outcome.ANSWERED if ended else None
        waits.append(a_wait(case_id, started_at=start, ended_at=ended, outcome=outcome))
    made = report(*waits, as_of=at(0) + week).total.figures.response
    assert made.median is not None
    assert timedelta(hours=10) < made.median < timedelta(hours=13)
    assert made.n_open > 1000


def test_detection_lag_is_told_beside_the_wait() -> None:
    waits = [a_wait(n, first_seen_at=at(n)) for n in range(1, 11)]
    lag = report(*waits).total.figures.lag
    assert (lag.median, lag.p90, lag.n) == (timedelta(minutes=5), timedelta(minutes=9), 10)


def test_team_time_does_not_charge_the_team_for_a_blind_poller() -> None:
    [seen] = report(answered(1, 50, first_seen_at=at(40))).total.waits
    assert (seen.waited, seen.lag, seen.team_time) == (3000, 2400, 600)
    [unanswered] = report(a_wait(1)).total.waits
    assert unanswered.team_time is None


def test_an_end_that_only_polling_dates_is_said_to_be_one() -> None:
    made = report(answered(1, 50, ended_after=at(20)), answered(2, 50), a_wait(3, ended_after=None))
    assert made.total.figures.dated_by_polling == 1


def test_unconfirmed_stand_beside_and_in_no_figure() -> None:
    made = report(a_wait(1), a_wait(2, confirmed=False), dismissed(3, 10, confirmed=False)).total
    assert made.figures.received == 1
    assert [one.name for one in made.unconfirmed] == [(2, 1), (3, 1)]
    assert made.to_confirm == 1


def test_groups_are_named_and_ordered_for_people() -> None:
    made = report(
        a_wait(1, topics=("staff", "app"), owner=None, severity=Severity.CRITICAL),
        a_wait(2, topics=(), owner="zoe", severity=Severity.LOW, network="x"),
    )
    assert names(made.groups[By.SEVERITY]) == ["critical", "low"]
    assert names(made.groups[By.PERSON]) == ["zoe", NOBODY]
    assert names(made.groups[By.TOPIC]) == ["app", "staff", NO_TOPIC]
    assert names(made.groups[By.NETWORK]) == ["forum", "x"]


@pytest.mark.parametrize(("minute", "counts"), [(-1, False), (0, True), (999, True), (1000, False)])
def test_the_period_is_half_open(minute: int, counts: bool) -> None:
    assert bool(report(a_wait(1, started_at=at(minute))).total.waits) is counts


def health(read_through: datetime | None) -> SourceHealth:
    return SourceHealth(
        source="s",
        stream="own",
        network="x",
        read_through=read_through,
        failing_since=at(900),
        problem="out of credit",
    )


def test_sources_are_told_as_of_then() -> None:
    """A source that was read past the moment says so, however it fares since; one that was not, why."""
    made = [
        build(
            (), brand="b", period=PERIOD, as_of=at(500), read_through={}, sources=[health(read)]
        ).sources[0]
        for read in (at(600), at(700), at(400), None)
    ]
    assert made[0] == made[1]
    assert made[0].read_through == at(500)
    assert made[0].problem is None
    assert made[2].problem == "out of credit"
    assert made[3].read_through is None
