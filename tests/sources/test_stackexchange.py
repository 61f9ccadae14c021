"""What the source `stackexchange` brings of a small site, and how it keeps to the site's manners."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import registry
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Cursor, Gone, Page, Post, PostKey, PostKind, Rejected, StreamKind
from monitor.ports import Refreshes, Replies
from monitor.simulator.serving import Fault
from monitor.simulator.stackexchange import Entry, Site, SiteServer
from monitor.sources.stackexchange import StackExchange, posts
from tests.given import Given
from tests.sources.mutations import mutated
from tests.sources.seen import pages
from tests.sources.stores_world import items

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BRAND, SITE = 5, "stackoverflow"


class World:
    """The site behind a port. `now` is the monitor's own clock."""

    def __init__(self) -> None:
        self.now = NOON
        self.site = Site(SITE)
        self.server = SiteServer(self.site)
        self.secrets = Given({"stack_key": "k3y"})

    def source(self, **said: object) -> StackExchange:
        table = {"site": SITE, "tags": ["bufnivo"], "users": ["5"], "base_url": self.server.url}
        checked = registry.options(StackExchange, table | said, "sources.stack")
        assert isinstance(checked, StackExchange.Options)
        return StackExchange(checked, secrets=self.secrets, clock=lambda: self.now)

    def asks(self, number: int, text: str = "Where is my parcel?", **more: Any) -> None:
        """A question with the brand's tag."""
        given = {"user": 1, "at": NOON, "tags": ("bufnivo",), **more}
        self.site.put(Entry(number=number, text=text, **given))

    def says(self, number: int, user: int, text: str, **more: Any) -> None:
        """An answer, or a comment."""
        self.site.put(Entry(number=number, user=user, text=text, **{"at": NOON, **more}))


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.server:
        yield made


def look(of: StackExchange, name: str = "tag-bufnivo", since: Cursor | None = None) -> list[Page]:
    return pages(of, name, since)


def only(pages: list[Page]) -> Post:
    (item,) = items(pages)
    assert isinstance(item, Post)
    return item


# ------------------------------------------------------------------------------------ reading


def test_a_question_has_a_title_and_says_that_only_people_answer(world: World) -> None:
    world.asks(7, "I <3 shops", title="Late & lost?", edited_at=NOON + HOUR)
    post = only(look(world.source()))
    assert (post.key, post.kind, post.is_root) == (
        PostKey("stackexchange", "stackoverflow/7"),
        PostKind.POST,
        True,
    )
    assert (post.title, post.text, post.reach) == ("Late & lost?", "I <3 shops", 3)
    assert (post.author.id, post.author.name) == ("stackoverflow/1", "u1")
    assert (post.posted_at, post.edited_at) == (NOON, NOON + HOUR)
    assert (post.can_reply, post.cannot_reply_because) == (False, posts.MUTE)
    assert post.url == "https://stackoverflow.example/questions/7/where"
    assert not isinstance(world.source(), Replies)


def test_an_own_answer_answers_its_question(world: World) -> None:
    world.asks(7)
    world.says(8, BRAND, "It is on its way", question=7)
    answer = only(look(world.source(), "answers-5"))
    assert (answer.key.external_id, answer.kind) == ("stackoverflow/8", PostKind.COMMENT)
    assert (answer.reply_to, answer.thread, answer.title) == (
        "stackoverflow/7",
        "stackoverflow/7",
        None,
    )


def test_a_comment_stands_below_its_question_also_if_it_is_on_an_answer(world: World) -> None:
    world.asks(7)
    world.says(8, BRAND, "It is on its way", question=7)
    world.says(8, 1, "@care still nothing", on=8, to_user=BRAND)
    comment = only(look(world.source(), "mentions-5"))
    assert (comment.key.external_id, comment.thread) == ("stackoverflow/c8", "stackoverflow/7")
    assert comment.reply_to == "stackoverflow/8"


def test_an_own_comment_to_somebody_answers_that_person_and_not_who_asked(world: World) -> None:
    world.asks(7)
    world.says(1, 2, "Mine too", on=7, at=NOON - 2 * HOUR)
    world.says(2, 2, "Hello?", on=7, at=NOON - HOUR)
    world.says(3, BRAND, "@u2 sorry!", on=7, to_user=2)
    world.says(4, BRAND, "Sorry, all!", on=7, at=NOON + HOUR)
    world.says(5, BRAND, "@u9 sorry!", on=7, to_user=9, at=NOON + 2 * HOUR)
    found = items(look(world.source(), "comments-5"))
    above = {one.key.external_id: one.reply_to for one in found if isinstance(one, Post)}
    assert above == {
        "stackoverflow/c5": "stackoverflow/7",
        "stackoverflow/c4": "stackoverflow/7",
        "stackoverflow/c3": "stackoverflow/c2",
    }


