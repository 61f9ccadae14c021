"""A small forum, and a source `discourse` that reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor import registry
from monitor.domain.post import Cursor, Gone, Page, Post, Rejected
from monitor.simulator.discourse import Forum, Said
from monitor.simulator.plain_http import PlainServer
from monitor.sources.discourse import Discourse
from tests.given import Given

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
BRAND = "Bufnivo_Care"


class World:
    """A forum behind a port, from `with` to its end. `page`: posts in one of its answers."""

    def __init__(self, *, page: int = 4) -> None:
        self.forum = Forum(lambda: NOW, page=page)
        self.forum.keys["k3y"] = BRAND
        self.server = PlainServer(self.forum)

    def put(self, number: int, raw: str = "Where is my parcel?", **more: Any) -> Said:
        """The `number`th post of topic 7."""
        told = {"id": 100 + number, "topic": 7, "username": "ana_p", "at": NOW, **more}
        said = Said(number=number, raw=raw, **told)
        self.forum.put(said)
        return said

    def source(self, **options: object) -> Discourse:
        """With a key and as many calls as it likes, unless told otherwise."""
        usual = {"username": BRAND, "api_key": "forum_key", "calls_per_minute": 10**6}
        given = {"base_url": self.server.url, **usual, **options}
        checked = registry.options(Discourse, given, "sources.forum")
        assert isinstance(checked, Discourse.Options)
        return Discourse(checked, secrets=Given({"forum_key": "k3y"}), clock=lambda: NOW)


def read(of: Discourse, name: str = "posts", since: Cursor | None = None) -> list[Page]:
    stream = next(one for one in of.streams() if one.name == name)
    return list(of.pages(stream, since))


def items(pages: list[Page]) -> list[Post | Gone | Rejected]:
    return [item for page in pages for item in page.items]


def posts(pages: list[Page]) -> list[Post]:
    return [one for one in items(pages) if isinstance(one, Post)]
