"""What the source `hackernews` brings of a small Hacker News, and how it asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import registry
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Cursor, Gone, Page, Post, PostKey, PostKind, Rejected, StreamKind
from monitor.ports import Refreshes, Replies
from monitor.simulator.hackernews import Entry
from monitor.simulator.hackernews import HackerNews as World
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Fault
from monitor.sources.hackernews import HackerNews, items
from tests.anything import ANYTHING
from tests.given import Given

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[PlainServer]:
    with PlainServer(world) as running:
        yield running


def source(server: PlainServer, **options: object) -> HackerNews:
    given = {
        "queries": ["bufnivo"],
        "accounts": ["bufnivo_care"],
        "base_url": server.url,
        **options,
    }
    checked = registry.options(HackerNews, given, "sources.hn")
    assert isinstance(checked, HackerNews.Options)
    return HackerNews(checked, secrets=Given({}), clock=lambda: NOW)


def read(of: HackerNews, name: str = "search-bufnivo", since: Cursor | None = None) -> list[Page]:
    stream = next(one for one in of.streams() if one.name == name)
    return list(of.pages(stream, since))


def items_of(pages: list[Page]) -> list[Post | Gone | Rejected]:
    return [item for page in pages for item in page.items]


def entry(number: int, text: str = "bufnivo is late", **more: Any) -> Entry:
    return Entry(**{"number": number, "author": "ana_p", "text": text, "at": NOW, **more})


def test_a_comment_tells_its_thread_and_that_nothing_can_answer_it(
    world: World, server: PlainServer
) -> None:
    world.put(entry(1, "I <3 shops", title="Shops"))
    world.put(entry(2, "which one?", parent=1, author="dan"))
    world.put(entry(3, "Bufnivo & co. are late", parent=2))
    [comment] = items_of(read(source(server)))
    assert isinstance(comment, Post)
    assert (comment.key, comment.kind) == (PostKey("hackernews", "3"), PostKind.COMMENT)
    assert (comment.thread, comment.reply_to) == ("1", "2")
    assert comment.text == "Bufnivo & co. are late"
    assert comment.author.handle == "ana_p"
    assert comment.can_reply is False
    assert comment.cannot_reply_because == items.MUTE
    assert comment.url == "https://news.ycombinator.com/item?id=3"


def test_a_story_has_a_title_and_a_link_where_it_has_no_words(
    world: World, server: PlainServer
) -> None:
    link = {"url": "https://blog.example/bufnivo", "story_text": None}
    world.put(entry(1, "bufnivo", title="Why I left", broken=link))
    [story] = items_of(read(source(server)))
    assert isinstance(story, Post)
    assert (story.title, story.text) == ("Why I left", "https://blog.example/bufnivo")
    assert story.is_root


def test_the_own_answers_are_the_account_s_comments(world: World, server: PlainServer) -> None:
    world.put(entry(1))
    world.put(entry(2, "Sorry!", parent=1, author="bufnivo_care"))
    [answer] = items_of(read(source(server), "own-bufnivo_care"))
    assert isinstance(answer, Post)
    assert (answer.reply_to, answer.thread) == ("1", "1")
    assert {one.kind for one in source(server).streams()} == {StreamKind.SEARCH, StreamKind.OWN}


def test_more_of_one_second_than_fits_on_a_page_comes_whole(
    world: World, server: PlainServer
) -> None:
    for number in range(1, 12):
        world.put(entry(number))
    pages = read(source(server, page_size=3))
    assert len({one.key for one in items_of(pages) if isinstance(one, Post)}) == 11
    assert all(page.gap is None for page in pages)


def test_a_quiet_look_costs_one_call_and_brings_nothing_again(
    world: World, server: PlainServer
) -> None:
    world.put(entry(1))
    of = source(server)
    first = read(of)
    [page] = read(of, since=first[-1].cursor)
    assert (page.items, page.cost.calls, page.gap) == ((), 1, None)


def test_an_edit_within_the_overlap_comes_again(world: World, server: PlainServer) -> None:
    world.put(entry(1))
    of = source(server)
    first = read(of)
    world.put(entry(1, "bufnivo is late, and rude"))
    [edited] = items_of(read(of, since=first[-1].cursor))
    assert isinstance(edited, Post)
    assert edited.text == "bufnivo is late, and rude"


def test_what_is_older_than_the_first_look_is_not_brought(
    world: World, server: PlainServer
) -> None:
    world.put(entry(1, at=NOW - timedelta(days=8)))
    world.put(entry(2, at=NOW - timedelta(days=6)))
    assert [one.key.external_id for one in posts(items_of(read(source(server))))] == ["2"]


def test_a_refresh_tells_edits_deletions_and_nothing_of_others(
    world: World, server: PlainServer
) -> None:
    world.put(entry(1, "bufnivo, edited"))
    world.put(entry(2, "an answer", parent=1))
    world.put(entry(3, is_gone=True))
    of = source(server)
    assert isinstance(of, Refreshes)
    keys = [PostKey("hackernews", one) for one in ("1", "2", "3", "no number")]
    told = {item.key: item for item in of.refresh(keys) if not isinstance(item, Rejected)}
    assert told.keys() == set(keys[:3])
    assert told[keys[2]] == Gone(keys[2], NOW)
    one, two = told[keys[0]], told[keys[1]]
    assert isinstance(one, Post)
    assert isinstance(two, Post)
    assert (one.text, two.reply_to, two.thread) == ("bufnivo, edited", "1", "1")


def test_a_failing_refresh_deletes_nothing(world: World, server: PlainServer) -> None:
    world.put(entry(1))
    server.faults.append(Fault("503"))
    with pytest.raises(SourceError):
        list(source(server).refresh([PostKey("hackernews", "1")]))


def test_it_does_not_offer_to_answer(server: PlainServer) -> None:
    assert not isinstance(source(server), Replies)


def test_the_budget_stops_it_and_says_so(world: World, server: PlainServer) -> None:
    of = source(server, calls_per_hour=1)
    read(of)
    with pytest.raises(SourceError) as raised:
        read(of, "own-bufnivo_care")
    assert raised.value.out_of_budget


def test_a_trial_asks_every_question_once(server: PlainServer) -> None:
    assert {one.standing for one in source(server).try_out()} == {Standing.WELL}
    assert len(server.asked) == 2
    assert Standing.LACKS in {one.standing for one in source(server, accounts=[]).try_out()}
    server.faults.append(Fault("503", "author_"))
    assert Standing.FAILS in {one.standing for one in source(server).try_out()}


def test_a_query_that_is_named_twice_is_refused(server: PlainServer) -> None:
    with pytest.raises(ConfigError, match="named once"):
        source(server, queries=["Bufnivo", "bufnivo"])


HIT = {
    "objectID": "8863",
    "author": "ana_p",
    "created_at_i": 1774612800,
    "comment_text": "<p>late",
    "parent_id": 8862,
    "story_id": 8860,
    "title": None,
    "url": None,
}


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(sorted(HIT)), ANYTHING), st.sets(st.sampled_from(sorted(HIT)))
)
def test_no_hit_is_too_broken(changed: dict[str, Any], dropped: set[str]) -> None:
    hit = {name: value for name, value in {**HIT, **changed}.items() if name not in dropped}
    thing = items.thing(hit)
    assert isinstance(items.read(thing.name, hit, NOW), Post | Gone | Rejected)


@given(ANYTHING)
def test_no_answer_is_too_strange(said: Any) -> None:
    assert isinstance(items.read(items.thing(said).name, said, NOW), Rejected)


def posts(those: list[Post | Gone | Rejected]) -> list[Post]:
    return [one for one in those if isinstance(one, Post)]
