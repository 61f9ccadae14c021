"""Two feeds of one publisher over HTTP, which a source `rss` follows."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.publisher import Entry, Publisher
from tests.contract.harness import NOON, Item
from tests.contract.harness_plain import PlainHarness

_FIRST = 2**60


class Harness(PlainHarness):
    name: ClassVar[str] = "rss"
    capped: ClassVar[dict[str, object] | None] = {"further_pages": 1}
    beyond: ClassVar[int] = 20
    has_texts: ClassVar[bool] = False
    streams: ClassVar[dict[str, str]] = {"comments": "/comments", "search": "/search"}

    def network(self) -> Publisher:
        self._publisher = Publisher(page=self.page)
        return self._publisher

    def options(self) -> dict[str, object]:
        return {
            "feeds": {name: self.server.url + path for name, path in self.streams.items()},
            "with_answers": ["comments"],
            "further_pages": 1000,
            "private_hosts": ["127.0.0.1"],
            "calls_per_hour": 10**6,
        }

    def key(self, item_id: str) -> PostKey:
        return PostKey("rss", item_id)

    def item_id(self, number: int) -> str:
        return f"tag:blog.example,2026:{_FIRST + number}"

    def put(self, item: Item) -> None:
        author = "our_shop" if item.by_brand else item.author
        self._publisher.put(
            Entry(
                id=item.id,
                author=author,
                text=item.text,
                at=item.at,
                reply_to=item.reply_to,
                edited_at=item.edited_at,
            )
        )

    def put_broken(self) -> None:
        nothing = "<entry><id>tag:blog.example,2026:nothing</id></entry>"
        self._publisher.put(Entry(id="nothing", author="", text="", at=NOON, xml=nothing))

    def delete(self, item_id: str) -> None:
        self._publisher.delete(item_id, NOON)