def test_an_edit_brings_a_question_again_and_a_foreign_answer_does_not(world: World) -> None:
    world.asks(7)
    of = world.source()
    first = look(of)
    world.asks(7, edited_at=NOON + HOUR, broken={"last_edit_date": None})
    world.now += HOUR
    second = look(of, since=first[-1].cursor)
    assert items(second) == []
    world.asks(7, "Lost for good", edited_at=NOON + 2 * HOUR)
    assert only(look(of, since=second[-1].cursor)).text == "Lost for good"


def test_a_search_finds_what_names_the_brand(world: World) -> None:
    world.asks(7, "Bufnivo is late", tags=())
    world.asks(8, "Python is late", tags=())
    source = world.source(tags=[], queries=["Bufnivo"])
    assert only(look(source, "search-bufnivo")).key.external_id == "stackoverflow/7"
    assert {one.kind for one in source.streams()} == {
        StreamKind.SEARCH,
        StreamKind.OWN,
        StreamKind.MENTIONS,
    }


def test_more_of_one_second_than_fits_on_a_page_comes_whole(world: World) -> None:
    for number in range(1, 12):
        world.asks(number)
    pages = look(world.source(page_size=3))
    found = {one.key for one in items(pages) if isinstance(one, Post)}
    assert len(found) == 11


