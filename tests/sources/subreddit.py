"""Shared by the tests of the source `reddit`: a small Reddit over HTTP, and a source that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor import registry
from monitor.domain.post import Page, Post
from monitor.simulator.reddit import Reddit as World
from monitor.simulator.reddit import Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.sources.reddit import Reddit
from tests.given import Given

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
BRAND = "Our_Shop"
SECRETS = {"reddit_client_secret": "s3cret", "refresh": "r3fresh", "password": "pa55"}
LOGGED_IN: dict[str, Any] = {"username": BRAND, "refresh_token": "refresh", "inbox": False}


@contextmanager
def reddit(*, quota: int = 10**6) -> Iterator[RedditServer]:
    """An empty Reddit that lets the app in, as nobody or as the brand's account."""
    server = RedditServer(World(lambda: NOW), clients={"app": "s3cret"}, quota=quota)
    server.refresh_tokens["r3fresh"] = (BRAND, "*")
    server.passwords[BRAND] = "pa55"
    with server:
        yield server


def source(
    server: RedditServer,
    *,
    now: datetime = NOW,
    clock: Callable[[], datetime] | None = None,
    secrets: dict[str, str] | None = None,
    **said: Any,
) -> Reddit:
    """A source over that server, in the subreddit `help` unless `said` says otherwise."""
    said = {"client_id": "app", "base_url": server.url, "timeout": 5, **said}
    if not {"subreddits", "search", "username"} & said.keys():
        said["subreddits"] = ["help"]
    options = registry.options(Reddit, said, "sources.reddit")
    assert isinstance(options, Reddit.Options)
    return Reddit(
        options,
        secrets=Given(dict(SECRETS) if secrets is None else secrets),
        clock=clock or (lambda: now),
    )


def submission(number: int, **fields: Any) -> Thing:
    """The `number`th, so many minutes before NOW the lower its number is (by default)."""
    given = {"author": "ana_p", "title": "Where?", "text": "no parcel", "subreddit": "help"}
    at = NOW - timedelta(days=1) + timedelta(seconds=number)
    return Thing(**{"name": f"t3_s{number:04}", "at": at, **given, **fields})


def comment(number: int, **fields: Any) -> Thing:
    given = {"author": "ana_p", "text": "no parcel", "subreddit": "help", "parent": "t3_s0001"}
    at = NOW - timedelta(days=1) + timedelta(seconds=number)
    return Thing(**{"name": f"t1_c{number:04}", "at": at, **given, **fields})


def ids(found: list[Page]) -> set[str]:
    """What posts there are on some pages."""
    return {item.key.external_id for page in found for item in page.items if isinstance(item, Post)}
