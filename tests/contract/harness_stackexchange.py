"""A small site of Stack Exchange, which a source `stackexchange` reads in all its streams."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.stackexchange import Entry, Site, SiteServer
from tests.contract.harness import NOON, Item
from tests.contract.harness_plain import PlainHarness

BRAND, SITE = 5, "stackoverflow"
_FIRST = 2**60


class Harness(PlainHarness):
    name: ClassVar[str] = "stackexchange"
    has_texts: ClassVar[bool] = False
    streams: ClassVar[dict[str, str]] = {
        "tag-bufnivo": "tagged=",
        "search-parcel": "search/advanced",
        "answers-5": "users/5/answers",
        "comments-5": "users/5/comments",
        "mentions-5": "users/5/mentioned",
    }

    def network(self) -> Site:
        self._site = Site(SITE)
        self._site.left = 10**9
        return self._site

    def serving(self) -> SiteServer:
        return SiteServer(self.network())

    def options(self) -> dict[str, object]:
        return {
            "site": SITE,
            "tags": ["bufnivo"],
            "queries": ["parcel"],
            "users": [str(BRAND)],
            "overlap": "8d",
            "page_size": self.page,
            "calls_per_day": 10**6,
            "base_url": self.server.url,
        }

    def key(self, item_id: str) -> PostKey:
        return PostKey(self.name, item_id)

    def item_id(self, number: int) -> str:
        return f"{SITE}/{_FIRST + number}"

    def put(self, item: Item) -> None:
        self._site.put(
            Entry(
                number=_number(item.id),
                user=BRAND if item.by_brand else 1 + sum(item.author.encode()),
                text=item.text,
                at=item.at,
                tags=("bufnivo",),
                question=_number(item.reply_to) if item.reply_to else None,
                edited_at=item.edited_at,
            )
        )

    def put_broken(self) -> None:
        broken = {"creation_date": "yesterday"}
        entry = Entry(number=7, user=9, text="my parcel", at=NOON, tags=("bufnivo",), broken=broken)
        self._site.put(entry)

    def delete(self, item_id: str) -> None:
        self._site.delete(_number(item_id))


def _number(item_id: str) -> int:
    return int(item_id.partition("/")[2])
