"""What answers whom, told as stories."""

from __future__ import annotations

import pytest

from monitor.domain.sla import State
from tests.scenarios.world import World

QUIET = "2 h without an answer"


def test_an_unanswered_complaint_climbs_to_the_leads(world: World) -> None:
    complaint = world.reddit.posts("Still no parcel after 3 weeks", at="09:00")
    world.runs_until("09:01").slack.hears("#care", "Still no parcel")
    world.runs_until("11:00").slack.hears("#care", QUIET)
    world.reddit.we_answer(complaint, at="12:30")
    world.runs_until("18:00").slack.hears_nothing_more()
    world.slack.card_shows("answered")
    assert world.report().total.figures.states[State.MET] == 1
    world.pictures_are_true()


def test_nobody_answers_and_the_report_says_so(world: World) -> None:
    world.reddit.posts("Still no parcel", at="09:00")
    world.runs_until("16:00").slack.hears("#care", "Still no parcel")
    world.slack.hears("#care", QUIET).hears("#leads", "overdue").hears_nothing_more()
    assert world.report().total.figures.states[State.BREACHED_OPEN] == 1


def test_a_reply_to_another_customer_does_not_end_the_wait(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00", by="ana")
    other = world.x.posts("Broken here too", at="09:05", by="bogdan", to=complaint)
    world.x.we_answer(other, at="09:30")
    world.runs_until("11:30").slack.hears("#care", "Still no refund")
    world.slack.hears("#care", "Broken here too").hears("#care", QUIET).hears_nothing_more()


def test_an_answer_already_there_when_the_post_is_found_sends_no_alert(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00", seen="10:00")
    world.x.we_answer(complaint, at="09:20")
    world.runs_until("15:00").slack.hears_nothing_more()
    assert world.report().total.figures.states[State.MET] == 1


def test_an_automatic_reply_ends_nobody_s_wait(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00")
    world.x.we_answer(complaint, at="09:01", via="AutoReply")
    world.runs_until("11:00").slack.hears("#care", "Still no refund").hears("#care", QUIET)


def test_a_deleted_answer_takes_the_wait_up_from_its_start(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00")
    answer = world.x.we_answer(complaint, at="09:30")
    world.x.deletes(answer, at="10:40")
    world.runs_until("10:30").slack.hears("#care", "Still no refund").hears_nothing_more()
    world.runs_until("11:00").slack.hears("#care", QUIET)
    world.runs_until("13:00").slack.hears("#leads", "overdue")


def test_a_complaint_deleted_before_due_leaves_the_denominator(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00")
    world.x.deletes(complaint, at="10:00")
    world.runs_until("18:00").slack.hears("#care", "").hears_nothing_more()
    assert world.report().total.figures.within.breached == 0


def test_a_complaint_deleted_after_due_stays_a_breach(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00")
    world.x.deletes(complaint, at="14:00")
    world.runs_until("18:00")
    assert world.report().total.figures.within.breached == 1


def test_a_thank_you_opens_nothing_and_a_later_complaint_waits_again(world: World) -> None:
    complaint = world.x.posts("Still no refund", at="09:00")
    world.x.we_answer(complaint, at="09:10")
    world.x.posts("Thanks!", at="09:20", to=complaint)
    world.runs_until("12:00").slack.hears("#care", "Still no refund").hears_nothing_more()
    world.x.posts("Still no money on my account", at="12:30", to=complaint)
    world.runs_until("12:40").slack.hears("#care", "").hears_nothing_more()
    assert world.report().total.figures.received == 2
    world.pictures_are_true()


def test_a_review_is_answered_by_the_owner_s_response(world: World) -> None:
    review = world.reviews.posts("meh", at="09:00", rating=1)
    world.reviews.we_answer(review, at="09:40")
    world.runs_until("18:00").slack.hears("#care", "meh").hears_nothing_more()


def test_a_review_edited_into_praise_asks_no_more(world: World) -> None:
    review = world.reviews.posts("Broken on arrival", at="09:00", rating=3)
    world.reviews.edits(review, "They replaced it, love it", at="10:00", posted="09:00")
    world.runs_until("18:00").slack.hears("#care", "Broken").hears_nothing_more()


def test_an_earlier_post_found_late_moves_the_start(world: World) -> None:
    root = world.x.posts("Still no parcel", at="08:30", seen="09:30")
    world.x.posts("Broken app too", at="09:00", to=root)
    world.runs_until("10:20").slack.hears("#care", "Broken app too").hears_nothing_more()
    world.runs_until("10:30").slack.hears("#care", QUIET)
    assert world.report().total.figures.received == 1


@pytest.mark.parametrize(("post_seen", "answer_seen"), [("09:10", "11:00"), ("11:00", "09:40")])
def test_the_match_works_whichever_was_stored_first(
    world: World, post_seen: str, answer_seen: str
) -> None:
    complaint = world.x.posts("Still no refund", at="09:00", seen=post_seen)
    world.x.we_answer(complaint, at="09:30", seen=answer_seen)
    world.runs_until("18:00")
    assert world.report().total.figures.states[State.MET] == 1
