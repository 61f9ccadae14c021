"""Replies to comments on YouTube: posted once, refused, of unknown outcome, and found again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Author, Post
from tests.sources.channel import CHANNEL, HANDLE, MINUTE, Channel, channel, look, posts


@pytest.fixture
def world() -> Iterator[Channel]:
    with channel() as made:
        yield made


def read(world: Channel, number: str) -> Post:
    return posts(look(world.source()))[number]


def refused(world: Channel, to: Post, **said: object) -> SendError:
    with pytest.raises(SendError) as raised:
        world.source(**said).reply(to, "Sorry!", "key")
    return raised.value


def test_an_answer_stands_under_the_comment_and_is_found(world: Channel) -> None:
    to = read(world, world.says("ana", "Late!"))
    source = world.source()
    assert isinstance(source.find_reply(to, "key"), Absent)
    world.simulated.units = 0
    sent = source.reply(to, "Sorry, it is on its way.", "key")
    assert world.simulated.units == 50
    seen = posts(look(source))[sent.key.external_id]
    assert (sent.text, sent.reply_to, sent.thread) == (seen.text, to.thread, to.thread)
    found = source.find_reply(to, "key")
    assert isinstance(found, Post)
    assert found.key == sent.key


def test_an_answer_to_a_reply_begins_with_whom_it_answers(world: Channel) -> None:
    top = world.says("ana", "Late!")
    to = read(world, world.says("dan", "Mine too", under=top))
    source = world.source()
    world.now += MINUTE
    sent = source.reply(to, "Which order?", "key")
    assert (sent.text, sent.reply_to) == ("@dan Which order?", to.key.external_id)
    assert read(world, sent.key.external_id).reply_to == to.key.external_id
    found = source.find_reply(to, "key")
    assert isinstance(found, Post)
    assert found.key == sent.key
    assert source.reply(to, "@Dan which order?", "key").text == "@Dan which order?"


def test_an_answer_to_somebody_else_in_the_thread_is_none(world: Channel) -> None:
    top = world.says("ana", "Late!")
    number = world.says("dan", "Mine too", under=top)
    world.says(HANDLE, "@ana sorry!", under=top)
    world.says("dan", "still waiting", under=top)
    to = read(world, number)
    assert isinstance(world.source().find_reply(to, "key"), Absent)
    answer = world.says(HANDLE, "@dan sorry!", under=top)
    found = world.source().find_reply(to, "key")
    assert isinstance(found, Post)
    assert found.key.external_id == answer


def test_an_answer_of_before_the_comment_is_none(world: Channel) -> None:
    top = world.says("ana", "Late!")
    world.says(HANDLE, "Sorry!", under=top)
    to = read(world, world.says("ana", "Still late!", under=top))
    assert isinstance(world.source().find_reply(to, "key"), Absent)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("drop", Outcome.UNKNOWN),
        ("drop after", Outcome.UNKNOWN),
        ("500", Outcome.UNKNOWN),
        ("html", Outcome.UNKNOWN),
        ("object", Outcome.UNKNOWN),
        ("429", Outcome.NOT_SENT),
        ("403", Outcome.PERMANENT),
    ],
)
def test_a_fault_says_what_is_known_of_the_answer(
    world: Channel, fault: str, outcome: Outcome
) -> None:
    to = read(world, world.says("ana", "Late!"))
    world.server.fail(fault, "/comments", method="POST")
    assert refused(world, to).outcome is outcome
    assert [one.method for one in world.server.asked].count("POST") == 3  # two of them log-ins
    world.server.heal()
    found = world.source().find_reply(to, "key")
    assert isinstance(found, Post if fault == "drop after" else Absent)


def test_a_key_alone_a_closed_comment_and_a_held_one_are_refused_before_they_cost(
    world: Channel,
) -> None:
    open_ = read(world, world.says("ana", "Late!"))
    closed = read(world, world.says("dan", "Late!", can_reply=False))
    world.says("eva", "Late!", status="heldForReview")
    (held,) = posts(look(world.source(moderated=["held"]), name="held")).values()
    world.simulated.units = 0
    for to, said in ((open_, {"api_key": "youtube_key"}), (closed, {}), (held, {})):
        assert refused(world, to, **said).outcome is Outcome.PERMANENT
    assert world.simulated.units == 0


def test_answers_find_their_quota_whatever_reading_took(world: Channel) -> None:
    to = read(world, world.says("ana", "Late!"))
    source = world.source(units_per_day=110)
    for _ in range(55):
        source.find_reply(to, "key")
    with pytest.raises(SendError):
        source.find_reply(to, "key")
    source.reply(to, "Sorry!", "key")
    with pytest.raises(SendError) as raised:
        source.reply(to, "Sorry!", "key")
    assert raised.value.outcome is Outcome.NOT_SENT
    assert raised.value.retry_after is not None


def test_of_a_comment_that_is_gone_nothing_can_be_known(world: Channel) -> None:
    number = world.says("ana", "Late!")
    to = read(world, number)
    world.simulated.delete(number)
    assert isinstance(world.source().find_reply(to, "key"), Unknowable)


def test_below_a_first_comment_that_is_gone_youtube_takes_no_answer(world: Channel) -> None:
    top = world.says("ana", "Late!")
    to = read(world, world.says("dan", "Mine too", under=top))
    world.simulated.delete(top)
    assert refused(world, to).outcome is Outcome.PERMANENT
    assert isinstance(world.source().find_reply(to, "key"), Unknowable)


@pytest.mark.parametrize("fault", ["403", "object"])
def test_a_look_that_fails_leaves_the_outcome_unknown(world: Channel, fault: str) -> None:
    to = read(world, world.says("ana", "Late!"))
    world.server.fail(fault, "/comments")
    with pytest.raises(SendError) as raised:
        world.source().find_reply(to, "key")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_it_says_how_its_answers_will_look(world: Channel) -> None:
    assert world.source().reply_author == Author(id=CHANNEL)
    assert world.source().reply_length("ăîș").used == 3
    assert world.source().reply_length("x" * 10_001).is_too_long
