"""Shared by the tests of the source `mastodon`: a small server over HTTP, and a source that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from monitor import registry
from monitor.domain.post import Page, Post
from monitor.simulator.mastodon import Mastodon as World
from monitor.simulator.mastodon_http import EVERYTHING, MastodonServer
from monitor.sources.mastodon import Mastodon
from tests.given import Given

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
BRAND = "our_shop"
FIRST = 116 * 10**15


@contextmanager
def server(
    clock: Callable[[], datetime] = lambda: NOW, *, quota: int = 10**6
) -> Iterator[MastodonServer]:
    """An empty server with the brand's account; "T" is its token, "reads" one that may only read."""
    world = World(clock, host="social.example", brand=BRAND)
    tokens = {"T": EVERYTHING, "reads": frozenset({"read"}), "posts": frozenset({"read:statuses"})}
    with MastodonServer(world, tokens=tokens, quota=quota) as running:
        yield running


def source(
    where: MastodonServer | str,
    *,
    clock: Callable[[], datetime] = lambda: NOW,
    token: str | None = "T",
    **said: Any,
) -> Mastodon:
    """A source that reads it, as after a restart."""
    url = where if isinstance(where, str) else where.url
    said = {"base_url": url, "account": f"@{BRAND}@social.example", "timeout": 5, **said}
    options = registry.options(Mastodon, said, "sources.mastodon")
    assert isinstance(options, Mastodon.Options)
    known = {} if token is None else {"mastodon_token": token}
    return Mastodon(options, secrets=Given(known), clock=clock)


def texts(found: list[Page]) -> list[str]:
    return [item.text for page in found for item in page.items if isinstance(item, Post)]


def paths(asked: MastodonServer) -> list[str]:
    """What was asked for, without questions."""
    return [one.path for one in asked.asked]
