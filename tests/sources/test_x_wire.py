"""What X's payloads mean: today's names and the renamed ones, long posts, edits, and who may be answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.post import Post, Rejected
from monitor.simulator.x import id_at
from monitor.sources.x import snowflake, wire
from monitor.sources.x.wire import Account
from tests.sources.x_world import ACCOUNT, HANDLE, NOON, Shop, key, look, posts, shop

US = Account(ACCOUNT, HANDLE, answers=True)
ONE = str(id_at(NOON))
PLAIN: dict[str, Any] = {
    "id": ONE,
    "text": "my parcel is late",
    "created_at": "2026-03-27T12:00:00.000Z",
    "author_id": "901",
}


@pytest.fixture(params=[False, True], ids=["today's names", "renamed"])
def world(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with shop(renamed=request.param) as made:
        yield made


def one(world: Shop, name: str = "mentions", **said: object) -> Post:
    (post,) = posts(look(world.source(**said), name))
    return post


def read(**said: Any) -> Post | Rejected:
    (item,) = wire.read({"data": [PLAIN | said]}, US).items
    return item


def a_post(**said: Any) -> Post:
    item = read(**said)
    assert isinstance(item, Post), item
    return item


def reason(**said: Any) -> str:
    item = read(**said)
    assert isinstance(item, Rejected), item
    return item.reason


def test_a_long_post_comes_whole_with_its_signs_as_typed(world: Shop) -> None:
    text = "@our_shop 2 < 3 & 5 > 4, &amp; so on; " + "the parcel is late " * 30
    world.writes(text)
    assert one(world).text == text


def test_an_edited_post_keeps_its_key_and_says_when_it_was_changed(world: Shop) -> None:
    asked = world.writes("@our_shop my parcel is here", ago=timedelta(0))
    world.passes(timedelta(minutes=20))
    later = world.face.edit(asked, "@our_shop my parcel is here, and broken")
    post = one(world)
    assert (post.key, post.thread) == (key(asked), asked)
    assert post.text == "@our_shop my parcel is here, and broken"
    assert (post.posted_at, post.edited_at) == (NOON, NOON + timedelta(minutes=20))
    assert post.reply_token == later
    assert post.url == f"https://x.com/ana_p/status/{later}"


def test_an_answer_to_an_edited_post_answers_its_first_version(world: Shop) -> None:
    asked = world.writes()
    world.passes(timedelta(minutes=2))
    later = world.face.edit(asked, "@our_shop my parcel is still late")
    world.answers(later)
    answer = one(world, "own")
    assert (answer.reply_to, answer.thread) == (asked, asked)


def test_a_reply_says_what_it_replies_to_and_in_which_conversation(world: Shop) -> None:
    root = world.writes(by="dan")
    between = world.writes("me too", by="eve", reply_to=root)
    world.writes("@our_shop hello?", reply_to=between)
    reply = next(one for one in posts(look(world.source())) if "hello" in one.text)
    assert (reply.reply_to, reply.thread, reply.is_root) == (between, root, False)


def test_what_an_answer_replies_to_comes_along_where_no_mention_brings_it(world: Shop) -> None:
    """A post that does not name the account: else nobody knows whom we answered."""
    further = world.writes("still no parcel from that shop, and it was a gift")
    answer = world.answers(further, "Here is your refund")
    found = {post.key.external_id: post for post in posts(look(world.source(), "own"))}
    assert found.keys() == {further, answer}
    assert found[answer].reply_to == further
    assert (found[further].author.id, found[further].thread) == ("901", further)


def test_what_mentions_bring_or_lies_long_ago_does_not_come_again_with_an_answer(
    world: Shop,
) -> None:
    named = world.writes()
    old = world.writes("where is it?", ago=timedelta(days=30))
    answers = [world.answers(named, "Soon"), world.answers(old, "Still looking")]
    found = [post.key.external_id for post in posts(look(world.source(), "own"))]
    assert sorted(found) == sorted(answers)


def test_a_quotation_names_what_it_quotes(world: Shop) -> None:
    asked = world.writes()
    world.writes("so sorry", by=HANDLE, quotes=(asked,))
    answer = one(world, "own")
    assert (answer.quotes, answer.reply_to) == ((asked,), None)


def test_our_own_post_is_ours_without_paying_for_its_author(world: Shop) -> None:
    world.answers(world.writes(), via="Desk")
    post = one(world, "own")
    assert (post.author.id, post.author.handle, post.via) == (ACCOUNT, HANDLE, "Desk")
    assert post.can_reply is None


def test_only_who_called_us_can_be_answered(world: Shop) -> None:
    world.writes("@our_shop my parcel?")
    keys = {"answer_keys": "x"}
    assert one(world, **keys).can_reply is True
    without = one(world)
    assert (without.can_reply, without.cannot_reply_because) == (False, wire.NO_KEYS)
    world.face.posts.clear()
    world.writes("the parcel of our_shop is late")
    found = one(world, "search", **keys)
    assert (found.can_reply, found.cannot_reply_because) == (False, wire.NOT_SUMMONED)
    world.face.posts.clear()
    world.writes("look at this parcel", quotes=("5",))
    assert one(world, "search", **keys).can_reply is None


def test_who_replies_to_us_can_be_answered() -> None:
    assert a_post(in_reply_to_user_id=ACCOUNT).can_reply is True
    assert a_post(entities={"mentions": [{"username": "OUR_shop"}]}).can_reply is True
    hidden = {"text": "long", "entities": {"mentions": [{"username": "x", "id": ACCOUNT}]}}
    assert a_post(note_tweet=hidden).can_reply is True


def test_what_x_does_not_show_is_not_taken_for_deleted() -> None:
    """The account is protected now; of a post that is gone X says another thing."""
    kinds = {"7": "not-authorized-for-resource", "8": "resource-not-found"}
    errors = [
        {
            "resource_id": number,
            "type": f"https://api.twitter.com/2/problems/{kind}",
            "detail": "no",
        }
        for number, kind in kinds.items()
    ]
    reading = wire.read({"errors": errors}, US)
    assert dict(reading.refused) == {"7": "no"}
    assert set(reading.missing) == {"8"}


def test_a_repost_is_nobody_s_word() -> None:
    body = {"data": [PLAIN | {"referenced_tweets": [{"type": "retweeted", "id": "5"}]}]}
    assert wire.read(body, US).items == ()


@pytest.mark.parametrize(
    ("said", "meant"), [("ro", "ro"), ("und", None), ("qme", None), ("in", "id"), (None, None)]
)
def test_a_language_that_is_none_is_not_told(said: str | None, meant: str | None) -> None:
    assert a_post(lang=said).lang == meant


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"created_at": "yesterday"}, "yesterday"),
        ({"created_at": "2026-03-27T12:00:00"}, "names no time zone"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "out of range"),
        ({"conversation_id": "\x00"}, "is no id"),
        ({"id": 5}, "'5' is no id"),
        ({"id": ""}, "'' is no id"),
        ({"id": "٣"}, "is no id"),
        ({"edit_history_tweet_ids": ["a"]}, "'a' is no id"),
        ({"referenced_tweets": [{"type": "quoted"}]}, "id is missing"),
    ],
)
def test_a_broken_item_says_what_is_wrong(broken: dict[str, Any], told: str) -> None:
    assert told in reason(**broken)


def test_what_is_missing_is_named() -> None:
    body = {"data": [{"id": "7", "text": ""}, "what?", None]}
    first, second, third = wire.read(body, US).items
    assert first == Rejected("7", "created_at is missing", '{"id": "7", "text": ""}')
    assert second == Rejected("?", "it is no object", '"what?"')
    assert third == Rejected("?", "it is no object", "null")


def test_a_post_without_a_time_was_written_when_its_id_says() -> None:
    assert a_post(created_at=None).posted_at == NOON


def test_what_no_database_takes_is_replaced() -> None:
    post = a_post(text="a\x00b\ud83dc", source="\x00")
    assert (post.text, post.via) == ("a\ufffdb\ufffdc", "\ufffd")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = [*PLAIN, *wire.FIELDS, "note_post", "referenced_posts", "edit_history_post_ids"]
payloads = st.dictionaries(st.sampled_from(NAMES), anything | st.sampled_from([*PLAIN.values()]))


@given(
    data=st.lists(payloads | anything, max_size=3),
    rest=st.fixed_dictionaries(
        {},
        optional={
            "includes": anything,
            "meta": anything,
            "errors": anything,
        },
    ),
)
def test_whatever_comes_is_read_or_rejected(data: list[Any], rest: dict[str, Any]) -> None:
    reading = wire.read({"data": data, **rest}, US)
    for item in reading.items:
        said = "".join(texts(asdict(item)))
        said.encode()  # no lone surrogate
        assert "\x00" not in said


def texts(value: object) -> Iterator[str]:
    """All texts inside, however deep."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from texts(inner)
        case list() | tuple():
            for inner in value:
                yield from texts(inner)
        case _:
            return


@given(
    moment=st.datetimes(
        min_value=NOON.replace(year=2011, tzinfo=None),
        max_value=NOON.replace(year=2060, tzinfo=None),
    )
)
def test_an_id_tells_its_time(moment: Any) -> None:
    at = moment.replace(tzinfo=NOON.tzinfo)
    assert snowflake.id_at(at) == id_at(at)
    told = snowflake.time_of(str(snowflake.id_at(at)))
    assert told is not None
    assert abs(told - at) <= timedelta(seconds=1.01)
    assert snowflake.time_of("1234") is None
