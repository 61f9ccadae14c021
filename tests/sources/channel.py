"""A small channel on YouTube, and a source `youtube` that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor import registry
from monitor.domain.post import Cursor, Page, Post, PostKey
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.youtube import Comment
from monitor.simulator.youtube import YouTube as Simulated
from monitor.sources.youtube import YouTube
from tests.given import Given
from tests.sources.stores_world import items

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
CHANNEL, HANDLE, VIDEO = "UC0123456789abcdefghijkl", "Bufnivo", "dQw4w9WgXcQ"
MINUTE = timedelta(minutes=1)


class Channel:
    """The channel behind a port. `now` is the monitor's own clock and YouTube's."""

    def __init__(self) -> None:
        self.now = NOON
        self.simulated = Simulated(lambda: self.now, channel=CHANNEL, handle=HANDLE)
        self.server = PlainServer(self.simulated)
        form = self.simulated.tokens.form
        self.secrets = Given(
            {
                "google_client_secret": form["client_secret"],
                "youtube_refresh_token": form["refresh_token"],
                "youtube_key": self.simulated.api_key,
            }
        )

    def source(self, **said: object) -> YouTube:
        """With the channel's own permission, unless an `api_key` is given."""
        table: dict[str, object] = {"channel": CHANNEL, "page_size": 4, "base_url": self.server.url}
        if "api_key" not in said:
            table |= {"client_id": "shop.apps.example", "login_url": self.server.url}
        checked = registry.options(YouTube, table | said, "sources.youtube")
        assert isinstance(checked, YouTube.Options)
        return YouTube(checked, secrets=self.secrets, clock=lambda: self.now)

    def says(self, handle: str, text: str, *, under: str | None = None, **more: Any) -> str:
        """Somebody comments, or replies to a comment, a minute after what was said before."""
        self.now += MINUTE
        number = more.pop("id", None) or f"{under + '.' if under else 'Ugw'}{self.now:%d%H%M}"
        given = {"id": number, "handle": handle, "text": text, "at": self.now, **more}
        self.simulated.put(Comment(parent=under, **given))
        return str(number)

    def calls(self, path: str) -> int:
        """How many calls went there."""
        return sum(one.path.endswith(path) for one in self.server.asked)


@contextmanager
def channel() -> Iterator[Channel]:
    made = Channel()
    with made.server:
        yield made


def look(
    source: YouTube, cursors: dict[str, Cursor] | None = None, name: str = "comments"
) -> list[Page]:
    """A whole look at one stream."""
    cursors = {} if cursors is None else cursors
    stream = next(one for one in source.streams() if one.name == name)
    seen = []
    for page in source.pages(stream, cursors.get(name)):
        cursors[name] = page.cursor
        seen.append(page)
    return seen


def posts(pages: list[Page]) -> dict[str, Post]:
    """By their ids."""
    return {item.key.external_id: item for item in items(pages) if isinstance(item, Post)}


def key(number: str) -> PostKey:
    return PostKey("youtube", number)
