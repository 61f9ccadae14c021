"""Shared by the tests of the source `bluesky`: a small network over HTTP, and a source that reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor import registry
from monitor.domain.post import Cursor, Gap, Gone, Page, Post, Rejected
from monitor.simulator.bluesky import Bluesky as Network
from monitor.simulator.bluesky import Said
from monitor.simulator.bluesky_http import BlueskyServer
from monitor.sources.bluesky import Bluesky
from tests.contract.harness import Remembered

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
BRAND = "shop.example"
SECRET = "bluesky_password"


class World:
    """A network with the brand's account behind a port, from `with` to its end, and its clock."""

    def __init__(self) -> None:
        self.now = NOW
        self.network = Network(lambda: self.now, brand=BRAND)
        self.server = BlueskyServer(self.network)
        self.secrets = Remembered({SECRET: "pass-word"}, [])

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)

    def asks(self, text: str = "Where is my parcel?", **more: Any) -> Said:
        """A customer names the brand."""
        return self.network.put(text, mentions=[BRAND], **more)

    def source(self, **options: object) -> Bluesky:
        """A source that reads it, as after a restart."""
        usual: dict[str, object] = {"account": BRAND, "calls_per_minute": 10**6, "timeout": 5}
        given = {"base_url": self.server.url, **usual, **options}
        checked = registry.options(Bluesky, given, "sources.bluesky")
        assert isinstance(checked, Bluesky.Options)
        return Bluesky(checked, secrets=self.secrets, clock=lambda: self.now)

    def calls(self) -> list[str]:
        """The methods that were called, by their last word, since this was asked for."""
        with self.server.lock:
            found = [one.path.rpartition(".")[2] for one in self.server.asked]
            self.server.asked.clear()
        return found


def read(of: Bluesky, name: str = "mentions", since: Cursor | None = None) -> list[Page]:
    (stream,) = (one for one in of.streams() if one.name == name)
    return list(of.pages(stream, since))


def items(pages: list[Page]) -> list[Post | Gone | Rejected]:
    return [item for page in pages for item in page.items]


def posts(pages: list[Page]) -> list[Post]:
    return [one for one in items(pages) if isinstance(one, Post)]


def texts(pages: list[Page]) -> list[str]:
    return [one.text for one in posts(pages)]


def gaps(pages: list[Page]) -> list[Gap]:
    return [page.gap for page in pages if page.gap is not None]


def one(of: Bluesky, name: str = "mentions") -> Post:
    """The only post of a stream."""
    (item,) = items(read(of, name))
    assert isinstance(item, Post), item
    return item
