"""The small forum and the small Hacker News answer as the real ones do where a source relies on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from monitor.simulator.discourse import Forum, Said
from monitor.simulator.hackernews import Entry, HackerNews
from monitor.simulator.serving import Asked

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


def ask(of: Forum | HackerNews, path: str, **asked: str) -> tuple[int, Any]:
    return of.answer(Asked("GET", f"{path}?{urlencode(asked)}"))


def test_a_page_of_the_forum_holds_the_post_that_it_is_asked_to_be_before() -> None:
    forum = Forum(lambda: NOW, page=2)
    for number in range(1, 6):
        told = "private" if number == 3 else None
        forum.put(Said(id=number, topic=1, number=number, username="a", raw="x", at=NOW, fate=told))
    assert [one["id"] for one in ask(forum, "/posts.json")[1]["latest_posts"]] == [5, 4]
    page = ask(forum, "/posts.json", before="4")[1]["latest_posts"]
    assert [one["id"] for one in page] == [4]


def test_the_forum_shows_ten_pages_of_a_search() -> None:
    forum = Forum(lambda: NOW, page=1)
    assert ask(forum, "/search.json", q="x", page="10")[0] == 200
    assert ask(forum, "/search.json", q="x", page="11")[0] == 400


def test_algolia_bounds_by_the_second_and_sorts_newest_first() -> None:
    news = HackerNews()
    for number in range(1, 5):
        at = NOW + timedelta(seconds=number)
        news.put(Entry(number=number, author="a", text="late", at=at))
    bound = f"created_at_i>={int(NOW.timestamp()) + 2},created_at_i<={int(NOW.timestamp()) + 3}"
    hits = ask(news, "/api/v1/search_by_date", query="late", numericFilters=bound)[1]["hits"]
    assert [hit["objectID"] for hit in hits] == ["3", "2"]


def test_an_item_holds_the_thread_below_it() -> None:
    news = HackerNews()
    news.put(Entry(number=1, author="a", text="", title="Shops", at=NOW))
    news.put(Entry(number=2, author="b", text="late", at=NOW, parent=1))
    news.put(Entry(number=3, author="c", text="gone", at=NOW, parent=1, is_gone=True))
    status, item = ask(news, "/api/v1/items/1")
    assert status == 200
    assert [child["id"] for child in item["children"]] == [2]
    assert ask(news, "/api/v1/items/3")[0] == 404
