"""The future of a case is what will happen; its past under other rules is what would have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.domain.case import Case, fold
from monitor.domain.escalation import ALERT, Watched
from monitor.domain.escalation_ahead import Lived, Played, Told, ahead, play
from monitor.domain.escalation_difference import Change, Difference
from monitor.domain.event import (
    Acknowledged,
    Answered,
    Ask,
    DismissalReason,
    Dismissed,
    Escalated,
    FollowedUp,
    Merged,
    Opened,
    Record,
    Rejudged,
    Snoozed,
)
from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import Reason
from monitor.domain.policy import Anchor, Rule
from monitor.domain.rota import Person, Staff
from tests.domain.histories import an_ask, at, histories, record
from tests.domain.test_escalation import LONG_AGO, after, decided, rule, step

CHAIN = rule(step("soon", 30, repeats=2), step("breach", 0, Anchor.DUE))
OPENED = record(1, 0, Opened(an_ask(1, 0)))
ALWAYS = Watched(since=LONG_AGO)
RULES = {"r": CHAIN, "grave": replace(CHAIN, name="grave")}


def foretold(case: Case, minute: float = 0) -> list[Told]:
    found = ahead(case, case_id=5, rule=CHAIN, watched=ALWAYS, staff=Staff(), now=at(minute))
    return list(found)


def steps(told: Sequence[Told]) -> list[tuple[float, str, Reason]]:
    return [
        ((one.at - at(0)) / timedelta(minutes=1), one.firing.event.step, it.reason)
        for one in told
        for it in one.firing.notices
    ]


def lived(*records: Record) -> Lived:
    return Lived(5, records, LONG_AGO)


def played(past: Lived, rules: Mapping[str, Rule] = RULES, *, new: bool = False) -> Played:
    def governs(ask: Ask) -> str:
        return "grave" if ask.severity > Severity.NORMAL else "r"

    how = governs if new else None
    return play(past, rules, governs=how, staff=Staff(), until=at(500))


def test_the_whole_future_is_foretold_in_order() -> None:
    assert steps(foretold(fold([OPENED]))) == [
        (0, ALERT, Reason.OPENED),
        (30, "soon", Reason.STEP_DUE),
        (40, "soon#1", Reason.STEP_DUE),
        (50, "soon#2", Reason.STEP_DUE),
        (60, "breach", Reason.STEP_DUE),
    ]


def test_an_acknowledgement_and_a_snooze_are_foretold_with_what_they_hold_back() -> None:
    seen = fold([OPENED, record(2, 0, Escalated(1, "soon", 1, "r"))])
    seen = fold([*seen.records, record(3, 31, Acknowledged(at(45), 1, 1, "r"))])
    seen = replace(seen, fired=(Escalated(1, ALERT, 0, "r"), Escalated(1, "soon", 1, "r")))
    assert steps(foretold(seen, 31)) == [
        (40, "soon#1", Reason.ACKNOWLEDGED),
        (50, "soon#2", Reason.STEP_DUE),
        (60, "breach", Reason.STEP_DUE),
    ]
    snoozed = fold([OPENED, record(2, 5, Snoozed(at(55), 1))])
    assert steps(foretold(snoozed, 5))[1:] == [
        (55, "soon", Reason.SUPERSEDED),
        (55, "soon#1", Reason.SUPERSEDED),
        (55, "soon#2", Reason.STEP_DUE),
        (60, "breach", Reason.STEP_DUE),
    ]


@example([OPENED, record(2, 5, Snoozed(at(10), 1))], 5)
@given(histories(), st.integers(0, 200))
def test_what_is_foretold_is_what_the_program_then_does(
    history: Sequence[Record], minute: int
) -> None:
    case = fold(history)
    told = [(one.at, one.firing.event.step, one.firing.notices) for one in foretold(case, minute)]
    done = []
    looks = True
    while looks:  # also where nothing falls due when a snooze ends
        decision = decided(case, minute, CHAIN)
        done += [(at(minute), one.event.step, one.notices) for one in decision.firings]
        case = after(case, decision)
        looks = decision.next_at is not None
        if decision.next_at is not None:
            minute = (decision.next_at - at(0)) // timedelta(minutes=1)
    assert told == done


@given(histories())
def test_a_case_played_by_its_own_rules_told_each_step_once(history: Sequence[Record]) -> None:
    told = played(Lived(5, tuple(history), LONG_AGO)).told
    keys = [it.key for one in told for it in one.firing.notices]
    assert len(keys) == len(set(keys))
    assert [one.at for one in told] == sorted(one.at for one in told)


@given(histories())
def test_the_same_rules_make_no_difference(history: Sequence[Record]) -> None:
    past = Lived(5, tuple(history), LONG_AGO)
    difference = Difference()
    one = played(past)
    difference.add(5, one, one, since=at(-1), until=at(500))
    assert set(difference.changes) <= {Change.SAME}
    assert set(difference.due) <= {Change.SAME}
    assert difference.in_time["before"] == difference.in_time["after"]


def test_what_people_did_stays_and_is_understood_by_the_new_rules() -> None:
    seen = record(2, 35, Acknowledged(at(155), 1, 1, "r"))
    graver = record(3, 45, FollowedUp(replace(an_ask(2, 45), severity=Severity.HIGH)))
    answered = record(4, 70, Answered(9))
    past = lived(OPENED, seen, graver, answered)
    assert steps(played(past).told) == [
        (0, ALERT, Reason.OPENED),
        (30, "soon", Reason.STEP_DUE),
        (40, "soon#1", Reason.ACKNOWLEDGED),
        (50, "soon#2", Reason.ACKNOWLEDGED),
        (60, "breach", Reason.STEP_DUE),
    ]
    told = steps(played(past, new=True).told)
    assert (45, ALERT, Reason.GRAVER) in told
    assert (60, "breach", Reason.STEP_DUE) in told


def test_facts_that_no_rule_reads_are_played_as_they_are() -> None:
    gone = record(2, 5, Rejudged(1, None))
    back = record(3, 8, Rejudged(1, an_ask(1, 8)))
    late = record(4, 9, Acknowledged(at(99), 7, 1, "r"))
    over = record(5, 20, Dismissed(DismissalReason.NOT_A_COMPLAINT, (1,)))
    again = record(6, 30, Acknowledged(at(99), 1, 1, "r"))
    merged = record(7, 40, Merged(3))
    one = played(lived(OPENED, gone, back, late, over, again, merged), new=True)
    assert one.waits == ()
    assert one.told[0].firing.event.step == ALERT


def test_a_history_from_before_the_first_run_is_played_as_if_it_had_been_watched() -> None:
    imported = [
        replace(OPENED, recorded_at=at(9000)),
        Record(2, at(65), at(9000), "settle", Answered(9)),
    ]
    past = Lived(5, tuple(imported), at(9000))
    assert [one for _, one, _ in steps(played(past).told)] == [
        ALERT,
        "soon",
        "soon#1",
        "soon#2",
        "breach",
    ]
    unwatched = Lived(5, tuple(imported), LONG_AGO)
    assert played(unwatched).told == ()


def test_a_difference_names_each_message_that_moves() -> None:
    slower = replace(
        CHAIN,
        target=timedelta(minutes=90),
        steps=(
            replace(step("soon", 40), audiences=("#soon",)),
            replace(step("breach", 0, Anchor.DUE), audiences=("#others",)),
            step("last", 20, Anchor.DUE),
        ),
    )
    past = lived(OPENED, record(2, 100, Answered(9)))
    one = played(past)
    other = play(past, {"n": slower}, governs=lambda _: "n", staff=Staff(), until=at(500))
    difference = Difference()
    difference.add(5, one, other, since=at(0), until=at(1))
    assert {line.step: line.change for line in difference.lines} == {
        ALERT: Change.SAME,
        "soon": Change.LATER,
        "soon#1": Change.NO_LONGER,
        "soon#2": Change.NO_LONGER,
        "breach": Change.LATER,
    }
    assert (difference.waits, difference.unanswered) == (1, 0)
    assert difference.in_time == {"before": 0, "after": 0}
    assert difference.messages["before"]["#soon"] == 3
    assert difference.messages["after"]["#others"] == 1
    assert difference.due == {Change.LATER: 1}


@pytest.mark.parametrize(
    ("ended", "until", "named"),
    [(None, 500, (5,)), (100, 500, ()), (130, 500, (5,)), (None, 90, ())],
)
def test_what_somebody_slept_through_and_is_open_still_stands_in_one_summary(
    ended: float | None, until: float, named: tuple[int, ...]
) -> None:
    """Ana may be disturbed from two hours after noon on."""
    awake = BusinessHours(zone="UTC", weekly=(((840, 1440),),) * 7)
    staff = Staff({"ana": Person(name="ana", audience="slack:ana", awake=awake)})
    to_ana = replace(
        CHAIN, steps=(replace(step("soon", 30, repeats=2), audiences=("person:ana",)),)
    )
    answered = [] if ended is None else [record(2, ended, Answered(9))]
    past = lived(OPENED, *answered)
    before = play(past, {"r": to_ana}, governs=None, staff=staff, until=at(until))
    after_ = play(past, RULES, governs=lambda _: "r", staff=staff, until=at(until))
    difference = Difference()
    difference.add(5, before, after_, since=at(0), until=at(1))
    difference.add(6, after_, after_, since=at(0), until=at(1))
    summaries = [(one.at, one.audience, one.before, one.after) for one in difference.summaries]
    assert summaries == ([(at(120), "slack:ana", named, ())] if named else [])
    assert all(not one.is_same for one in difference.summaries)
    assert difference.messages["before"]["slack:ana"] == len(named)


def test_messages_that_come_newly_or_to_others_or_not_yet_are_told_apart() -> None:
    others = replace(
        CHAIN,
        steps=(
            replace(step("soon", 30), audiences=("#others",)),
            step("new", 45),
            step("breach", 60, Anchor.DUE),
        ),
    )
    past = lived(OPENED)
    one = play(past, RULES, governs=None, staff=Staff(), until=at(70))
    other = play(past, {"n": others}, governs=lambda _: "n", staff=Staff(), until=at(70))
    forth, back = Difference(), Difference()
    forth.add(5, one, other, since=at(0), until=at(1))
    back.add(5, other, one, since=at(0), until=at(1))
    changed = {line.step: line.change for line in forth.lines}
    assert changed["soon"] is Change.TO_OTHERS
    assert changed["new"] is Change.NEW
    assert changed["breach"] is Change.LATER
    assert {line.step: line.change for line in back.lines}["breach"] is Change.EARLIER
    assert forth.unanswered == 1


def test_what_an_ended_wait_tells_no_longer_is_not_taken_for_what_the_next_one_has_to_come() -> (
    None
):
    slower = {"n": replace(CHAIN, target=timedelta(minutes=200))}
    again = record(3, 480, FollowedUp(an_ask(2, 480)))
    past = lived(OPENED, record(2, 100, Answered(9)), again)
    other = play(past, slower, governs=lambda _: "n", staff=Staff(), until=at(500))
    forth, back = Difference(), Difference()
    forth.add(5, played(past), other, since=at(0), until=at(500))
    back.add(5, other, played(past), since=at(0), until=at(500))
    assert (2, "breach") in other.to_come
    changed = {(line.wait, line.step): line.change for line in forth.lines}
    assert changed[1, "breach"] is Change.NO_LONGER
    changed = {(line.wait, line.step): line.change for line in back.lines}
    assert changed[1, "breach"] is Change.NEW


def test_only_waits_of_the_period_that_count_are_compared() -> None:
    unsure = lived(record(1, 0, Opened(an_ask(1, 0, band=Band.REVIEW))))
    one = played(unsure)
    assert one.waits == ()
    difference = Difference()
    difference.add(5, one, one, since=at(0), until=at(1))
    sure = played(lived(OPENED))
    difference.add(6, sure, sure, since=at(5), until=at(9))
    assert (difference.waits, difference.lines) == (0, [])


class _GivenUpError(Exception):
    pass


def test_a_play_can_be_given_up_at_each_look() -> None:
    left = iter(range(2))

    def goes_on() -> None:
        if next(left, None) is None:
            raise _GivenUpError

    with pytest.raises(_GivenUpError):
        play(lived(OPENED), RULES, governs=None, staff=Staff(), until=at(500), goes_on=goes_on)
    assert next(left, None) is None
