"""The world's networks and the team's Slack, as a program meets them: servers on this machine, and files.

X and Reddit speak over HTTP, the others are feeds in a folder. What becomes visible in the world shows
on all of them at once; how often anybody looks there is not their business.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Self

from monitor.simulator import ids
from monitor.simulator.feed import Feed
from monitor.simulator.reddit import Reddit
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.shop import BRAND_HANDLES
from monitor.simulator.slack import SlackServer
from monitor.simulator.slack_workspace import Channel
from monitor.simulator.world import World
from monitor.simulator.x import XFace
from monitor.simulator.x_http import XServer

HTTP = ("x", "reddit")
"""The networks that are servers."""
X_TOKEN = "bearer-of-the-shop"  # noqa: S105  # of an invented network
REDDIT_CLIENT, REDDIT_SECRET, REDDIT_REFRESH = "bufnivo-app", "secret-of-the-app", "refresh-token"
CHANNELS: Mapping[str, str] = MappingProxyType({"care": "C0BUFCARE1", "leads": "C0BUFLEAD1"})
"""The team's channels in Slack: ids by name."""

_CALLS = 10**9
"""A day in half a minute asks more often than a real one: quotas of calls would be of the wrong time."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Networks:
    """A context manager: from `with` to its end the servers answer."""

    def __init__(self, world: World, folder: Path) -> None:
        """The feeds' files are made in `folder`."""
        self._world = world
        self.now = world.start.astimezone(UTC)
        """The time on all of them. `advance_to` moves it."""
        self.feed = Feed(world, folder, tuple(one for one in BRAND_HANDLES if one not in HTTP))
        self.x = XServer(XFace(self.now, rate_limit=_CALLS), token=X_TOKEN)
        for handle in BRAND_HANDLES["x"]:
            self.x.face.person(handle)
        self.reddit = RedditServer(
            Reddit(lambda: self.now), clients={REDDIT_CLIENT: REDDIT_SECRET}, quota=_CALLS
        )
        [self.reddit_account] = BRAND_HANDLES["reddit"]
        self.reddit.refresh_tokens[REDDIT_REFRESH] = (self.reddit_account, "*")
        self.slack = SlackServer(
            [Channel(number, name) for name, number in CHANNELS.items()], clock=self._nanoseconds
        )
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for server in (self.x, self.reddit, self.slack):
            self._open.enter_context(server)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def x_accounts(self) -> Mapping[str, str]:
        """The shop's accounts on X: ids by handle."""
        return {handle: ids.author_id("x", handle) or "" for handle in BRAND_HANDLES["x"]}

    def advance_to(self, now: datetime) -> int:
        """Show what became visible by `now`; returns how many things that were."""
        self.now = now.astimezone(UTC)
        return (
            self.feed.advance_to(now)
            + self.x.face.advance_to(self._world, self.now)
            + self.reddit.reddit.advance_to(self._world, now)
        )

    def _nanoseconds(self) -> int:
        return (self.now - _EPOCH) // timedelta(microseconds=1) * 1000
