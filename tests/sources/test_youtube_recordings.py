"""What YouTube really sent, through our source; and what is worse.

The recordings hold real people's comments: they stay in ../shared and are never copied here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.post import Post, Rejected
from monitor.sources.youtube import threads
from monitor.sources.youtube.comments import Whose
from monitor.sources.youtube.threads import Reader, Thread
from tests.plugins.needs import SHARED
from tests.sources.channel import HANDLE, channel
from tests.sources.mutations import mutated

RECORDED = SHARED / "recordings" / "youtube" / "testdata" / "apidata"


def recorded(folder: str) -> list[Any]:
    pages = [json.loads(path.read_text()) for path in sorted((RECORDED / folder).glob("*.json"))]
    return [page.get("body", page) for page in pages]


def no_more(whose: Whose) -> tuple[Sequence[Any], int]:
    return (), 0


@pytest.mark.needs("shared")
def test_recorded_threads_are_read() -> None:
    reader = Reader(no_more, None)
    pages = recorded("comment_threads")
    listed = [one for page in pages for one in reader.listed(page).items]
    found = [item for one in listed if isinstance(one, Thread) for item in one.whole().items]
    counts = Counter(type(one).__name__ for one in (*listed, *found))
    print(f"recorded threads: {dict(counts)} on {len(pages)} pages")
    assert counts == {"Thread": sum(len(page["items"]) for page in pages), "Post": len(listed)}
    for one in found:
        assert isinstance(one, Post)
        assert one.text
        assert one.author.key
        assert one.is_root
    assert [reader.listed(page).next for page in pages] == [
        page.get("nextPageToken") for page in pages
    ]


@pytest.mark.needs("shared")
def test_recorded_comments_are_read() -> None:
    raws = [raw for page in recorded("comments") for raw in page["items"]]
    whose = Whose("UgwThread", None, None)
    found = threads.addressed("UgwThread", None, threads.read_replies(raws, whose))
    counts = Counter(type(one).__name__ for one in found)
    print(f"recorded comments: {dict(counts)}")
    assert counts == {"Post": len(raws)}


@settings(max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
@given(chance=st.randoms(use_true_random=False))
def test_whatever_youtube_sends_nothing_goes_unhandled(chance: Random) -> None:
    """Fields dropped, retyped and enlarged, anywhere in a page: items, rejects, or one known error."""
    body = mutated(json.loads(_page()), chance)
    try:
        listed = Reader(no_more, None).listed(body)
    except ValueError:  # what the source turns into a SourceError
        return
    for one in listed.items:
        if isinstance(one, Rejected):
            assert one.reason
            assert len(one.sample) <= 200
        else:
            assert one.mark
            assert one.last_at
            assert all(isinstance(item, Post | Rejected) for item in one.whole().items)


@cache
def _page() -> str:
    with channel() as world:
        top = world.says("ana", "Late!")
        world.says("dan", "Mine too", under=top)
        world.says(HANDLE, "@dan sorry", under=top)
        world.says("eva", "Nice")
        return json.dumps(world.simulated._threads({}, is_owner=False)[1])
