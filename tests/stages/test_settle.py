"""Settle: what becomes of two cases when their root is learnt late, and of answers by two clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from monitor.domain.case import Case, Status
from monitor.domain.event import Channel
from monitor.domain.sla import State
from monitor.domain.wait import Outcome
from monitor.stages import act
from monitor.stages.escalate import Escalate
from monitor.store import cases
from tests.scenarios.world import Said, World

QUIET = "2 h without an answer"


@dataclass
class Late:
    """Two cases of one customer that turn out to be one when the post between them is found."""

    world: World
    root: Said
    follow_up: Said
    between: Said

    def case(self, number: int) -> Case:
        with self.world.database.reading() as conn:
            return cases.load(conn, number)

    @property
    def first(self) -> Case:
        return self.case(1)


def late(world: World, text: str = "broken") -> Late:
    """09:00 a complaint, answered at 09:03; 09:10 another one; seen at 09:40: both are one thread."""
    root = world.x.posts("Still no refund", at="09:00")
    world.x.we_answer(root, at="09:03")
    guessed = Said("x-4", "x-4", "bob")
    follow_up = world.x.posts(text, at="09:10", to=guessed)
    between = world.x.posts("me too", at="09:05", by="bob", to=root, seen="09:40")
    assert between.id == guessed.id
    world.runs_until("09:20")
    return Late(world, root, follow_up, between)


@pytest.fixture
def two(world: World) -> Late:
    return late(world)


def outcomes(case: Case) -> list[Outcome | None]:
    return [one.outcome for one in case.waits]


def test_what_staff_answered_elsewhere_stays_answered_when_cases_merge(two: Late) -> None:
    world = two.world
    act.answered_elsewhere(
        world.database, 2, Channel.PHONE, by="dan", now=world.now, answered_at=world.now
    )
    world.runs_until("18:00").slack.hears("#care", "").hears("#care", "").hears_nothing_more()
    assert outcomes(two.first) == [Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE]
    assert two.case(2).status is Status.MERGED
    assert world.report().total.figures.states[State.MET] == 2
    world.pictures_are_true()


def test_a_dismissal_follows_its_posts_and_falls_on_no_others(two: Late) -> None:
    world = two.world
    act.dismiss(world.database, 2, by="dan", now=world.now)
    world.runs_until("18:00").slack.hears("#care", "").hears("#care", "").hears_nothing_more()
    figures = world.report().total.figures
    assert (figures.states[State.MET], figures.states[State.DISMISSED]) == (1, 1)
    world.pictures_are_true()


def test_a_deletion_is_not_forgotten_when_cases_merge(two: Late) -> None:
    world = two.world
    world.x.deletes(two.follow_up, at="09:30")
    world.runs_until("18:00")
    assert outcomes(two.first) == [Outcome.ANSWERED, Outcome.WITHDRAWN]
    world.pictures_are_true()


def test_a_post_edited_into_praise_asks_nothing_when_cases_merge(two: Late) -> None:
    world = two.world
    edited = Said(two.follow_up.id, two.root.id, "ana")
    world.x.edits(edited, "love it", at="09:30", posted="09:10")
    world.runs_until("18:00")
    assert outcomes(two.first) == [Outcome.ANSWERED, Outcome.WITHDRAWN]
    world.pictures_are_true()


def test_an_edit_that_comes_with_the_missing_root_retracts_the_complaint(two: Late) -> None:
    world = two.world
    edited = Said(two.follow_up.id, two.root.id, "ana")
    world.x.edits(edited, "love it", at="09:40", posted="09:10")
    world.runs_until("18:00")
    assert outcomes(two.first) == [Outcome.ANSWERED, Outcome.WITHDRAWN]
    world.pictures_are_true()


def test_a_withdrawn_answer_stays_withdrawn_when_cases_merge(two: Late) -> None:
    world = two.world
    answer = world.x.we_answer(two.follow_up, at="09:25")
    world.x.deletes(answer, at="09:35")
    world.runs_until("13:10")
    assert outcomes(two.first) == [Outcome.ANSWERED, None]
    world.pictures_are_true()


def test_who_has_it_and_that_it_is_a_complaint_are_known_after_the_merge(world: World) -> None:
    two = late(world, text="hmm")
    act.confirm(world.database, 2, by="dan", now=world.now)
    act.claim(world.database, 2, by="dan", now=world.now)
    seen = act.acknowledge(world.database, 2, by="dan", now=world.now)
    world.runs_until("09:50")
    first = two.first
    assert (first.owner, first.claimed, first.confirmed) == ("dan", True, True)
    assert first.acknowledged_until == seen.acknowledged_until
    world.runs_until("18:00")
    report = world.report().total
    assert (report.figures.states[State.BREACHED_OPEN], report.to_confirm) == (1, 0)
    world.pictures_are_true()


def test_who_had_seen_a_wait_that_is_no_more_holds_up_nothing_after_the_merge(two: Late) -> None:
    world = two.world
    answer = world.x.we_answer(two.follow_up, at="09:21")
    world.x.posts("broken again", at="09:24", to=two.follow_up)
    world.runs_until("09:30")
    assert act.acknowledge(world.database, 2, by="dan", now=world.now).acknowledged_until
    world.x.deletes(answer, at="09:31")  # so what was a second wait is part of the first
    world.runs_until("09:36")
    world.runs_until("09:50")
    assert two.first.acknowledged_until is None
    world.pictures_are_true()


def test_of_two_cases_those_have_it_who_spoke_last(two: Late) -> None:
    world = two.world
    act.assign(world.database, 2, "eve", by="dan", now=world.now)
    world.x.posts("broken again", at="09:21", to=two.root)
    world.runs_until("09:30")
    act.claim(world.database, 1, by="ion", now=world.now)
    world.runs_until("09:50")
    assert (two.first.owner, two.first.claimed) == ("ion", True)
    world.pictures_are_true()


def found_later(world: World, answered: bool) -> Late:
    """09:00 a complaint, 09:10 another one; at 13:40, both overdue, they turn out to be one thread."""
    root = world.x.posts("Still no refund", at="09:00")
    name = "x-4" if answered else "x-3"
    guessed = Said(name, name, "bob")
    if answered:
        world.x.we_answer(root, at="09:03")
    follow_up = world.x.posts("broken", at="09:10", to=guessed)
    between = world.x.posts("me too", at="09:05", by="bob", to=root, seen="13:40")
    assert between.id == guessed.id
    return Late(world, root, follow_up, between)


def test_what_was_told_of_a_wait_is_not_told_again_in_the_case_it_goes_to(world: World) -> None:
    two = found_later(world, answered=True)
    world.runs_until("13:30")
    world.slack.hears("#care", "refund").hears("#care", "broken")
    world.slack.hears("#care", QUIET).hears("#leads", "overdue").hears_nothing_more()
    world.runs_until("18:00").slack.hears_nothing_more()
    assert outcomes(two.first) == [Outcome.ANSWERED, None]
    assert two.first.level == 2
    assert two.case(2).status is Status.MERGED
    world.pictures_are_true()


def test_waits_that_join_tell_nothing_that_either_told(world: World) -> None:
    two = found_later(world, answered=False)
    world.runs_until("09:20")
    act.snooze(
        world.database, 1, timedelta(hours=5), by="dan", now=world.now, why="she is travelling"
    )
    world.runs_until("13:30")
    world.slack.hears("#care", "refund").hears("#care", "broken")
    world.slack.hears("#care", QUIET).hears("#leads", "overdue").hears_nothing_more()
    world.runs_until("18:00").slack.hears_nothing_more()
    assert (outcomes(two.first), two.first.level) == ([None], 2)
    world.pictures_are_true()


def test_what_falls_due_after_the_cases_merge_is_told(two: Late) -> None:
    world = two.world
    world.runs_until("18:00")
    world.slack.hears("#care", "refund").hears("#care", "broken")
    world.slack.hears("#care", QUIET).hears("#leads", "overdue").hears_nothing_more()


def test_what_was_decided_but_not_yet_sent_is_told_in_the_case_it_goes_to(world: World) -> None:
    found_later(world, answered=True)
    world.runs_until("09:30").sleeps_until("13:50")
    Escalate(world.database).handle("2", world.now)
    world.runs_until("18:00")
    world.slack.hears("#care", "refund").hears("#care", "broken")
    world.slack.hears("#leads", "overdue").hears_nothing_more()
    world.pictures_are_true()


def test_a_case_without_a_card_gets_one_with_the_wait_it_takes_over(world: World) -> None:
    # the first complaint is answered before anybody sees it: nobody is told of that case
    root = world.x.posts("Still no refund", at="09:00", seen="09:10")
    world.x.we_answer(root, at="09:03", seen="09:10")
    world.x.posts("broken", at="09:10", to=Said("x-4", "x-4", "bob"))
    world.x.posts("me too", at="09:05", by="bob", to=root, seen="13:40")
    world.runs_until("13:30")
    world.slack.hears("#care", "broken").hears("#care", QUIET).hears("#leads", "overdue")
    world.slack.hears_nothing_more()
    world.runs_until("18:00").slack.hears("#care", "broken").hears_nothing_more()
    world.pictures_are_true()


def test_an_answer_dated_before_the_post_it_answers_still_answers_it(world: World) -> None:
    # its author dates the complaint in the future; it counts from when it was seen
    complaint = world.x.posts("Still no refund", at="+3 09:00", seen="10:10")
    world.x.we_answer(complaint, at="10:05", seen="10:10")
    world.runs_until("18:00")
    case = world.the_case()
    with world.database.reading() as conn:
        (wait,) = cases.load(conn, case).waits
    assert (wait.outcome, wait.ended_at) == (Outcome.ANSWERED, wait.started_at)
    world.pictures_are_true()
