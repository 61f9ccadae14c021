"""A small Discourse forum over HTTP, which a source `discourse` reads in all its streams."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.discourse import Forum, Said
from tests.contract.harness import NOON, Item
from tests.contract.harness_plain import PlainHarness

BRAND = "Our_Shop"
_TOPIC = 77
_FIRST = 2**60


class Harness(PlainHarness):
    name: ClassVar[str] = "discourse"
    capped: ClassVar[dict[str, object] | None] = {}
    beyond: ClassVar[int] = 50  # ten pages of a search are had
    has_texts: ClassVar[bool] = False
    streams: ClassVar[dict[str, str]] = {
        "posts": "/posts.json",
        "search": "/search.json",
        "own-our_shop": "/user_actions.json",
    }

    def network(self) -> Forum:
        self._forum = Forum(lambda: NOON, page=self.page)
        self._forum.keys["k3y"] = BRAND
        return self._forum

    def options(self) -> dict[str, object]:
        return {
            "base_url": self.server.url,
            "username": BRAND,
            "api_key": "forum_key",
            "search": "parcel",
            "overlap": "8d",
            "calls_per_minute": 10**6,
        }

    def secrets(self) -> dict[str, str]:
        return {"forum_key": "k3y"}

    def key(self, item_id: str) -> PostKey:
        return PostKey("discourse", item_id)

    def item_id(self, number: int) -> str:
        return f"{_TOPIC}/{number}"

    def put(self, item: Item) -> None:
        number = _number(item.id)
        self._forum.put(
            Said(
                id=_FIRST + number,
                topic=_TOPIC,
                number=number,
                username=BRAND if item.by_brand else item.author,
                raw=item.text,
                at=item.at,
                reply_to=_number(item.reply_to) if item.reply_to else None,
                version=2 if item.edited_at else 1,
                edited_at=item.edited_at,
            )
        )

    def put_broken(self) -> None:
        broken = {"created_at": "yesterday"}
        self._forum.put(
            Said(
                id=_FIRST + 5,
                topic=_TOPIC,
                number=5,
                username="ana_p",
                raw="my parcel",
                at=NOON,
                broken=broken,
            )
        )

    def delete(self, item_id: str) -> None:
        self._forum[_TOPIC, _number(item_id)].fate = "deleted"


def _number(item_id: str) -> int:
    return int(item_id.partition("/")[2])
