"""Bluesky through the whole program: what ends a wait, what takes it up again, what withdraws it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.live import MET, OPEN, WITHDRAWN, Live, living
from tests.scenarios.pages import SALES, BlueskyPage

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def live(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.chdir(tmp_path)  # where the session is kept if the database is no file
    with living(tmp_path, database_url, "bluesky") as made:
        yield made


def test_a_reply_typed_in_the_app_ends_the_wait_at_the_network_s_time(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    live.runs_until("11:00").hears("#care", "Still no parcel").hears("#care", "2 h")
    live.page.we_answer(complaint, at="12:10")
    live.runs_until("14:00").hears_nothing_more()
    live.card_says("Answered after 3 h 10 min")
    assert live.states() == {MET: 1}
    live.pictures_are_true()


def test_an_answer_below_our_own_and_by_a_colleague_s_account_counts(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    robot = live.page.we_answer(complaint, at="09:01", text="This is an automatic message")
    live.page.we_answer(robot, at="10:20", by=SALES)
    live.runs_until("14:00").hears("#care", "Still no parcel").hears_nothing_more()
    live.card_says("Answered after 1 h 20 min")


def test_a_quote_of_the_complaint_answers_it(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    live.page.posts("We are on it", at="09:40", by=SALES, quotes=[complaint])
    live.runs_until("14:00").hears("#care", "Still no parcel").hears_nothing_more()
    assert live.states() == {MET: 1}


def test_an_answer_that_is_deleted_takes_the_wait_up_from_its_start(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    answer = live.page.we_answer(complaint, at="09:20")
    live.page.deletes(answer, at="10:10")
    live.runs_until("10:00").hears("#care", "Still no parcel").hears_nothing_more()
    live.runs_until("13:30").hears("#care", "2 h without").hears("#leads", "4 h")
    assert live.states() == {OPEN: 1}
    live.pictures_are_true()


def test_a_complaint_that_is_deleted_before_it_was_due_leaves_the_figures(live: Live) -> None:
    complaint = live.page.posts("Still no parcel", at="09:00")
    live.page.deletes(complaint, at="10:00")
    live.runs_until("09:30").hears("#care", "Still no parcel")
    live.runs_until("14:00").hears_nothing_more()
    assert live.states() == {WITHDRAWN: 1}
    live.pictures_are_true()


def test_a_day_and_a_restart_take_one_log_in(live: Live) -> None:
    """Tokens last two hours; the program is stopped in between, as by an update."""
    live.page.posts("Still no parcel", at="09:00")
    live.runs_until("14:00")
    live.application.close()
    live.start()
    live.page.posts("Broken, too", at="15:00", by="dan")
    live.runs_until("19:00")
    assert isinstance(live.page, BlueskyPage)
    assert live.page.server.log_ins == 1
    assert sum(live.states().values()) == 2
