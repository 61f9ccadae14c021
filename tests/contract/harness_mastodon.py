"""A small Mastodon server over HTTP, which a source `mastodon` reads in all its streams."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.mastodon import Mastodon
from monitor.simulator.mastodon_http import EVERYTHING, Fault, MastodonServer
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item

BRAND, COLLEAGUE = "our_shop", "colleague@elsewhere.example"
_LATER = Expected(permanent=False)
_NEVER = Expected(permanent=True)
_FIRST = 116 * 10**15


class Harness(harness.Harness):
    name: ClassVar[str] = "mastodon"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = {
        "400": _NEVER,
        "401": _NEVER,
        "402": _NEVER,
        "403": _NEVER,
        "404": _NEVER,
        "410": _NEVER,
        "422": _NEVER,
        "redirect": _NEVER,
        "429": _LATER,
        "429 reset": Expected(permanent=False, retry_after=timedelta(seconds=90)),
        "429 retry-after": Expected(permanent=False, retry_after=timedelta(seconds=7)),
        "429 with a date": Expected(permanent=False, retry_after=timedelta(seconds=75)),
        "500": _LATER,
        "502": _LATER,
        "503": _LATER,
        "503 retry-after": Expected(permanent=False, retry_after=timedelta(seconds=7)),
        "html": _LATER,
        "half": _LATER,
        "empty": _LATER,
        "no listing": _LATER,
        "truncated": _LATER,
        "stall": _LATER,
        "drip": _LATER,
        "slow": _LATER,
        "drop": _LATER,
    }

    def start(self) -> None:
        self._world = Mastodon(lambda: NOON, host="social.example", brand=BRAND)
        self._server = MastodonServer(self._world, tokens={"T": EVERYTHING}, quota=10**6)
        self._server.__enter__()

    def stop(self) -> None:
        self._server.__exit__(None, None, None)

    def options(self) -> dict[str, object]:
        return {
            "base_url": self._server.url,
            "account": f"@{BRAND}@social.example",
            "accounts": [f"@{COLLEAGUE}"],
            "hashtags": ["#OurShop"],
            "search": ["parcel"],
            "page_size": self.page,
            "timeout": 0.5,
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

    def fail(self, fault: str) -> None:
        date = {"date": "Fri, 27 Mar 2026 12:00:00 GMT"}
        match fault:
            case "429 reset":
                reset = {"x-ratelimit-reset": "2026-03-27T12:01:30.000000Z"}
                planned = Fault("429", headers={**date, **reset})
            case "429 retry-after" | "503 retry-after":
                planned = Fault(fault[:3], headers={"retry-after": "7"})
            case "429 with a date":
                later = {"retry-after": "Fri, 27 Mar 2026 12:01:15 GMT"}
                planned = Fault("429", headers={**date, **later})
            case "empty":
                planned = Fault("other")
            case "no listing":
                planned = Fault("other", body='{"posts": 1}')
            case "slow" | "stall" | "drip":
                planned = Fault(fault, seconds=3.0)
            case kind:
                planned = Fault(kind)
        self._server.faults.append(planned)

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
        self._server.faults.append(Fault("503", paths[name]))

    def heal(self) -> None:
        self._server.faults.clear()
