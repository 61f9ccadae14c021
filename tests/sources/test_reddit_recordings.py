"""What Reddit really sent to praw's own tests, over HTTP, through praw and our source.

The recordings hold real people's posts: they stay in ../shared and are never copied here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.errors import Outcome, SendError
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.simulator.reddit import Reddit as World
from monitor.simulator.reddit_http import RedditServer
from monitor.sources.reddit.things import is_fullname
from tests.plugins.needs import SHARED
from tests.sources.seen import pages
from tests.sources.subreddit import BRAND, NOW, source

RECORDINGS = SHARED / "recordings"
CASSETTES = Path("praw", "tests", "integration", "cassettes")
FOLDERS = {
    "submissions": ("/r/", "/new"),
    "comments": ("/r/", "/comments"),
    "mentions": ("/message/mentions", ""),
    "inbox": ("/message/", ""),
    "own-our_shop": ("/user/", "/comments"),
}
"""Which recorded paths show what a stream reads."""
SINCE_EVER = timedelta(days=20_000)
"""The recordings are years old; a config may say a year at most."""


@dataclass(frozen=True)
class Call:
    """A recorded question and its answer."""

    cassette: str
    path: str
    answer: Any


class Recorded(RedditServer):
    """Serves recorded answers in their order, whatever is asked."""

    def __init__(self, answers: list[Any]) -> None:
        super().__init__(World(lambda: NOW), clients={"app": "s3cret"}, quota=10**9)
        self.refresh_tokens["r3fresh"] = (BRAND, "*")
        self._answers = iter(answers)

    def answer(
        self, method: str, path: str, said: Mapping[str, str], bearer: str
    ) -> tuple[int, dict[str, Any]]:
        return 200, next(self._answers)


def recorded(recordings: Path = RECORDINGS) -> Iterator[Call]:
    for path in sorted((recordings / CASSETTES).glob("*.json")):
        for call in json.loads(path.read_text())["interactions"]:
            try:
                answer = json.loads(call["response"]["body"].get("string", ""))
            except ValueError:
                continue  # tokens and pictures apart, praw records a few empty bodies
            asked = call["request"]["uri"].partition("?")[0].partition(".com")[2].rstrip("/")
            yield Call(path.stem, asked, answer)


def things_in(answer: Any) -> Iterator[Any]:
    """Every submission and comment in it, however deep in a tree of replies."""
    if isinstance(answer, dict):
        if answer.get("kind") in ("t1", "t3") and "created_utc" in answer.get("data", {}):
            yield answer
        for value in answer.values():
            yield from things_in(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from things_in(value)


def read(answers: list[Any], stream: str) -> list[Post | Gone | Rejected]:
    answers[-1]["data"]["after"] = None  # the recording ends, so the listing does
    with Recorded(answers) as server:
        reader = source(
            server,
            username=BRAND,
            refresh_token="refresh",
            subreddits=["all"],
            look_back=SINCE_EVER,
        )
        return [item for page in pages(reader, stream) for item in page.items]


@pytest.mark.needs("shared")
@pytest.mark.parametrize("stream", FOLDERS)
def test_recorded_listings_are_read_to_the_last_thing(stream: str) -> None:
    first, last = FOLDERS[stream]
    played = 0
    calls = [one for one in recorded() if one.path.startswith(first) and one.path.endswith(last)]
    for cassette in sorted({one.cassette for one in calls}):
        answers = [
            one.answer
            for one in calls
            if one.cassette == cassette
            and one.answer.get("kind") == "Listing"
            and one.answer["data"]["children"]
        ]
        if not answers:
            continue  # what it asked for is no listing
        listed = {
            thing["data"]["name"]
            for answer in answers
            for thing in answer["data"]["children"]
            if thing["kind"] in ("t1", "t3")
        }
        found = read(answers, stream)
        assert [item for item in found if isinstance(item, Rejected)] == [], cassette
        keys = [item.key for item in found if not isinstance(item, Rejected)]
        assert sorted(keys) == sorted(PostKey("reddit", name) for name in listed), cassette
        played += len(listed)
    assert played > 0


@pytest.mark.needs("shared")
def test_every_recorded_thing_is_a_post_or_a_deletion() -> None:
    things = {
        thing["data"]["name"]: thing for call in recorded() for thing in things_in(call.answer)
    }
    rest = iter(things.values())
    answers = []
    while some := list(islice(rest, 100)):
        after = some[-1]["data"]["name"]
        answers.append({"kind": "Listing", "data": {"after": after, "children": some}})
    found = read(answers, "comments")
    assert len(things) > 1000
    # praw's authors put a name into one cassette that Reddit never gives: t1_MISMATCH
    invented = {
        name
        for name, thing in things.items()
        if not is_fullname(name) or not is_fullname(thing["data"].get("parent_id", name))
    }
    assert {item.where for item in found if isinstance(item, Rejected)} == invented
    assert len(found) == len(things)
    assert {type(item) for item in found} == {Post, Gone, *([Rejected] if invented else [])}


@pytest.mark.needs("shared")
def test_recorded_look_ups_and_replies_are_understood() -> None:
    looked_up = [one for one in recorded() if one.path == "/api/info"]
    replies = [one for one in recorded() if one.path == "/api/comment"]
    for call in looked_up:
        names = [thing["data"]["name"] for thing in call.answer["data"]["children"]]
        keys = [PostKey("reddit", name) for name in names if name.startswith(("t1_", "t3_"))]
        with Recorded([call.answer]) as server:
            found = list(source(server).refresh(keys))
        assert len(found) == len(keys), call.cassette
    for call in replies:
        to = Post(key=PostKey("reddit", "t3_x"), thread="t3_x", text="?", posted_at=NOW)
        with Recorded([call.answer]) as server:
            reader = source(server, username=BRAND, refresh_token="refresh")
            if not call.answer["json"]["data"]["things"]:  # taken, and shown to nobody
                with pytest.raises(SendError) as raised:
                    reader.reply(to, "hi", "1")
                assert raised.value.outcome is Outcome.UNKNOWN
                continue
            sent = reader.reply(to, "hi", "1")
        assert sent.key.external_id == call.answer["json"]["data"]["things"][0]["data"]["name"]
    assert looked_up
    assert replies
