"""What X really sent to others, over HTTP through the source: everything counted, nothing stumbled over.

The recordings are beside the checkout and never in it: they hold real people's words.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor import registry
from monitor.domain.errors import SourceError
from monitor.domain.post import Post, Rejected
from monitor.simulator.serving import Answer, Asked, Server, as_json, packed
from monitor.simulator.x import XFace
from monitor.sources.x import X, wire
from monitor.sources.x.wire import Account
from tests.given import Given
from tests.plugins.needs import SHARED
from tests.sources.x_world import HANDLE, NOON, look, shop

pytestmark = pytest.mark.needs("shared")

RECORDINGS = SHARED / "recordings"
US = Account("783214", HANDLE, answers=True)


def is_posts(body: Any) -> bool:
    """Whether a recorded body lists posts (direct messages have a text too, and a type)."""
    data = body.get("data") if isinstance(body, dict) else None
    return (
        bool(data)
        and isinstance(data, list)
        and all(isinstance(one, dict) and "text" in one and "event_type" not in one for one in data)
    )


def cassette(path: Path) -> list[dict[str, Any]]:
    """The answers of a cassette that list posts, in order."""
    loaded = yaml.safe_load(path.read_text())
    found = []
    for interaction in loaded["interactions"]:
        if "/2/" not in interaction["request"]["uri"]:
            continue
        raw = interaction["response"]["body"]["string"]
        raw = raw.encode() if isinstance(raw, str) else raw
        text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        if text[:1] == b"{" and is_posts(body := json.loads(text)):
            found.append(body)
    return found


def recorded(recordings: Path = RECORDINGS) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every recording that lists posts: its name and its bodies."""
    for path in sorted((recordings / "tweepy" / "cassettes").glob("*.yaml")):
        if bodies := cassette(path):
            yield path.stem, bodies
    for path in sorted((recordings / "x-pytwitter").rglob("*.json")):
        if is_posts(body := json.loads(path.read_text())):
            yield path.stem, [body]


class Replayed(Server):
    """An X that answers with these, packed as X does, and then with nothing new."""

    def __init__(self, bodies: list[dict[str, Any]]) -> None:
        super().__init__()
        self._waiting = iter(bodies)

    def serve(self, asked: Asked) -> Answer:
        del asked
        return packed(as_json(200, next(self._waiting, {"meta": {"result_count": 0}})))


def source_of(url: str) -> X:
    table = {"account": US.id, "handle": HANDLE, "base_url": url, "query": "parcel"}
    options = registry.options(X, table | {"budget_usd_per_day": 50.0}, "sources.x")
    assert isinstance(options, X.Options)
    return X(options, secrets=Given({"x_token": "T"}), clock=lambda: NOON)


@pytest.mark.parametrize("stream", ["mentions", "search", "own"])
def test_every_recorded_post_is_read(stream: str) -> None:
    total = 0
    for name, bodies in recorded():
        with Replayed(bodies) as x:
            items = [item for page in look(source_of(x.url), stream) for item in page.items]
        sent = [post for body in bodies for post in body["data"]]
        # a cassette that ends without a continuation is read as far as it goes
        sent = sent if "next_token" in bodies[0].get("meta", {}) else bodies[0]["data"]
        reposts = [one for one in sent if is_repost(one)]
        assert len(items) == len(sent) - len(reposts), name
        assert not [one for one in items if isinstance(one, Rejected)], name
        keys = {one.key for one in items if isinstance(one, Post)}
        assert len(keys) == len({one["id"] for one in sent}) - len(reposts), name
        total += len(items)
    assert total > 400


def test_a_recorded_error_is_one() -> None:
    denied = {"errors": [{"detail": "Could not find user with id: [7].", "title": "Not Found"}]}
    with Replayed([denied]) as x, pytest.raises(SourceError, match="Could not find user"):
        look(source_of(x.url))


def test_the_simulated_x_has_the_types_of_the_real_one() -> None:
    known: dict[str, set[str]] = {}
    for _, bodies in recorded():
        for body in bodies:
            shape(body, "", known)
    shown: dict[str, set[str]] = {}
    for body in simulated():
        shape(body, "", shown)
    for place in ("data[].entities.mentions[].username", "includes.users[].username"):
        assert place in shown.keys() & known.keys()
    assert {
        place: kinds for place, kinds in shown.items() if not kinds <= known.get(place, kinds)
    } == {}


def test_the_simulated_x_says_nothing_that_the_specification_does_not_know() -> None:
    schemas = json.loads((RECORDINGS / "x-xdk" / "latest-openapi.json").read_text())["components"][
        "schemas"
    ]
    said = {name for body in simulated() for post in body["data"] for name in post}
    assert said - set(schemas["Tweet"]["properties"]) == set()
    assert set(wire.FIELDS) <= set(schemas["Tweet"]["properties"])
    users = {name for body in simulated() for user in body["includes"]["users"] for name in user}
    assert users - set(schemas["User"]["properties"]) == set()


def simulated() -> list[dict[str, Any]]:
    with shop() as world:
        first = world.writes("@our_shop " + "a long story " * 40)
        world.writes("@our_shop again", reply_to=first, quotes=(first,))
        face: XFace = world.face
        query = {
            "tweet.fields": ",".join(wire.FIELDS),
            "expansions": "author_id,referenced_tweets.id",
        }
        account = next(iter(face.people.values())).id
        path = f"/2/users/{account}/mentions"
        return [face.answer("GET", path, query | {"max_results": "5"}, {}, as_user=False)]


def is_repost(raw: dict[str, Any]) -> bool:
    return any(one["type"] == "retweeted" for one in raw.get("referenced_tweets", []))


def shape(value: Any, place: str, found: dict[str, set[str]]) -> None:
    """Of every place in a payload, the kinds of values that stand there."""
    match value:
        case dict():
            for name, inner in value.items():
                shape(inner, f"{place}.{name}".lstrip("."), found)
        case list():
            for inner in value:
                shape(inner, f"{place}[]", found)
        case _:
            found.setdefault(place, set()).add(type(value).__name__)
