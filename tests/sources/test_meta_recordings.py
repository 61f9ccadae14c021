"""What Meta was seen to send, through our sources, and the same broken in every way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from monitor.domain.post import Post
from monitor.fetching import Budget, Leaf, Spot, Thing
from monitor.fetching.fields import UNREADABLE
from monitor.sources.meta.edges import Comments, Edge, Nested, Under, after
from monitor.sources.meta.facebook import items as facebook
from monitor.sources.meta.graph import Graph
from monitor.sources.meta.instagram import items as instagram
from monitor.sources.meta.usage import Usage
from tests.anything import ANYTHING
from tests.given import Given
from tests.plugins.needs import SHARED

RECORDED = SHARED / "recordings" / "meta" / "testdata"
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
WALL = facebook.Wall("19292868552")
UNDER = Under("19292868552_10158407654328553")
COMMENT: dict[str, Any] = {
    "id": "900_1",
    "from": {"id": "77", "name": "Ana"},
    "message": "awful",
    "created_time": "2026-05-04T08:00:00+0000",
    "permalink_url": "https://facebook.example/900",
    "parent": {"id": "900_0"},
    "can_comment": True,
    "is_hidden": False,
    "attachment": {"type": "share", "title": "A shop"},
    "text": "awful",
    "timestamp": "2026-05-04T08:00:00+0000",
    "username": "ana_p",
    "hidden": False,
    "parent_id": "899",
    "media": {"id": "900", "permalink": "https://instagram.example/p/900"},
    "caption": "Look",
    "media_type": "IMAGE",
    "replies": {"data": [{"id": "900_2", "timestamp": "2026-05-04T08:00:00+0000"}]},
}
NAMES = st.sampled_from(sorted(COMMENT))
BROKEN = st.builds(
    lambda changed, dropped: {
        name: value for name, value in {**COMMENT, **changed}.items() if name not in dropped
    },
    st.dictionaries(NAMES, ANYTHING | st.just("9" * 10_000)),
    st.sets(NAMES, max_size=3),
)


def read(said: Any) -> list[Post]:
    """As each of the four ways in which a thing is read, those that can."""
    ways: tuple[Callable[[], Post], ...] = (
        lambda: WALL.read(said, None),
        lambda: WALL.read(said, UNDER),
        lambda: instagram.comment(said),
        lambda: instagram.comment(said, Under("900", "899")),
        lambda: instagram.post(said),
    )
    found = []
    for way in ways:
        try:
            found.append(way())
        except UNREADABLE:
            continue
    return found


def recorded(folder: str) -> Iterator[tuple[str, Any]]:
    for path in sorted((RECORDED / folder).glob("*.json")):
        said = json.loads(path.read_text())
        for one in _things(said):
            yield path.stem, one


def _things(said: Any) -> Sequence[Any]:
    if isinstance(said, dict) and isinstance(said.get("data"), list):
        return list(said["data"])
    if isinstance(said, dict) and "id" not in said:
        return list(said.values())  # several asked for by their ids
    found = [said[name] for name in ("mentioned_comment", "mentioned_media") if name in said]
    return found or [said]


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        ("facebook/apidata/posts", {"feed_fields_p2", "single_post_data_fields"}),
        ("facebook/apidata/comments", {"comment_info", "comments_info", "create_resp"}),
        ("instagram/apidata/comments", {"comment_fields", "comments_fields", "replies"}),
        ("instagram/apidata/medias", {"comments_p1", "comments_p2", "medias_fields"}),
        ("instagram/apidata/users", {"tagged_medias", "mentioned_comment", "mentioned_media"}),
    ],
)
def test_what_was_recorded_is_read(folder: str, kinds: set[str]) -> None:
    counted: Counter[str] = Counter()
    for name, said in recorded(folder):
        if name in kinds:
            counted[f"{name}: {'read' if read(said) else 'not read'}"] += 1
    print(f"recorded {folder}: {dict(counted)}")
    assert {one.partition(":")[0] for one in counted} == kinds
    assert not [one for one in counted if one.endswith("not read")]


@pytest.mark.needs("shared")
def test_recorded_comments_without_ids_are_rejected_one_by_one() -> None:
    """Facebook leaves the ids out for apps that lack the right to moderate."""
    found = list(recorded("facebook/apidata/comments"))
    without = [said for name, said in found if name == "comments_p1"]
    assert len(without) == 10
    for said in without:
        with pytest.raises(KeyError):
            WALL.read(said, UNDER)


@pytest.mark.needs("shared")
def test_where_a_recorded_listing_goes_on_is_found_without_its_token() -> None:
    for path in sorted(RECORDED.rglob("*.json")):
        said = json.loads(path.read_text() or "{}")
        if isinstance(said, dict) and isinstance(said.get("paging"), dict):
            assert bool(after(said)) == ("next" in said["paging"])
            assert "access_token" not in after(said)


@settings(max_examples=1200)
@given(BROKEN)
def test_no_thing_is_too_broken(said: dict[str, Any]) -> None:
    for found in read(said):
        assert found.key.external_id
        assert found.posted_at.tzinfo is UTC
    for words in (facebook.WORDS, instagram.WORDS):
        assert isinstance(words.thing(said, UNDER), Thing)


class Answering(Graph):
    """A Graph API that says one thing to everything."""

    def __init__(self, said: Any) -> None:
        super().__init__(
            "http://127.0.0.1:9",
            secrets=Given({}),
            token="t",
            app_secret=None,
            budget=Budget(9, timedelta(minutes=1)),
            usage=Usage(100),
            timeout=1,
        )
        self._said = said

    def get(self, path: str, **asked: str | int) -> dict[str, Any]:
        return dict(self._said)


@settings(max_examples=700)
@given(
    st.lists(BROKEN | ANYTHING, max_size=3),
    ANYTHING | st.just({"next": "https://graph.example/x?after=QVFI&access_token=T"}),
    st.lists(BROKEN | ANYTHING, max_size=3),
    ANYTHING | st.just({"next": "http://[broken"}),
)
def test_no_listing_is_too_broken(
    inner: list[Any], paging: Any, posts: list[Any], outer: Any
) -> None:
    under = {"data": inner, "paging": paging}
    whole = {"id": "900", "created_time": "2026-05-04T08:00:00+0000", "comments": under}
    graph = Answering({"data": [*posts, whole, {**whole, "comments": inner}], "paging": outer})
    for words, answers in ((facebook.WORDS, None), (instagram.WORDS, "replies")):
        edge = Edge(graph, "1/feed", "id", 25, words)
        comments = Comments(edge, Nested("id", 25, answers=answers), words, lambda: 0.0)
        for listing in (edge, comments):
            spot: Spot | None = None
            for _ in range(3):
                leaf: Leaf = listing.leaf(0, spot)
                spot = leaf.further
                if spot is None:
                    break


@given(ANYTHING)
def test_an_answer_that_is_no_list_is_told(said: Any) -> None:
    edge = Edge(Answering({"data": said}), "1/feed", "id", 25, facebook.WORDS)
    if isinstance(said, list):
        assert len(edge.leaf(0, None).things) == len(said)
        return
    with pytest.raises(SourceError):
        edge.leaf(0, None)
