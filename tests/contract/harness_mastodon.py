"""A small Mastodon server over HTTP, which a source `mastodon` reads in all its streams."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.mastodon import Mastodon
from monitor.simulator.mastodon_http import EVERYTHING, MastodonServer
from monitor.simulator.serving import Fault
from tests.contract.harness import NOON, Expected, Item
from tests.contract.served import FAULTS, LATER, NEVER, PLANNED, ServedHarness

BRAND, COLLEAGUE = "our_shop", "colleague@elsewhere.example"
_FIRST = 116 * 10**15


class Harness(ServedHarness):
    name: ClassVar[str] = "mastodon"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = FAULTS | {
        **dict.fromkeys(("410", "422"), NEVER),
        "429 reset": Expected(permanent=False, retry_after=timedelta(seconds=90)),
        "503 retry-after": FAULTS["429 retry-after"],
        "502": LATER,
    }
    capped: ClassVar[dict[str, object] | None] = {"max_pages": 1}
    beyond: ClassVar[int] = 20
    planned: ClassVar[dict[str, Fault]] = PLANNED | {
        "429 reset": Fault("429", headers={"X-RateLimit-Reset": "2026-03-27T12:01:30.000000Z"}),
        "503 retry-after": Fault("503", headers={"Retry-After": "7"}),
    }

    def serving(self) -> MastodonServer:
        self._world = Mastodon(lambda: NOON, host="social.example", brand=BRAND)
        return MastodonServer(self._world, tokens={"T": EVERYTHING}, quota=10**6)

    def options(self) -> dict[str, object]:
        return {
            "base_url": self.server.url,
            "account": f"@{BRAND}@social.example",
            "accounts": [f"@{COLLEAGUE}"],
            "hashtags": ["#OurShop"],
            "search": ["parcel"],
            "page_size": self.page,
        }

    def secrets(self) -> dict[str, str]:
        return {"mastodon_token": "T"}

    def key(self, item_id: str) -> PostKey:
        return PostKey("mastodon", item_id)

    def item_id(self, number: int) -> str:
        return f"https://elsewhere.example/users/ana/statuses/{_FIRST + number}"

    def put(self, item: Item) -> None:
        named = {} if item.by_brand else {"mentions": [BRAND], "tags": ("ourshop",)}
        self._world.put(
            item.text,
            author=BRAND if item.by_brand else f"{item.author}@elsewhere.example",
            at=item.at,
            number=item.id.rpartition("/")[2],
            uri=item.id,
            reply_to=item.reply_to,
            **named,
        )

    def edit(self, item: Item) -> None:
        status = self._world.statuses[item.id.rpartition("/")[2]]
        status.text, status.edited_at = item.text, item.edited_at

    def put_broken(self) -> None:
        self._world.put(
            "my parcel",
            number=str(_FIRST + 5),
            mentions=[BRAND],
            tags=("ourshop",),
            broken={"created_at": "yesterday"},
        )

    def delete(self, item_id: str) -> None:
        self._world.delete(item_id)

    def fail_stream(self, name: str) -> None:
        mine = self._world.account_number(BRAND)
        other = self._world.account_number(COLLEAGUE)
        paths = {
            "mentions": "/notifications",
            "tag-ourshop": "/timelines/tag/ourshop",
            "search-parcel": "/search",
            "own": f"/accounts/{mine}/statuses",
            f"own-{COLLEAGUE}": f"/accounts/{other}/statuses",
        }
        self.server.fail("503", paths[name])
