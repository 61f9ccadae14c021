"""Answers to posts of a forum: posted once, refused, of unknown outcome, and found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Author, Post
from monitor.simulator.serving import Fault
from tests.sources.forum import BRAND, NOW, World, posts, read


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.server:
        yield made


def complaint(world: World, number: int = 1) -> Post:
    """A post of a customer, as it was read."""
    world.put(number, at=NOW - timedelta(hours=1))
    return next(one for one in posts(read(world.source())) if one.key.external_id == f"7/{number}")


def refusal(world: World, to: Post) -> SendError:
    with pytest.raises(SendError) as raised:
        world.source().reply(to, "Sorry!", "key")
    return raised.value


def test_an_answer_is_posted_under_the_post_and_found_again(world: World) -> None:
    complaint(world)
    to = complaint(world, 2)
    of = world.source()
    written = of.reply(to, "Sorry, it is on its way.", "key")
    assert (written.reply_to, written.thread) == ("7/2", "7/1")
    assert written.author.handle == BRAND
    assert of.find_reply(to, "key") == written
    assert [one.key for one in posts(read(of, "own-bufnivo_care"))] == [written.key]


def test_what_was_not_posted_is_absent(world: World) -> None:
    to, other = complaint(world), complaint(world, 2)
    world.source().reply(other, "Sorry", "key")
    assert isinstance(world.source().find_reply(to, "key"), Absent)


def test_a_top_level_answer_is_one_to_the_topic_s_first_post(world: World) -> None:
    to = complaint(world)
    world.put(2, "We look into it", username=BRAND)
    found = world.source().find_reply(to, "key")
    assert isinstance(found, Post)
    assert found.key.external_id == "7/2"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("drop", Outcome.UNKNOWN),
        ("drop after", Outcome.UNKNOWN),
        ("500", Outcome.UNKNOWN),
        ("html", Outcome.UNKNOWN),
        ("said", Outcome.UNKNOWN),
        ("429", Outcome.NOT_SENT),
        ("403", Outcome.PERMANENT),
    ],
)
def test_a_fault_says_what_is_known_of_the_answer(
    world: World, fault: str, outcome: Outcome
) -> None:
    to = complaint(world)
    world.server.faults.append(Fault(fault, method="POST", body="{}"))
    assert refusal(world, to).outcome is outcome
    assert len([one for one in world.server.asked if one.method == "POST"]) == 1


def test_an_answer_lost_on_its_way_back_is_found(world: World) -> None:
    to = complaint(world)
    world.server.faults.append(Fault("drop after", method="POST"))
    refusal(world, to)
    assert isinstance(world.source().find_reply(to, "key"), Post)


def test_a_closed_topic_refuses_for_good_in_the_forum_s_words(world: World) -> None:
    to = complaint(world)
    world.forum.closed.add(7)
    error = refusal(world, to)
    assert error.outcome is Outcome.PERMANENT
    assert "This topic is closed" in str(error)


def test_an_answer_that_moderators_hold_back_is_not_taken_for_posted(world: World) -> None:
    to = complaint(world)
    world.forum.approves = True
    error = refusal(world, to)
    assert error.outcome is Outcome.UNKNOWN
    assert "moderator" in str(error)


def test_without_an_account_nothing_is_answered_and_nothing_can_be_known(world: World) -> None:
    to = complaint(world)
    mute = world.source(username=None, api_key=None)
    with pytest.raises(SendError) as raised:
        mute.reply(to, "Sorry", "key")
    assert raised.value.outcome is Outcome.PERMANENT
    assert isinstance(mute.find_reply(to, "key"), Unknowable)
    assert mute.reply_author is None


def test_a_look_that_fails_leaves_the_outcome_unknown(world: World) -> None:
    to = complaint(world)
    world.server.faults.append(Fault("403"))
    with pytest.raises(SendError) as raised:
        world.source().find_reply(to, "key")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_it_says_how_its_answers_will_look(world: World) -> None:
    of = world.source()
    assert of.reply_author == Author(handle=BRAND)
    assert of.reply_length("ăîș").used == 3
    assert of.reply_length("x" * 32_001).is_too_long
