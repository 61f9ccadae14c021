"""A small Hacker News over HTTP, which a source `hackernews` reads in all its streams."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.hackernews import Entry, HackerNews
from tests.contract.harness import NOON, Item
from tests.contract.harness_plain import PlainHarness

BRAND = "our_shop"
_FIRST = 2**60


class Harness(PlainHarness):
    name: ClassVar[str] = "hackernews"
    streams: ClassVar[dict[str, str]] = {
        "search-parcel": "query=parcel",
        "search-coletul": "query=coletul",
        "own-our_shop": "author_our_shop",
    }

    def network(self) -> HackerNews:
        self._news = HackerNews()
        return self._news

    def options(self) -> dict[str, object]:
        return {
            "queries": ["parcel", "coletul"],
            "accounts": [BRAND],
            "overlap": "8d",
            "page_size": self.page,
            "calls_per_hour": 10**6,
            "base_url": self.server.url,
        }

    def key(self, item_id: str) -> PostKey:
        return PostKey("hackernews", item_id)

    def item_id(self, number: int) -> str:
        return str(_FIRST + number)

    def put(self, item: Item) -> None:
        self._news.put(
            Entry(
                number=int(item.id),
                author=BRAND if item.by_brand else item.author,
                text=item.text,
                at=item.at,
                parent=int(item.reply_to) if item.reply_to else None,
            )
        )

    def put_broken(self) -> None:
        broken = {"created_at_i": "yesterday"}
        entry = Entry(number=7, author="ana_p", text="my parcel", at=NOON, broken=broken)
        self._news.put(entry)

    def delete(self, item_id: str) -> None:
        self._news[int(item_id)].is_gone = True
