"""A small Bluesky over HTTP, which a source `bluesky` reads in all its streams."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.bluesky import POST, Bluesky, did_of, tid
from monitor.simulator.bluesky_http import BlueskyServer
from monitor.simulator.serving import Fault
from tests.contract.harness import NOON, Expected, Item
from tests.contract.served import FAULTS, LATER, NEVER, PLANNED, ServedHarness

BRAND, COLLEAGUE, ANA = "shop.example", "colleague.example", "ana.example"


class Harness(ServedHarness):
    name: ClassVar[str] = "bluesky"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = FAULTS | {
        "410": NEVER,
        "429 reset": Expected(permanent=False, retry_after=timedelta(seconds=90)),
        **dict.fromkeys(("501", "502", "504", "list"), LATER),
    }
    planned: ClassVar[dict[str, Fault]] = PLANNED | {
        "429 reset": Fault(
            "429", headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "1774612890"}
        ),
    }
    streams: ClassVar[dict[str, str]] = {
        "mentions": "listNotifications",
        "search-parcel": "searchPosts",
        "own": f"actor={BRAND}",
        f"own-{COLLEAGUE}": f"actor={COLLEAGUE}",
    }

    def serving(self) -> BlueskyServer:
        self._world = Bluesky(lambda: NOON, brand=BRAND)
        self._world.account(COLLEAGUE)
        self._by_brand: dict[str, str] = {}
        return BlueskyServer(self._world)

    def options(self) -> dict[str, object]:
        return {
            "base_url": self.server.url,
            "account": f"@{BRAND}",
            "accounts": [COLLEAGUE],
            "search": ["parcel"],
            "overlap": "3d",
            "page_size": self.page,
            "calls_per_minute": 10**6,
        }

    def secrets(self) -> dict[str, str]:
        return {"bluesky_password": "pass-word"}

    def key(self, item_id: str) -> PostKey:
        return PostKey("bluesky", self._by_brand.get(item_id, item_id))

    def item_id(self, number: int) -> str:
        return f"at://{did_of(ANA)}/{POST}/{tid(number)}"

    def put(self, item: Item) -> None:
        said = self._world.put(
            item.text,
            author=BRAND if item.by_brand else ANA,
            at=item.at + timedelta(milliseconds=len(self._world.posts)),
            rkey=item.id.rpartition("/")[2],
            reply_to=item.reply_to,
            record=None if item.by_brand else self._mention(item.text),
        )
        if item.by_brand:
            self._by_brand[item.id] = said.uri

    def edit(self, item: Item) -> None:
        self._world.posts[item.id].record["text"] = item.text

    def put_broken(self) -> None:
        self._world.put("my parcel", mentions=[BRAND], broken={"indexedAt": "yesterday"})

    def delete(self, item_id: str) -> None:
        self._world.delete(item_id)

    def _mention(self, text: str) -> dict[str, object]:
        """It is told of, though its words do not show whom they are for."""
        kind = "app.bsky.richtext.facet#mention"
        features = [{"$type": kind, "did": self._world.brand}]
        index = {"byteStart": 0, "byteEnd": len(text.encode()[:1])}
        return {"facets": [{"index": index, "features": features}]}
