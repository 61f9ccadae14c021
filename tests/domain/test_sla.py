"""How a wait stands: every state, its edges, and that the future does not reach back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.event import (
    Answered,
    AnswerWithdrawn,
    DismissalReason,
    FollowedUp,
    Merged,
    Opened,
)
from monitor.domain.judgement import Severity
from monitor.domain.sla import (
    DECIDED,
    State,
    WaitFacts,
    as_it_stood,
    case_as_of,
    reclassified_after_due,
    state,
)
from monitor.domain.wait import Outcome
from tests.domain.histories import an_ask, at, histories, record

READ = {"forum": at(10_000)}
"""The brand's own posts were read far past everything."""


def a_wait(
    *,
    due: int = 60,
    ended: int | None = None,
    outcome: Outcome | None = None,
    dismissed: int | None = None,
    started: int = 0,
) -> WaitFacts:
    return WaitFacts(
        case_id=1,
        number=1,
        network="forum",
        severity=Severity.NORMAL,
        topics=(),
        owner=None,
        confirmed=True,
        started_at=at(started),
        first_seen_at=at(started),
        due_at=at(due),
        ended_at=None if ended is None else at(ended),
        outcome=outcome,
        dismissed=None if dismissed is None else DismissalReason.DUPLICATE,
        dismissed_at=None if dismissed is None else at(dismissed),
    )


OPEN = a_wait()
ANSWERED = a_wait(ended=50, outcome=Outcome.ANSWERED)
ON_TIME = a_wait(ended=60, outcome=Outcome.ANSWERED)
LATE = a_wait(ended=61, outcome=Outcome.ANSWERED)
ELSEWHERE = a_wait(ended=50, outcome=Outcome.ANSWERED_ELSEWHERE)
DELETED_BEFORE = a_wait(ended=59, outcome=Outcome.WITHDRAWN)
DELETED_AFTER = a_wait(ended=61, outcome=Outcome.WITHDRAWN)
DISMISSED = a_wait(ended=61, outcome=Outcome.DISMISSED, dismissed=61)


@pytest.mark.parametrize(
    ("wait", "minute", "expected"),
    [
        pytest.param(OPEN, 59, State.PENDING, id="before-due"),
        pytest.param(OPEN, 60, State.PENDING, id="at-due-an-answer-is-still-in-time"),
        pytest.param(OPEN, 61, State.BREACHED_OPEN, id="after-due"),
        pytest.param(ANSWERED, 59, State.MET, id="answered"),
        pytest.param(ANSWERED, 49, State.PENDING, id="answered-later-is-open-now"),
        pytest.param(ON_TIME, 99, State.MET, id="answered-on-the-stroke"),
        pytest.param(LATE, 99, State.BREACHED_ANSWERED, id="answered-late"),
        pytest.param(LATE, 60, State.PENDING, id="late-answer-not-yet-there"),
        pytest.param(ELSEWHERE, 99, State.MET, id="answered-elsewhere-counts"),
        pytest.param(DELETED_BEFORE, 99, State.WITHDRAWN, id="deleted-in-time-leaves"),
        pytest.param(DELETED_BEFORE, 58, State.PENDING, id="not-deleted-yet"),
        pytest.param(DELETED_AFTER, 99, State.BREACHED_OPEN, id="deleted-late-stays-breached"),
        pytest.param(DISMISSED, 99, State.DISMISSED, id="dismissed"),
        pytest.param(DISMISSED, 60, State.PENDING, id="not-dismissed-yet"),
    ],
)
def test_a_wait_stands_as_the_semantics_say(wait: WaitFacts, minute: int, expected: State) -> None:
    assert state(wait, at(minute), READ) is expected


@pytest.mark.parametrize(
    ("read_through", "expected"),
    [
        pytest.param({}, State.UNVERIFIED, id="never-read"),
        pytest.param({"forum": at(59)}, State.UNVERIFIED, id="not-read-so-far"),
        pytest.param({"x": at(99)}, State.UNVERIFIED, id="another-network"),
        pytest.param({"forum": at(60)}, State.BREACHED_OPEN, id="read-to-the-due-time"),
        pytest.param({"*": at(99)}, State.BREACHED_OPEN, id="all-networks"),
        pytest.param({"forum": at(1), "*": at(99)}, State.BREACHED_OPEN, id="either-proves-it"),
    ],
)
def test_a_silence_that_was_not_read_is_unverified(
    read_through: dict[str, datetime], expected: State
) -> None:
    assert state(OPEN, at(99), read_through) is expected
    assert state(DELETED_AFTER, at(99), read_through) is expected


