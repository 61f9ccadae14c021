"""What Bluesky publishes and sent to the SDK's own tests, through our source; and what is worse.

The recordings hold real people's posts: they stay in ../shared and are never copied here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import registry
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.post import Post, Rejected
from monitor.fetching import Thing
from monitor.simulator.bluesky import Bluesky as Network
from monitor.sources.bluesky import Bluesky, listings, posts, record_keys
from tests.plugins.needs import SHARED
from tests.sources.bluesky_world import BRAND, NOW, World, items, read
from tests.sources.mutations import JUNK, mutated

FOLDER = SHARED / "recordings" / "atproto"
ANSWERS = FOLDER / "tests" / "test_atproto_client" / "models" / "test_data"
SYNTAX = FOLDER / "tests" / "interop-test-files" / "syntax"
MUTATIONS = 3_000


def lines(name: str) -> list[str]:
    """The examples of one of the protocol's own files."""
    found = (SYNTAX / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in found if line.strip() and not line.startswith("#")]


def views(said: Any) -> Iterator[dict[str, Any]]:
    """Every post that is shown in it, however deep."""
    if isinstance(said, dict):
        if {"uri", "cid", "author", "record", "indexedAt"} <= said.keys():
            yield said
        for value in said.values():
            yield from views(value)
    elif isinstance(said, list):
        for value in said:
            yield from views(value)


def recorded(folder: Path = ANSWERS) -> list[dict[str, Any]]:
    answers = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [view for answer in answers for view in views(answer)]


@cache
def simulated() -> tuple[dict[str, Any], ...]:
    """Posts in all forms that the simulated network shows."""
    network = Network(lambda: NOW, brand=BRAND)
    ours = network.put("New shop!", author=BRAND)
    root = network.put("Where is it?", mentions=[BRAND], labels=("spam",))
    network.gates[root.uri] = ["followerRule"]
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://shop.example/orders"}
    facet = {"index": {"byteStart": 0, "byteEnd": 6}, "features": [link]}
    network.put("shop.… 📦", reply_to=root.uri, record={"facets": [facet]})
    quote = network.put("never again", quotes=ours.uri)
    network.blocks.add((quote.did, network.brand))
    whole = [network.view(one) for one in network.posts.values()]
    profiles = network.profiles(network.handles)
    told = [network.notification(why, one) for why, one in network.notifications()]
    return (*whole, *({**one, "author": profiles[-1]} for one in whole), *told)


@pytest.mark.needs("shared")
def test_every_recorded_post_is_read() -> None:
    found = [posts.read("", view, None) for view in recorded()]
    assert [item for item in found if isinstance(item, Rejected)] == []
    kept = [item for item in found if isinstance(item, Post)]
    print(f"{len(kept)} recorded posts")
    assert kept
    assert {(post.key.external_id, post.lang) for post in kept} == {
        (view["uri"], "en") for view in recorded()
    }
    assert [len(post.quotes) for post in kept] == [1] * len(kept)


@pytest.mark.needs("shared")
def test_addresses_and_keys_are_those_that_the_protocol_allows() -> None:
    refused = [line for line in lines("aturi_syntax_invalid") if posts.address(line)]
    assert refused == []
    place = "at://did:plc:asdf123/app.bsky.feed.post/"
    keys = [line for line in lines("recordkey_syntax_valid") if not posts.address(place + line)]
    assert keys == []
    made = [line for line in lines("tid_syntax_invalid") if record_keys.microseconds(line)]
    assert made == []


@pytest.mark.needs("shared")
def test_handles_are_those_that_the_protocol_allows() -> None:
    told = []
    for line in lines("handle_syntax_valid"):
        try:
            registry.options(Bluesky, {"account": line}, "sources.bluesky")
        except ConfigError:
            told.append(line)
    assert told == []


@pytest.mark.needs("shared")
def test_a_recording_over_http_is_read_by_every_stream() -> None:
    views = recorded()
    bodies = {
        "searchPosts": {"posts": views},
        "getAuthorFeed": {"feed": [{"post": view} for view in views]},
        "listNotifications": {"notifications": [{**one, "reason": "reply"} for one in views]},
        "getPosts": {"posts": views},
    }
    world = World()
    with world.server:
        source = world.source(search=["any"], look_back="365d", overlap="5d")
        for method, said in bodies.items():
            world.server.fail("said", method, body=json.dumps(said))
        counted = {stream.name: items(read(source, stream.name)) for stream in source.streams()}
    # of 2023, and so older than any first look
    assert counted == {"mentions": [], "search-any": [], "own": []}


def test_no_mutation_is_unhandled() -> None:
    """Fields dropped, retyped, enlarged: a post, or a rejected item with a reason, and never an error."""
    chance = Random(20260327)
    known = [json.dumps(one) for one in (*simulated(), *(recorded() if ANSWERS.is_dir() else ()))]
    counted: Counter[str] = Counter()
    for _ in range(MUTATIONS):
        view = json.loads(chance.choice(known))
        if chance.random() < 0.3:
            view = {"post": view, "reason": {"indexedAt": "2026-03-27T12:00:00Z"}}
        thing = listings.thing(mutated(view, chance))
        assert isinstance(thing, Thing)
        assert thing.name
        item = posts.read(thing.name, thing.said, None)
        counted[type(item).__name__] += 1
        if isinstance(item, Rejected):
            assert item.where
            assert item.reason
        else:
            assert item.key.external_id.startswith("at://did:")
    print(f"{MUTATIONS} mutations: {dict(counted)}")
    assert counted["Post"] > MUTATIONS / 10
    assert counted["Rejected"] > MUTATIONS / 10


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), method=st.sampled_from(["posts", "feed", "notifications"]))
def test_a_page_of_mutations_over_http_brings_items_or_a_source_error(
    seed: int, method: str
) -> None:
    chance = Random(seed)
    listed = [mutated(deepcopy(chance.choice(simulated())), chance) for _ in range(20)]
    if chance.random() < 0.2:
        listed.append(chance.choice(JUNK))
    said = {method: [{"post": one} for one in listed] if method == "feed" else listed}
    stream, called = {
        "posts": ("search-any", "searchPosts"),
        "feed": ("own", "getAuthorFeed"),
        "notifications": ("mentions", "listNotifications"),
    }[method]
    world = World()
    with world.server, suppress(SourceError):
        world.server.fail("said", called, body=json.dumps(mutated(said, chance, enlarges=False)))
        for other in ("getPosts", "getProfiles"):
            body = {"posts": listed, "profiles": [one.get("author") for one in simulated()]}
            page = mutated(body, chance, enlarges=False)
            world.server.fail("said", other, body=json.dumps(page))
        found = read(world.source(search=["any"]), stream)
        assert len(items(found)) <= 50 * len(listed)
