"""Reviews in app stores through the whole program: what ends a wait, what opens one, what withdraws it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.live import MET, OPEN, PENDING, WITHDRAWN, Live, living

pytestmark = pytest.mark.parametrize(
    ("network", "database_url"),
    [("google_play", "sqlite"), ("app_store", "sqlite"), ("google_play", "postgresql")],
    indirect=["database_url"],
)


@pytest.fixture
def live(tmp_path: Path, database_url: str, network: str) -> Iterator[Live]:
    with living(tmp_path, database_url, network) as made:
        yield made


def test_a_response_typed_in_the_console_ends_the_wait_at_its_own_time(live: Live) -> None:
    review = live.page.posts("Still no refund", at="09:00")
    live.runs_until("11:00").hears("#care", "Still no refund").hears("#care", "2 h")
    live.page.we_answer(review, at="12:10", seen="12:50")
    live.runs_until("14:00").hears_nothing_more()
    live.card_says("Answered after 3 h 10 min")
    assert live.states() == {MET: 1}
    live.pictures_are_true()


def test_a_response_that_is_mended_later_still_answered_when_it_did(live: Live) -> None:
    """The store tells only when it was changed last."""
    review = live.page.posts("Still no refund", at="09:00")
    live.page.we_answer(review, at="10:00", text="So sorry!")
    live.runs_until("12:00").hears("#care", "Still no refund").hears_nothing_more()
    live.page.we_answer(review, at="15:00", text="So sorry! It is on its way.")
    live.runs_until("16:00").hears_nothing_more()
    live.card_says("Answered after 1 h")
    assert live.states() == {MET: 1}


def test_a_response_that_is_taken_back_takes_the_wait_up_from_its_start(live: Live) -> None:
    review = live.page.posts("Still no refund", at="09:00")
    answer = live.page.we_answer(review, at="09:20")
    live.page.deletes(answer, at="10:10")
    live.runs_until("10:00").hears("#care", "Still no refund").hears_nothing_more()
    live.runs_until("13:30").hears("#care", "2 h without").hears("#leads", "4 h")
    assert live.states() == {OPEN: 1}
    live.pictures_are_true()


def test_a_response_that_is_written_over_answers_what_the_review_became(live: Live) -> None:
    """There is one response to a review: the owner has no other place for a second answer."""
    review = live.page.posts("Still no refund", at="09:00")
    live.page.we_answer(review, at="09:20")
    live.page.edits(review, "Broken, and still no refund", at="11:00")
    live.page.we_answer(review, at="11:40", text="It was sent again today.")
    live.runs_until("11:30")
    assert live.states() == {MET: 1, PENDING: 1}
    live.runs_until("17:00")
    assert live.states() == {MET: 2}
    live.pictures_are_true()


def test_a_response_that_is_written_anew_after_it_was_taken_back_ends_the_wait(live: Live) -> None:
    review = live.page.posts("Still no refund", at="09:00")
    answer = live.page.we_answer(review, at="09:20")
    live.page.deletes(answer, at="10:10")
    live.page.we_answer(review, at="10:40", text="It was sent today.")
    live.runs_until("10:35")
    assert live.states() == {PENDING: 1}
    live.runs_until("16:00")
    live.card_says("Answered after 1 h 40 min")
    assert live.states() == {MET: 1}
    live.pictures_are_true()


def test_praise_that_becomes_a_complaint_opens_a_case(live: Live) -> None:
    review = live.page.posts("Thanks!", at="09:00", rating=5)
    live.page.edits(review, "Still no refund", at="11:00")
    live.runs_until("10:30").hears_nothing_more()
    live.runs_until("12:00").hears("#care", "Still no refund").hears_nothing_more()
    assert live.states() == {PENDING: 1}


def test_a_review_that_is_deleted_before_it_was_due_leaves_the_figures(live: Live) -> None:
    review = live.page.posts("Still no refund", at="09:00")
    live.page.deletes(review, at="10:00")
    live.runs_until("09:30").hears("#care", "Still no refund")
    live.runs_until("14:00").hears_nothing_more()
    assert live.states() == {WITHDRAWN: 1}
    live.pictures_are_true()