def test_a_dismissal_hides_no_breach_from_the_figure_with_them() -> None:
    assert as_it_stood(DISMISSED, at(99), READ) is State.BREACHED_OPEN
    assert reclassified_after_due(DISMISSED, at(99))
    assert not reclassified_after_due(DISMISSED, at(60))
    assert not reclassified_after_due(a_wait(dismissed=59, ended=59), at(99))
    assert not reclassified_after_due(OPEN, at(99))


waits = st.builds(
    a_wait,
    due=st.integers(0, 100),
    ended=st.none() | st.integers(0, 200),
    outcome=st.sampled_from(Outcome),
    dismissed=st.none() | st.integers(0, 200),
)
minutes = st.integers(0, 250)


@given(waits, minutes)
def test_what_comes_after_as_of_has_not_happened(wait: WaitFacts, minute: int) -> None:
    as_of = at(minute)
    known = wait
    if not wait.has_ended(as_of):
        known = known._replace(ended_at=None, outcome=None)
    if not wait.is_dismissed(as_of):
        known = known._replace(dismissed=None, dismissed_at=None)
    assert state(wait, as_of, READ) is state(known, as_of, READ)


@given(waits, minutes, minutes)
def test_a_breach_is_final_unless_people_say_so(wait: WaitFacts, minute: int, more: int) -> None:
    first = as_it_stood(wait, at(minute), READ)
    later = as_it_stood(wait, at(minute + more), READ)
    if first is State.MET:
        assert later is State.MET
    if first in DECIDED - {State.MET}:
        assert later in DECIDED - {State.MET}


@given(waits, minutes, st.integers(0, 250))
def test_reading_on_only_settles_what_was_unverified(
    wait: WaitFacts, minute: int, read: int
) -> None:
    before = state(wait, at(minute), {"forum": at(read)})
    after = state(wait, at(minute), READ)
    assert after is (State.BREACHED_OPEN if before is State.UNVERIFIED else before)


@given(histories(), st.integers(0, 200))
def test_a_case_as_of_then_is_the_case_as_it_was_then(records: tuple, minute: int) -> None:  # type: ignore[type-arg]
    """Whatever happens later, waits of that moment and their names stay what they were."""
    as_of = at(minute)
    then = case_as_of(records, as_of)
    earlier = [one for one in records if one.at <= as_of]
    assert then.waits == case_as_of(earlier, as_of).waits
    assert all(wait.started_at <= as_of for wait in then.waits)
    assert all(wait.ended_at is None or wait.ended_at <= as_of for wait in then.waits)


def test_an_answer_deleted_later_still_parted_the_waits_before() -> None:
    records = [
        record(1, 0, Opened(an_ask(1, 0))),
        record(2, 10, Answered(100)),
        record(3, 20, FollowedUp(an_ask(2, 20))),
        record(4, 90, AnswerWithdrawn(100)),
    ]
    assert [wait.number for wait in case_as_of(records, at(30)).waits] == [1, 2]
    assert [wait.number for wait in case_as_of(records, at(90)).waits] == [1]


def test_a_merged_case_has_no_waits_at_any_time() -> None:
    """That two cases are one was always so; else its waits would count twice."""
    records = [record(1, 0, Opened(an_ask(1, 0))), record(2, 90, Merged(into=7))]
    assert case_as_of(records, at(30)).waits == ()


def test_facts_of_a_folded_wait_are_those_of_its_case() -> None:
    case = case_as_of([record(1, 0, Opened(an_ask(1, 0)))], at(1))
    facts = WaitFacts.of(7, "forum", case, case.waits[0])
    assert facts.case_id == 7
    assert facts.topics == ("delivery",)
    assert facts.confirmed
    assert facts.due_at - facts.started_at == timedelta(hours=1)
