"""What a real forum sent to its own documentation's tests, through our source; and what is worse.

The recordings hold real people's posts: they stay in ../shared and are never copied here.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.post import Gone, Post, Rejected
from monitor.fetching import Budget, Client
from monitor.fetching.descent import Leaf
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Asked
from monitor.sources.discourse import posts
from monitor.sources.discourse.listings import Found, Latest, Written
from monitor.sources.discourse.posts import Forum
from tests.anything import ANYTHING
from tests.plugins.needs import SHARED
from tests.sources.forum import NOW

RESPONSES = SHARED / "recordings" / "discourse" / "responses"
FORUM = Forum("discourse", "https://forum.example", None)
SAMPLE: dict[str, Any] = {
    "id": 33,
    "name": "",
    "username": "ana_p",
    "created_at": "2026-03-27T11:37:16.594Z",
    "updated_at": "2026-03-27T11:37:16.594Z",
    "cooked": '<aside class="quote" data-post="1" data-topic="8"><p>no</p></aside><p>Late</p>',
    "raw": "Late",
    "post_number": 4,
    "post_type": 1,
    "reply_to_post_number": 2,
    "topic_id": 8,
    "user_id": 1,
    "version": 2,
    "reads": 1,
    "hidden": False,
    "deleted_at": None,
    "user_deleted": False,
}
ENLARGED = st.sampled_from(sorted(SAMPLE)).map(lambda name: {name: "9" * 10_000})


class Recorded:
    """Serves one answer, whatever is asked."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def answer(self, question: Asked, /) -> tuple[int, Any]:
        return 200, self._answer


def recorded(*path: str) -> Any:
    return json.loads(RESPONSES.joinpath(*path).read_text())


@pytest.mark.needs("shared")
def test_recorded_posts_are_read() -> None:
    single = recorded("posts", "get_post_response.json")
    topic = recorded("topics", "topic_response.json")["post_stream"]["posts"]
    found = [posts.read("1", one, FORUM, NOW) for one in (single, *topic)]
    counts = Counter(type(one).__name__ for one in found)
    print(f"recorded posts: {dict(counts)}")
    assert counts == {"Post": len(topic) + 1}
    one = found[0]
    assert isinstance(one, Post)
    assert one.text
    assert one.key.external_id == f"{single['topic_id']}/{single['post_number']}"
    assert one.posted_at.isoformat().startswith(single["created_at"][:19])


@pytest.mark.needs("shared")
def test_a_recorded_search_is_listed() -> None:
    answer = recorded("search", "query_response.json")
    with PlainServer(Recorded(answer)) as server:
        client = Client("forum", server.url, budget=Budget(9, timedelta(minutes=1)))
        leaf = Found(client, "x").leaf(0, None)
    assert [thing.name for thing in leaf.things] == [
        f"{one['topic_id']}/{one['post_number']}" for one in answer["posts"]
    ]
    assert all(thing.order is not None for thing in leaf.things)
    assert leaf.further is None


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(sorted(SAMPLE)), ANYTHING) | ENLARGED,
    st.sets(st.sampled_from(sorted(SAMPLE)), max_size=3),
)
def test_no_post_is_too_broken(changed: dict[str, Any], dropped: set[str]) -> None:
    post = {name: value for name, value in {**SAMPLE, **changed}.items() if name not in dropped}
    thing = posts.thing(post)
    assert isinstance(posts.read(thing.name, post, FORUM, NOW), Post | Gone | Rejected)
    assert posts.words(post) is not None
    assert posts.author(post) is not None
    assert posts.is_spoken(post) in (True, False)


@settings(max_examples=25)
@given(st.lists(ANYTHING | st.just(SAMPLE), max_size=4))
def test_no_listing_is_too_broken(those: list[Any]) -> None:
    about = {"more_full_page_results": True}
    answer = {"latest_posts": those, "posts": those, "user_actions": those}
    with PlainServer(Recorded({**answer, "grouped_search_result": about})) as server:
        client = Client("forum", server.url, budget=Budget(99, timedelta(minutes=1)))
        listings = (Latest(client), Found(client, "x"), Written(client, "ana_p"))
        leaves: list[Leaf] = [listing.leaf(0, None) for listing in listings]
    assert [len(leaf.things) for leaf in leaves] == [len(those)] * 3