def test_whoever_was_deleted_has_a_name_and_no_number(world: World) -> None:
    world.asks(
        7, broken={"owner": {"user_type": "does_not_exist", "display_name": "user &amp; co"}}
    )
    author = only(look(world.source())).author
    assert (author.id, author.name) == (None, "user & co")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"tags": []}, "name tags, or queries"),
        ({"queries": ["Bufnivo", "bufnivo"]}, "named once"),
        ({"users": ["ana"]}, "users"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, said: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        world.source(**said)


# ------------------------------------------------------------------------------------ manners


def test_the_filter_is_made_once(world: World) -> None:
    of = world.source()
    for _ in range(3):
        look(of)
    assert [one.path for one in world.server.asked].count("/2.3/filters/create") == 1


def test_a_method_that_wants_to_rest_is_left_alone_and_the_others_are_not(world: World) -> None:
    world.site.backoff = 10
    of = world.source(tags=["bufnivo", "parcels"])
    look(of)
    with pytest.raises(SourceError, match="questions to rest") as raised:
        look(of, "tag-parcels")
    assert not raised.value.permanent
    assert raised.value.retry_after is not None
    assert timedelta(0) < raised.value.retry_after <= timedelta(seconds=10)
    asked = len(world.server.asked)
    with pytest.raises(SourceError):
        look(of)
    assert len(world.server.asked) == asked
    look(of, "answers-5")


def test_a_look_that_has_to_rest_goes_on_where_it_was(world: World) -> None:
    for number in range(1, 10):
        world.asks(number, at=NOON - number * timedelta(minutes=1))
    world.site.backoff = 10
    of, seen = world.source(page_size=4), list[Page]()
    with pytest.raises(SourceError):
        seen.extend(of.pages(of.streams()[0], None))
    world.site.backoff = None
    seen += look(world.source(page_size=4), since=seen[-1].cursor)
    assert len({one.key for one in items(seen) if isinstance(one, Post)}) == 9


def test_the_day_s_last_call_ends_all_until_the_day_is_over(world: World) -> None:
    world.site.left = 2
    of = world.source()
    look(of)
    with pytest.raises(SourceError, match="as Stack Exchange counts") as raised:
        look(of)
    assert (raised.value.out_of_budget, raised.value.retry_after) == (True, 12 * HOUR)
    assert len(world.server.asked) == 2
    world.now += 12 * HOUR
    world.site.left = 300
    look(of)


def test_a_throttle_is_waited_out_as_long_as_its_words_say(world: World) -> None:
    world.site.left = 0
    with pytest.raises(SourceError, match="too many calls") as raised:
        look(world.source())
    assert (raised.value.permanent, raised.value.retry_after) == (False, timedelta(seconds=77322))


def test_our_own_budget_stops_it_too(world: World) -> None:
    of = world.source(calls_per_day=2)
    look(of)
    with pytest.raises(SourceError) as raised:
        look(of)
    assert raised.value.out_of_budget


def test_the_key_is_sent_and_one_that_is_missing_is_said_for_good(world: World) -> None:
    world.site.key = "k3y"
    look(world.source(key="stack_key"))
    world.secrets.known.clear()
    with pytest.raises(SourceError, match="stack_key") as raised:
        look(world.source(key="stack_key"))
    assert raised.value.permanent


@pytest.mark.parametrize("body", ['{"items": []}', '{"items": [7]}', '{"items": [{"filter": 7}]}'])
def test_without_a_filter_nothing_is_read(world: World, body: str) -> None:
    world.server.faults.append(Fault("said", "filters", body=body))
    with pytest.raises(SourceError, match="made no filter"):
        look(world.source())


# ------------------------------------------------------------------------------------ looking again


def test_a_refresh_takes_three_calls_for_all_and_tells_what_is_gone(world: World) -> None:
    world.asks(7, "Lost")
    world.says(8, BRAND, "Sorry", question=7)
    world.says(8, 1, "still nothing", on=8)
    source = world.source()
    assert isinstance(source, Refreshes)
    names = ("7", "8", "9", "c8", "c9", "nothing")
    keys = [PostKey("stackexchange", f"{SITE}/{one}") for one in names]
    other = [PostKey("stackexchange", "serverfault/7"), PostKey("x", f"{SITE}/7")]
    told = [one for one in source.refresh([*keys, *other]) if not isinstance(one, Rejected)]
    assert {one.key.external_id.partition("/")[2]: type(one) for one in told} == {
        "7": Post,
        "8": Post,
        "9": Gone,
        "c8": Post,
        "c9": Gone,
    }
    assert len(world.server.asked) == 4  # the filter, questions, answers, comments


def test_one_that_cannot_be_read_is_not_gone_and_a_failure_deletes_nothing(world: World) -> None:
    world.asks(7, broken={"body": 7})
    key = PostKey("stackexchange", f"{SITE}/7")
    (told,) = world.source().refresh([key])
    assert isinstance(told, Rejected)
    world.server.fail("503", "questions")
    with pytest.raises(SourceError):
        list(world.source().refresh([key]))


# ------------------------------------------------------------------------------------ trying


def test_a_trial_asks_for_every_stream_once_and_says_what_is_left(world: World) -> None:
    findings = list(world.source(key="stack_key").try_out())
    assert {one.standing for one in findings} == {Standing.WELL}
    assert findings[-1].said == "quota: 9995 calls are left of this day's"
    lacking = [one.standing for one in world.source(users=[]).try_out()]
    assert lacking.count(Standing.LACKS) == 2
    world.server.fail("404", "questions")
    assert Standing.FAILS in {one.standing for one in world.source().try_out()}


# ------------------------------------------------------------------------------------ payloads

COMMENT = {
    "comment_id": 3,
    "post_id": 8,
    "post_type": "answer",
    "body": "still <b>nothing</b>",
    "creation_date": 1774612800,
    "edited": False,
    "link": "https://stackoverflow.example/questions/7/where#comment3_8",
    "owner": {"user_id": 1, "display_name": "Ana"},
    "reply_to_user": {"user_id": 5},
}
ANSWER = {
    "answer_id": 8,
    "question_id": 7,
    "body": "<p>on its way</p>",
    "creation_date": 1774612800,
    "last_activity_date": 1774612900,
    "last_edit_date": 1774612900,
    "link": "https://stackoverflow.example/a/8",
    "owner": {"user_id": 5, "display_name": "Care"},
}
QUESTION = ANSWER | {"title": "Where?", "view_count": 3, "tags": ["bufnivo"]}
del QUESTION["answer_id"]


@settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
@given(chance=st.randoms(use_true_random=False))
def test_whatever_stack_exchange_sends_nothing_goes_unhandled(chance: Random) -> None:
    said = mutated(json.loads(json.dumps([COMMENT, ANSWER, QUESTION])), chance)
    for one in said:
        for field in ("creation_date", "last_activity_date"):
            thing = posts.thing(one, field)
            assert isinstance(posts.read(thing.name, one, SITE), Post | Rejected)
        assert str(posts.whom(one, SITE) or SITE).startswith(SITE)


@given(st.none() | st.integers() | st.text() | st.lists(st.none()))
def test_no_item_is_too_strange(said: Any) -> None:
    thing = posts.thing(said, "creation_date")
    assert isinstance(posts.read(thing.name, said, SITE), Rejected)
    assert posts.whom(said, SITE) is None
