"""The simulated Reddit shows the world in Reddit's own form, over HTTP, as time passes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest

from monitor.simulator.reddit import CAP, SEARCH_CAP, SUBREDDIT, Reddit, Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.serving import Fault
from monitor.simulator.shop import BRAND_HANDLES
from monitor.simulator.world import What, World
from tests.plugins.needs import SHARED

MONDAY = datetime(2026, 11, 16, 8, tzinfo=ZoneInfo("Europe/Bucharest"))
WORLD = World(MONDAY, 1)
MINE = [one for one in WORLD.happenings() if one.network == "reddit"]
(BRAND,) = BRAND_HANDLES["reddit"]
CASSETTES = SHARED / "recordings" / "praw" / "tests" / "integration" / "cassettes"
BASIC = "Basic YXBwOnMzY3JldA=="


class Reader:
    """A bare client: what the wire says, without praw in between."""

    def __init__(self, server: RedditServer, **grant: str) -> None:
        self._server = server
        grant = grant or {"grant_type": "client_credentials"}
        self._token = BASIC
        self._token = f"bearer {self.get('api/v1/access_token', form=grant)['access_token']}"

    def get(self, path: str, form: dict[str, str] | None = None, **asked: str) -> Any:
        body = urlencode(form).encode() if form else None
        address = f"{self._server.url}/{path}?{urlencode(asked)}"
        with urlopen(Request(address, body, {"authorization": self._token})) as answer:
            return json.load(answer)

    def names(self, path: str, **asked: str) -> list[str]:
        """The names of everything that a listing shows, page by page."""
        found: list[str] = []
        after: dict[str, str] = {}
        while True:
            data = self.get(path, None, limit="100", **asked, **after)["data"]
            found += [child["data"]["name"] for child in data["children"]]
            if not data["after"]:
                return found
            after = {"after": data["after"]}


@pytest.fixture
def server() -> Iterator[RedditServer]:
    with RedditServer(Reddit(lambda: MONDAY), clients={"app": "s3cret"}) as running:
        running.passwords[BRAND] = "pa55"
        yield running


def left(until: datetime) -> set[str]:
    """What the world's Reddit still shows at a moment."""
    there: dict[str, bool] = {}
    for one in MINE:
        if one.visible_at <= until:
            there[one.external_id] = one.what is not What.DELETED
    return {name for name, is_there in there.items() if is_there}


@pytest.mark.parametrize("hours", [-30, 0, 8, 24, 48])
def test_the_listings_show_what_the_world_shows_at_that_moment(
    server: RedditServer, hours: int
) -> None:
    now = MONDAY + timedelta(hours=hours)
    server.reddit.advance_to(WORLD, now)
    reader = Reader(server)
    shown = reader.names(f"r/{SUBREDDIT}/new") + reader.names(f"r/{SUBREDDIT}/comments")
    assert sorted(shown) == sorted(left(now))


def test_advancing_in_steps_or_at_once_is_the_same(server: RedditServer) -> None:
    steps = [MONDAY + timedelta(hours=hours) for hours in range(-60, 73, 7)]
    played = sum(server.reddit.advance_to(WORLD, now) for now in [*steps, WORLD.ends_at])
    assert played == len(MINE)
    assert server.reddit.advance_to(WORLD, WORLD.ends_at) == 0
    assert server.reddit.names() == {one.external_id for one in MINE}


def test_parents_and_threads_are_the_world_s(server: RedditServer) -> None:
    server.reddit.advance_to(WORLD, WORLD.ends_at)
    reader = Reader(server)
    replies = [one for one in MINE if one.external_id != one.thread_id]
    for one in replies:
        (child,) = reader.get("api/info", id=one.external_id)["data"]["children"]
        assert child["data"]["link_id"] == one.thread_id
        assert child["data"]["parent_id"] == (one.reply_to or one.thread_id)
    assert replies


def test_an_edit_and_a_deletion_are_shown_as_reddit_shows_them(server: RedditServer) -> None:
    posted, later = MINE[0], MONDAY + timedelta(hours=1)
    server.reddit.play(posted)
    reader = Reader(server)
    server.reddit.play(replace(posted, what=What.EDITED, text="it came!", edited_at=later))
    (child,) = reader.get("api/info", id=posted.external_id)["data"]["children"]
    assert (child["data"]["selftext"], child["data"]["edited"]) == ("it came!", later.timestamp())
    server.reddit.play(replace(posted, what=What.DELETED, deleted_at=later))
    (child,) = reader.get("api/info", id=posted.external_id)["data"]["children"]
    assert (child["data"]["selftext"], child["data"]["author"]) == ("[deleted]", "[deleted]")
    assert "author_fullname" not in child["data"]
    assert reader.names(f"r/{SUBREDDIT}/new") == []


