"""Answers in the account's name on Bluesky, and the look whether one arrived of which nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent
from monitor.domain.post import Post, PostKey
from monitor.domain.reply import Length
from monitor.simulator.bluesky import did_of
from monitor.sources.bluesky import record_keys
from monitor.sources.bluesky.length import length_of
from tests.sources.bluesky_world import BRAND, World, one

PEOPLE = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.server:
        yield made


def asked(world: World, **more: Any) -> Post:
    world.asks(**more)
    return one(world.source())


def written(world: World) -> list[dict[str, Any]]:
    return [said.record for said in world.network.posts.values() if said.did == did_of(BRAND)]


def test_an_answer_names_what_it_answers_and_what_the_thread_began_with(world: World) -> None:
    root = world.network.put("any news?", author="dan.example")
    to = asked(world, reply_to=root.uri)
    world.passes(minutes=3)
    posted = world.source().reply(to, "On its way!", "case-1-1")
    (record,) = written(world)
    assert (record["reply"]["root"]["uri"], record["reply"]["root"]["cid"]) == (root.uri, root.cid)
    assert record["reply"]["parent"]["uri"] == to.key.external_id
    assert record["reply"]["parent"]["cid"] == (to.reply_token or "").split()[0]
    assert (record["createdAt"], record["langs"]) == ("2026-03-27T12:03:00.000Z", ["en"])
    assert (posted.reply_to, posted.thread) == (to.key.external_id, root.uri)
    shown = one(world.source(), "own")
    assert replace(posted, reach=None) == replace(shown, reach=None, author=posted.author)


def test_links_tags_and_people_in_an_answer_are_marked_by_their_bytes(world: World) -> None:
    to = asked(world)
    text = "Îmi pare rău 📦 @ana.example and @nobody.com: https://shop.example/t/7 #parcel"
    world.source().reply(to, text, "1")
    (record,) = written(world)
    found = {}
    for facet in record["facets"]:
        index, (feature,) = facet["index"], facet["features"]
        kind = feature["$type"].partition("#")[2]
        shown = text.encode()[index["byteStart"] : index["byteEnd"]].decode()
        found[kind] = (shown, feature.get("did") or feature.get("uri") or feature.get("tag"))
    assert found == {
        "link": ("https://shop.example/t/7", "https://shop.example/t/7"),
        "tag": ("#parcel", "parcel"),
    }, "ana.example ends in no top-level domain that there is"


def test_people_are_marked_if_they_exist(world: World) -> None:
    world.network.account("ana.shop.test")
    world.source().reply(asked(world), "hi @ana.shop.test, @who.shop.test", "1")
    (record,) = written(world)
    (facet,) = record["facets"]
    assert facet["features"][0]["did"] == did_of("ana.shop.test")


@pytest.mark.parametrize("lang", [None, "", "xx-", "englisch bitte", "a" * 30])
def test_a_language_that_is_none_is_left_out(world: World, lang: str | None) -> None:
    to = replace(asked(world), lang=lang)
    world.source().reply(to, "hi", "1")
    assert "langs" not in written(world)[0]


def test_the_same_key_never_posts_twice(world: World) -> None:
    to, source = asked(world), world.source()
    first = source.reply(to, "hi", "case-1-1")
    world.passes(minutes=1)
    assert world.source().reply(to, "hi again", "case-1-1").key == first.key
    assert len(written(world)) == 1
    source.reply(to, "hi", "case-1-2")
    assert len(written(world)) == 2


def test_two_at_once_with_one_key_post_once(world: World) -> None:
    """Though both found nothing there before: the network takes a key once."""
    to = asked(world)
    here, there = world.source(), world.source()
    assert isinstance(here.find_reply(to, "1"), Absent)
    assert isinstance(there.find_reply(to, "1"), Absent)
    assert here.reply(to, "hi", "1").key == there.reply(to, "hi", "1").key
    assert len(written(world)) == 1


@pytest.mark.parametrize(
    ("kind", "body", "outcome", "wait"),
    [
        ("400", "", Outcome.PERMANENT, None),
        ("401", "", Outcome.PERMANENT, None),
        ("403", "", Outcome.PERMANENT, None),
        ("413", "", Outcome.PERMANENT, None),
        ("429", "", Outcome.NOT_SENT, timedelta(seconds=9)),
        ("500", "", Outcome.UNKNOWN, None),
        ("502", "", Outcome.UNKNOWN, None),
        ("drop", "", Outcome.UNKNOWN, None),
        ("drop after", "", Outcome.UNKNOWN, None),
        ("truncated after", "", Outcome.UNKNOWN, None),
        ("html", "", Outcome.UNKNOWN, None),
        ("said", "{}", Outcome.UNKNOWN, None),
        ("said", "[]", Outcome.UNKNOWN, None),
        ("said", '{"uri": "at://x", "cid": "b"}', Outcome.UNKNOWN, None),
    ],
)
def test_what_goes_wrong_says_what_is_known(
    world: World, kind: str, body: str, outcome: Outcome, wait: timedelta | None
) -> None:
    to = asked(world)
    headers = {"Retry-After": "9"} if kind == "429" else {}
    world.server.fail(kind, "createRecord", body=body, headers=headers)
    with pytest.raises(SendError) as raised:
        world.source().reply(to, "hi", "1")
    assert (raised.value.outcome, raised.value.retry_after) == (outcome, wait)
    # refused for its token, it is shown once more with a new one
    assert world.calls().count("createRecord") == (2 if kind == "401" else 1), "posted once"


@pytest.mark.parametrize("fault", ["drop after", "truncated after"])
def test_an_answer_whose_connection_broke_is_found_by_its_key(world: World, fault: str) -> None:
    to, source = asked(world), world.source()
    world.server.fail(fault, "createRecord", times=1)
    with pytest.raises(SendError):
        source.reply(to, "On its way", "1")
    found = source.find_reply(to, "1")
    assert isinstance(found, Post)
    assert (found.text, found.reply_to) == ("On its way", to.key.external_id)
    assert isinstance(source.find_reply(to, "2"), Absent), "a colleague's answer is another one"
    assert source.reply(to, "On its way", "1").key == found.key
    assert len(written(world)) == 1


def test_what_did_not_arrive_is_absent_at_once(world: World) -> None:
    to, source = asked(world), world.source()
    world.server.fail("drop", "createRecord")
    with pytest.raises(SendError):
        source.reply(to, "hi", "1")
    assert isinstance(source.find_reply(to, "1"), Absent)


@pytest.mark.parametrize("fault", ["400", "401", "429", "503", "drop", "html", "object"])
def test_while_nobody_can_look_the_outcome_stays_unknown(world: World, fault: str) -> None:
    to, source = asked(world), world.source()
    world.server.fail(fault, "getRecord")
    with pytest.raises(SendError) as raised:
        source.find_reply(to, "1")
    assert raised.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "method", "outcome"),
    [
        ("503", "getPosts", Outcome.NOT_SENT),
        ("drop", "getPosts", Outcome.NOT_SENT),
        ("object", "getPosts", Outcome.NOT_SENT),
        ("503", "createSession", Outcome.NOT_SENT),
        ("401", "createSession", Outcome.PERMANENT),
        ("503", "resolveHandle", Outcome.NOT_SENT),
    ],
)
def test_before_it_is_posted_nothing_is_unknown(
    world: World, fault: str, method: str, outcome: Outcome
) -> None:
    to = asked(world)
    world.secrets.known.pop("bluesky_password_session")
    world.server.fail(fault, method)
    with pytest.raises(SendError) as raised:
        world.source().reply(to, "hi @ana.shop.test", "1")
    assert raised.value.outcome is outcome
    assert written(world) == []


def test_an_answer_that_nobody_would_see_is_not_posted(world: World) -> None:
    """Bluesky takes answers to a closed thread, and shows them to nobody."""
    to = asked(world)
    world.network.gates[to.key.external_id] = ["followingRule"]
    with pytest.raises(SendError, match="only those whom the author follows") as raised:
        world.source().reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT


def test_what_was_deleted_meanwhile_cannot_be_answered(world: World) -> None:
    to = asked(world)
    world.network.delete(to.key.external_id)
    with pytest.raises(SendError, match="was deleted") as raised:
        world.source().reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT


def test_a_case_opened_by_hand_is_answered_by_its_address(world: World) -> None:
    to = replace(asked(world), reply_token=None, lang=None)
    assert world.source().reply(to, "hi", "1").reply_to == to.key.external_id


@pytest.mark.parametrize("key", [PostKey("x", "1"), PostKey("bluesky", "at://shop.example/7")])
def test_what_is_no_post_of_bluesky_is_refused(world: World, key: PostKey) -> None:
    to = replace(asked(world), key=key)
    with pytest.raises(SendError, match="no post of Bluesky") as raised:
        world.source().reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT


def test_an_account_that_only_reads_posts_nothing(world: World) -> None:
    to = asked(world)
    with pytest.raises(SendError, match="only reads") as raised:
        world.source(answers=False).reply(to, "hi", "1")
    assert raised.value.outcome is Outcome.PERMANENT


def test_a_text_that_is_too_long_is_refused_by_the_network_for_good(world: World) -> None:
    to = asked(world)
    with pytest.raises(SendError, match="300") as raised:
        world.source().reply(to, "x" * 301, "1")
    assert raised.value.outcome is Outcome.PERMANENT


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("Bună ziua", 9),
        ("a\u0306", 1),
        ("👍🏽", 1),
        ("🇷🇴🇷🇴", 2),
        (PEOPLE, 2),
        ("❤️", 1),
        ("a\r\nb", 3),
        ("x" * 300, 300),
        (PEOPLE * 10, 18),
    ],
)
def test_length_is_counted_as_people_see_it(text: str, used: int) -> None:
    """In bytes, too: 3,000 at most, so that pictures of many parts count more than one."""
    assert length_of(text) == Length(used, 300)


KEYS = st.text(alphabet="234567abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=13)


@given(KEYS, st.text(), st.text())
def test_record_keys_are_tids_the_same_for_the_same_and_others_for_others(
    to: str, key: str, other: str
) -> None:
    found = record_keys.for_answer(to, key)
    assert record_keys.for_answer(to, key) == found
    assert len(found) == 13
    assert set(found) <= set("234567abcdefghijklmnopqrstuvwxyz")
    assert found[0] in "234567abcdefghij"
    assert (record_keys.for_answer(to, other) == found) == (key == other)


def test_a_record_s_key_tells_a_time_near_that_of_the_question() -> None:
    """Whoever lists the account's records sorts them by it."""
    question = record_keys.for_answer("3zzzzzzzzzzzz", "any")
    answers = [record_keys.for_answer(question, str(number)) for number in range(50)]
    assert all(question < answer for answer in answers)
    assert len({answer[:3] for answer in answers} | {question[:3]}) <= 2
    assert record_keys.for_answer("self", "1") < question, "what tells no time is put far back"
