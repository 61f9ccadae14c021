"""What real servers sent to Mastodon.py's own tests, over HTTP, through the library and our source.

The recordings hold real people's posts: they stay in ../shared and are never copied here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from monitor.domain.post import Post, Rejected
from monitor.simulator.mastodon import Mastodon as World
from monitor.simulator.mastodon_http import EVERYTHING, MastodonServer
from monitor.sources.mastodon import statuses
from monitor.sources.mastodon.cursor import Place, Row
from monitor.sources.mastodon.threads import Threads, Trace
from tests.plugins.needs import SHARED
from tests.sources.fediverse import BRAND, NOW, source
from tests.sources.mutations import JUNK, mutated
from tests.sources.seen import pages

CASSETTES = SHARED / "recordings" / "mastodon" / "tests"
SINCE_EVER: dict[str, Any] = {"look_back": timedelta(days=20_000)}
"""The recordings are years old; a config may say a year at most."""
MUTATIONS = 20_000
VIEW = statuses.View("s.example", None)


class Recorded(MastodonServer):
    """Serves a recorded list for the first question, then the end of it; threads have no top."""

    def __init__(self, listed: list[Any]) -> None:
        world = World(lambda: NOW, host="localhost", brand=BRAND)
        super().__init__(world, tokens={"T": EVERYTHING}, quota=10**9)
        self._waiting = [listed]

    def answer(
        self, method: str, path: str, said: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        if path.endswith("/context"):
            return 200, {"ancestors": [], "descendants": []}
        if path.endswith(("/notifications", "/timelines/tag/any")):
            return 200, self._waiting.pop() if self._waiting else []
        return super().answer(method, path, said, headers)


@cache
def answers() -> tuple[tuple[str, Any], ...]:
    """Every recorded answer that is JSON, with the path that it answers."""
    found = []
    for path in sorted(CASSETTES.rglob("*.yaml")):
        cassette = yaml.load(path.read_text(), yaml.CSafeLoader)
        for call in cassette["interactions"]:
            body = call["response"]["body"].get("string", "")
            try:
                answer = json.loads(body)
            except ValueError:
                continue  # pictures, and pages of HTML
            found.append((call["request"]["uri"].partition("?")[0], answer))
    return tuple(found)


def held(answer: Any) -> Iterator[dict[str, Any]]:
    """Every status in it, however deep."""
    if isinstance(answer, dict):
        if {"uri", "content", "account", "id"} <= answer.keys():
            yield answer
        for value in answer.values():
            yield from held(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from held(value)


@cache
def recorded() -> tuple[dict[str, Any], ...]:
    """All recorded statuses, each number once."""
    return tuple({one["id"]: one for _, answer in answers() for one in held(answer)}.values())


@pytest.mark.needs("shared")
def test_every_recorded_status_is_a_post() -> None:
    said = [one for one in recorded() if not one.get("reblog")]
    assert len(said) > 200
    with Recorded(said) as server:
        found = pages(source(server, hashtags=["any"], **SINCE_EVER), "tag-any")
    items = [item for page in found for item in page.items]
    assert [item for item in items if isinstance(item, Rejected)] == []
    posts = [item for item in items if isinstance(item, Post)]
    assert Counter(post.key.external_id for post in posts) == Counter(one["uri"] for one in said)
    assert not [post.text for post in posts if "<p>" in post.text or "&amp;" in post.text]
    assert {post.visibility for post in posts} == {"public", "unlisted", "private", "direct"}
    assert all(post.author.handle and "@" in post.author.handle for post in posts)


@pytest.mark.needs("shared")
def test_recorded_notifications_are_read() -> None:
    played = 0
    for path, answer in answers():
        if not path.endswith("/api/v1/notifications") or not isinstance(answer, list):
            continue
        # a server sends the types that are asked for
        listed = [one for one in answer if one["type"] == "mention"]
        with Recorded(listed) as server:
            found = pages(source(server, **SINCE_EVER), "mentions")
        items = [item for page in found for item in page.items]
        assert [item for item in items if isinstance(item, Rejected)] == []
        # of a status that was deleted, Mastodon's notification may stay, with nothing in it
        uris = {one["status"]["uri"] for one in listed if one["status"]}
        assert {item.key.external_id for item in items if isinstance(item, Post)} == uris
        played += len(listed)
    assert played > 40


@pytest.mark.needs("shared")
def test_no_mutation_of_a_recording_is_unhandled() -> None:
    """Fields dropped, retyped, enlarged: a post, or a rejected item with a reason, and never an error."""
    chance = Random(20260327)
    counted: Counter[str] = Counter()
    known = [json.dumps(one) for one in recorded()]
    for _ in range(MUTATIONS):
        status = mutated(json.loads(chance.choice(known)), chance)
        if chance.random() < 0.3:
            status = {"id": "7", "type": "mention", "created_at": status_time(), "status": status}
        row = statuses.row(status)
        assert isinstance(row, Row)
        item = statuses.read(status, lambda one: Trace(None, one["uri"]), VIEW)
        counted[type(item).__name__] += 1
        assert isinstance(item, Post | Rejected | None)
        if isinstance(item, Rejected):
            assert item.where
            assert item.reason
        Place(0.0).after([row], NOW - NOW)
    print(f"{MUTATIONS} mutations: {dict(counted)}")
    assert counted["Post"] > 1000
    assert counted["Rejected"] > 1000


@pytest.mark.needs("shared")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_page_of_mutations_over_http_brings_items_or_a_source_error(seed: int) -> None:
    chance = Random(seed)
    listed = [mutated(deepcopy(chance.choice(recorded())), chance) for _ in range(20)]
    if chance.random() < 0.2:
        listed.append(chance.choice(JUNK))
    with Recorded(listed) as server, suppress(SourceError):
        found = pages(source(server, hashtags=["any"], **SINCE_EVER), "tag-any")
        assert len([item for page in found for item in page.items]) <= len(listed)


def test_what_threads_remember_has_an_end() -> None:
    threads = Threads()
    for number in range(20_050):
        status = {"id": str(number), "uri": f"https://s.example/{number}"}
        threads.trace(status, NoCalls())
    assert threads.number("https://s.example/3") is None
    assert threads.number("https://s.example/20049") == "20049"


class NoCalls:
    def ask(self, question: Any, /) -> Any:
        raise AssertionError("a root needs no question")


def status_time() -> str:
    return NOW.isoformat()