def test_the_brand_s_inbox_and_its_own_comments(server: RedditServer) -> None:
    server.reddit.advance_to(WORLD, WORLD.ends_at)
    reader = Reader(server, grant_type="password", username=BRAND, password="pa55")
    gone = {one.external_id for one in MINE if one.what is What.DELETED}
    own = {one.external_id for one in MINE if one.author == BRAND}
    answers = {one.external_id for one in MINE if one.reply_to in own and one.author != BRAND}
    assert set(reader.names(f"user/{BRAND}/comments")) == own - gone
    assert answers - gone <= set(reader.names("message/inbox"))


def test_a_listing_ends_at_its_cap_and_shows_late_things_late(server: RedditServer) -> None:
    for number in range(CAP + 50):
        at = MONDAY + timedelta(seconds=number)
        server.reddit.put(Thing(name=f"t3_{number:05}", author="ana_p", text="lamp", at=at))
    late = Thing(name="t3_late", author="ana_p", text="lamp", at=MONDAY, is_indexed=False)
    server.reddit.put(late)
    reader = Reader(server)
    assert len(reader.names(f"r/{SUBREDDIT}/new")) == CAP
    assert len(reader.names("r/all/search", q="lamp OR lumina")) == SEARCH_CAP
    server.reddit["t3_late"].at = MONDAY + timedelta(days=1)
    assert reader.names(f"r/{SUBREDDIT}/new")[0] != "t3_late"
    server.reddit["t3_late"].is_indexed = True
    assert reader.names(f"r/{SUBREDDIT}/new")[0] == "t3_late"


def test_a_fault_comes_as_often_as_planned_and_where_planned(server: RedditServer) -> None:
    server.faults.append(Fault("503", "/comments", times=2))
    reader = Reader(server)
    statuses = []
    for path in (f"r/{SUBREDDIT}/comments",) * 3 + (f"r/{SUBREDDIT}/new",):
        try:
            reader.get(path)
            statuses.append(200)
        except HTTPError as error:
            statuses.append(error.code)
            error.close()
    assert statuses == [503, 503, 200, 200]


def test_without_a_token_nothing_is_shown(server: RedditServer) -> None:
    reader = Reader(server)
    server.expire_tokens()
    with pytest.raises(HTTPError) as raised:
        reader.get(f"r/{SUBREDDIT}/new")
    assert raised.value.code == 401
    raised.value.close()


@pytest.mark.needs("shared")
def test_every_field_has_a_type_that_reddit_gives_it(server: RedditServer) -> None:
    real: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, field, value in recorded():
        real[kind, field].add(type(value).__name__)
    server.reddit.advance_to(WORLD, WORLD.ends_at)
    reader = Reader(server, grant_type="password", username=BRAND, password="pa55")
    paths = (f"r/{SUBREDDIT}/new", f"r/{SUBREDDIT}/comments", "message/inbox")
    wrong = {
        (child["kind"], field, type(value).__name__)
        for path in paths
        for child in reader.get(path, limit="100")["data"]["children"]
        for field, value in child["data"].items()
        if type(value).__name__ not in real[child["kind"], field]
    }
    assert wrong == set()
    made = {field for kind, field in real if kind == "t1"}
    assert {"link_id", "parent_id", "body", "edited", "author_fullname", "context"} <= made


def recorded() -> Iterator[tuple[str, str, Any]]:
    """Kind, field and value of every thing in the recordings."""

    def walk(what: Any) -> Iterator[tuple[str, str, Any]]:
        if isinstance(what, dict):
            if what.get("kind") in ("t1", "t3"):
                yield from ((what["kind"], *pair) for pair in what["data"].items())
            for value in what.values():
                yield from walk(value)
        elif isinstance(what, list):
            for value in what:
                yield from walk(value)

    for path in sorted(CASSETTES.glob("*.json")):
        for call in json.loads(path.read_text())["interactions"]:
            body = call["response"]["body"].get("string", "")
            if body.startswith(("{", "[")):
                yield from walk(json.loads(body))
