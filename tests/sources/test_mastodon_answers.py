"""Answers in the brand's name on Mastodon, and the look whether one arrived of which nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import NOBODY, Author, Post
from monitor.domain.reply import Length
from monitor.ports import DescribesReplies
from monitor.simulator.mastodon_http import MastodonServer
from monitor.simulator.serving import Fault
from tests.sources.fediverse import BRAND, NOW, paths, server, source
from tests.sources.seen import one


@pytest.fixture
def here() -> Iterator[MastodonServer]:
    with server() as running:
        yield running


def asked(here: MastodonServer, visibility: str = "public") -> Post:
    here.world.put("where is it?", mentions=[BRAND], visibility=visibility, at=NOW)
    return one(source(here), "mentions")


def written(here: MastodonServer) -> list[str]:
    return [status.text for status in here.world.statuses.values() if status.author == BRAND]


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
def test_an_answer_is_shown_as_widely_as_the_question_and_names_who_asked(
    here: MastodonServer, visibility: str
) -> None:
    to = asked(here, visibility)
    posted = source(here).reply(to, "On its way!", "case-1-1")
    assert (posted.reply_to, posted.thread) == (to.key.external_id, to.thread)
    assert (posted.text, posted.visibility) == ("@ana@elsewhere.example On its way!", visibility)
    assert posted == one(source(here), "own"), "the stream shows the same post"


def test_who_is_named_already_is_not_named_twice(here: MastodonServer) -> None:
    source(here).reply(asked(here), "Sorry, @Ana@elsewhere.example!", "1")
    assert written(here) == ["Sorry, @Ana@elsewhere.example!"]


def test_people_of_the_server_itself_are_named_as_it_names_them(here: MastodonServer) -> None:
    here.world.put("where is it?", author="dan", mentions=[BRAND])
    to, reader = one(source(here), "mentions"), source(here)
    for text in ("hi", "@dan hi", "hi, @dan@social.example.", "hi @dana", "hi @dan@x.example"):
        reader.reply(to, text, text)
    assert written(here) == [
        "@dan hi",
        "@dan hi",
        "hi, @dan@social.example.",
        "@dan hi @dana",
        "@dan hi @dan@x.example",
    ]


def test_a_visibility_that_other_servers_know_is_answered_to_the_person_alone(
    here: MastodonServer,
) -> None:
    assert (
        source(here).reply(replace(asked(here), visibility="local"), "hi", "1").visibility
        == "direct"
    )


def test_the_same_key_posts_once(here: MastodonServer) -> None:
    to, reader = asked(here), source(here)
    assert reader.reply(to, "hi", "case-1-1").key == reader.reply(to, "hi", "case-1-1").key
    assert len(written(here)) == 1
    reader.reply(to, "hi", "case-1-2")
    assert len(written(here)) == 2


def test_a_case_opened_by_hand_is_answered_by_its_address(here: MastodonServer) -> None:
    to = replace(asked(here, "unlisted"), reply_token=None, visibility=None)
    assert source(here).reply(to, "hi", "1").visibility == "unlisted"


def test_what_the_server_does_not_know_cannot_be_answered(here: MastodonServer) -> None:
    to = replace(asked(here), reply_token=None)
    here.world.delete(to.key.external_id)
    with pytest.raises(SendError, match="no such post") as raised:
        source(here).reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT
    assert isinstance(source(here).find_reply(to, "1"), Unknowable)


def test_a_direct_answer_to_nobody_is_not_sent(here: MastodonServer) -> None:
    to = replace(asked(here, "direct"), author=NOBODY)
    with pytest.raises(SendError, match="direct answer is seen by nobody") as raised:
        source(here).reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT
    assert source(here).reply(replace(to, visibility="public"), "hi", "1").text == "hi"


@pytest.mark.parametrize(
    ("fault", "outcome", "wait"),
    [
        (Fault("401"), Outcome.PERMANENT, None),
        (Fault("403"), Outcome.PERMANENT, None),
        (Fault("404"), Outcome.PERMANENT, None),
        (Fault("422", body='{"error": "Validation failed"}'), Outcome.PERMANENT, None),
        (Fault("429", headers={"retry-after": "9"}), Outcome.NOT_SENT, timedelta(seconds=9)),
        (Fault("500"), Outcome.UNKNOWN, None),
        (Fault("503", headers={"retry-after": "9"}), Outcome.UNKNOWN, timedelta(seconds=9)),
        (Fault("drop"), Outcome.UNKNOWN, None),
        (Fault("truncated"), Outcome.UNKNOWN, None),
        (Fault("html"), Outcome.UNKNOWN, None),
        (Fault("said", body="{}"), Outcome.UNKNOWN, None),
        (Fault("said", body="[]"), Outcome.UNKNOWN, None),
    ],
    ids=lambda said: said.kind + said.body if isinstance(said, Fault) else None,
)
def test_what_goes_wrong_says_what_is_known(
    here: MastodonServer, fault: Fault, outcome: Outcome, wait: timedelta | None
) -> None:
    to = asked(here)
    here.faults.append(replace(fault, method="POST", path="/statuses"))
    with pytest.raises(SendError) as raised:
        source(here).reply(to, "hi", "1")
    assert (raised.value.outcome, raised.value.retry_after) == (outcome, wait)
    assert sum(one.method == "POST" for one in here.asked) == 1, "posted once"


def test_nobody_there_means_that_nothing_arrived(here: MastodonServer) -> None:
    to = asked(here)
    with server() as other:
        gone = source(other, timeout=1)
    with pytest.raises(SendError) as raised:
        gone.reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.NOT_SENT


def test_an_answer_whose_connection_broke_is_found_and_not_posted_again(
    here: MastodonServer,
) -> None:
    to, reader = asked(here), source(here)
    assert isinstance(reader.find_reply(to, "1"), Absent)
    here.faults.append(Fault("drop after", "/statuses", times=1, method="POST"))
    with pytest.raises(SendError) as raised:
        reader.reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.UNKNOWN
    found = reader.find_reply(to, "1")
    assert isinstance(found, Post)
    assert (found.text, found.reply_to) == ("@ana@elsewhere.example hi", to.key.external_id)
    assert reader.reply(to, "hi", "1").key == found.key, "within the hour the key alone would do"


def test_an_answer_to_somebody_else_is_none(here: MastodonServer) -> None:
    to = asked(here)
    here.world.put("hi dan", author=BRAND, reply_to=here.world.put("?").uri)
    assert isinstance(source(here).find_reply(to, "1"), Absent)


def test_it_is_looked_for_as_far_as_the_question_is_old(here: MastodonServer) -> None:
    to = asked(here)
    for number in range(100):
        here.world.put(f"old {number}", author=BRAND, at=NOW - timedelta(days=1))
    assert isinstance(source(here).find_reply(to, "1"), Absent)
    assert sum(path.endswith("/statuses") for path in paths(here)) == 1


def test_among_too_many_it_cannot_be_known(here: MastodonServer) -> None:
    to = asked(here)
    for number in range(1001):
        here.world.put(f"new {number}", author=BRAND, at=NOW)
    assert isinstance(source(here).find_reply(to, "1"), Unknowable)


@pytest.mark.parametrize("kind", ["503", "403", "half"])
def test_that_we_may_not_look_says_nothing_about_what_was_sent(
    here: MastodonServer, kind: str
) -> None:
    to = asked(here)
    here.faults.append(Fault(kind, "/accounts/"))
    with pytest.raises(SendError) as raised:
        source(here).find_reply(to, "1")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_a_token_that_may_only_read_answers_nothing(here: MastodonServer) -> None:
    to = asked(here)
    with pytest.raises(SendError, match="may only read") as raised:
        source(here, answers=False).reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT
    with pytest.raises(SendError, match="scopes") as raised:
        source(here, token="reads").reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("Bună! 😡", 7),
        ("see https://shop.example/" + "x" * 400, 4 + 23),
        ("ask @help@support.shop.example.", 10),
        ("mail help@shop.example", 22),
    ],
)
def test_a_text_is_as_long_as_mastodon_finds_it(here: MastodonServer, text: str, used: int) -> None:
    assert source(here).reply_length(text) == Length(used, 500 - 32)


def test_in_whose_name_it_answers_is_known_before(here: MastodonServer) -> None:
    answering = source(here, longest_answer=5000)
    assert isinstance(answering, DescribesReplies)
    assert answering.reply_author == Author(handle="our_shop@social.example")
    assert answering.reply_length("hi") == Length(2, 4968)
    assert source(here, answers=False).reply_author is None
