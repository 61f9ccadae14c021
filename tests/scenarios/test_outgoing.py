"""Answers from here, on X and on Reddit: what customers, staff and the team's channel see of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.domain.case import Status
from monitor.domain.notice import Reason
from monitor.domain.reply import ReplyState
from monitor.store import schema
from tests.scenarios.counter import Counter, town

COMPLAINT = "Still no refund"


@pytest.fixture(params=["x", "reddit"])
def counter(request: pytest.FixtureRequest, database_url: str) -> Iterator[Counter]:
    with town(request.param) as there:
        made = Counter(database_url, there)
        yield made
        made.database.close()


@pytest.fixture
def case(counter: Counter) -> int:
    """A complaint that the team has heard of."""
    counter.town.complains(COMPLAINT)
    counter.runs().slack.hears("#care", COMPLAINT)
    return 1


def test_an_answer_from_here_ends_the_wait(counter: Counter, case: int) -> None:
    counter.answers(case)
    counter.runs(5)
    assert counter.town.ours() == ["It left today."]
    assert counter.case().status is Status.ANSWERED
    assert counter.shown().url
    counter.slack.hears_nothing_more()
    counter.slack.card_shows("answered", owner="ana")
    assert counter.posts() == 2  # the timeline has brought it, too


def test_a_line_that_breaks_after_accepting_doubles_nothing(counter: Counter, case: int) -> None:
    counter.answers(case)
    counter.town.fails("drop after", times=1)
    counter.runs(20)
    assert (counter.town.ours(), counter.town.asked_to_post()) == (["It left today."], 1)
    assert (counter.shown().state, counter.case().status) == (ReplyState.SENT, Status.ANSWERED)
    counter.slack.hears_nothing_more()


@pytest.mark.parametrize("fault", ["drop", "503"])
def test_a_line_that_breaks_before_accepting_is_asked_about(
    counter: Counter, case: int, fault: str
) -> None:
    counter.answers(case)
    counter.town.fails(fault, times=1)
    counter.runs(20)
    assert (counter.town.ours(), counter.town.asked_to_post()) == ([], 1)
    assert counter.shown().state is ReplyState.ASKED
    counter.slack.hears("#care", f"Was the answer to case {case} posted?").hears_nothing_more()
    counter.resends(case, 1)
    counter.runs(2)
    assert counter.town.ours() == ["It left today."]
    assert counter.case().status is Status.ANSWERED


def test_somebody_answers_in_the_app_after_being_asked(counter: Counter, case: int) -> None:
    counter.answers(case)
    counter.town.fails("drop", times=1)
    counter.runs(20).slack.hears("#care", "Was the answer")
    counter.town.we_answer(_post_of(counter), "It left today.")
    counter.runs(2)
    assert counter.shown().state is ReplyState.SENT
    assert counter.town.ours() == ["It left today."]


def test_what_the_network_forbids_is_told_in_words(counter: Counter, case: int) -> None:
    counter.answers(case)
    counter.town.fails("403", times=1)
    counter.runs(5)
    assert (counter.town.ours(), counter.shown().state) == ([], ReplyState.FAILED)
    counter.slack.hears("#care", f"The answer to case {case} was refused").hears_nothing_more()
    assert counter.case().status is Status.OPEN


def test_too_many_calls_only_make_it_later(counter: Counter, case: int) -> None:
    counter.answers(case)
    counter.town.fails("429", times=2)
    counter.runs(5)
    assert (counter.town.ours(), counter.case().status) == (["It left today."], Status.ANSWERED)
    assert counter.town.asked_to_post() == 3
    counter.slack.hears_nothing_more()


def test_an_answer_in_the_app_overtakes_one_from_here(counter: Counter, case: int) -> None:
    counter.answers(case)
    counter.town.fails("429", times=1)
    counter.runs()
    counter.town.we_answer(_post_of(counter), "So sorry!")
    counter.runs(30)
    assert counter.town.ours() == ["So sorry!"]
    done = counter.shown()
    assert (done.state, done.reason) == (ReplyState.CANCELLED, Reason.ANSWERED)
    counter.slack.hears("#care", "was not posted").hears_nothing_more()


def test_a_second_complaint_gets_an_answer_of_its_own(counter: Counter, case: int) -> None:
    counter.answers(case)
    counter.runs(2)
    counter.town.complains("Broken again")
    counter.runs(2)
    counter.answers(2, "Sorry for that, too.", by="bob")
    counter.runs(2)
    assert counter.town.ours() == ["It left today.", "Sorry for that, too."]
    assert counter.case(2).status is Status.ANSWERED


def _post_of(counter: Counter) -> str:
    with counter.database.reading() as conn:
        row = conn.execute(schema.post.select().order_by(schema.post.c.id)).first()
    assert row is not None
    return str(row.external_id)
