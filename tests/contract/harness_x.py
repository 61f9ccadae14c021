"""X on a local port: customers mention the account, and it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.x import XFace, id_at
from monitor.simulator.x_http import RESET, RETRY_AFTER, XServer
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item

ACCOUNT, HANDLE = "2244994945", "our_shop"
_PATHS = {"mentions": "/mentions", "search": "/search/recent", "own": f"{ACCOUNT}/tweets"}


class Harness(harness.Harness):
    name: ClassVar[str] = "x"
    page: ClassVar[int] = 10
    faults: ClassVar[dict[str, Expected]] = {
        "400": Expected(permanent=True),
        "401": Expected(permanent=True),
        "402": Expected(permanent=False, retry_after=timedelta(hours=1)),
        "403": Expected(permanent=True),
        "404": Expected(permanent=True),
        "429": Expected(permanent=False),
        "429 retry-after": Expected(permanent=False, retry_after=timedelta(seconds=RETRY_AFTER)),
        "429 reset": Expected(permanent=False, retry_after=timedelta(seconds=RESET)),
        "500": Expected(permanent=False),
        "503": Expected(permanent=False),
        "slow": Expected(permanent=False),
        "mid-body": Expected(permanent=False),
        "stalled": Expected(permanent=False),
        "garbage": Expected(permanent=False),
        "list": Expected(permanent=False),
        "nothing": Expected(permanent=False),
        "error list": Expected(permanent=False),
        "empty": Expected(permanent=False),
        "dropped": Expected(permanent=False),
        "dropped after": Expected(permanent=False),
    }

    def start(self) -> None:
        self._face = XFace(NOON + timedelta(minutes=1), rate_limit=100_000)
        self._face.person(HANDLE, ACCOUNT)
        self._server = XServer(self._face, token="T")
        self._server.__enter__()

    def stop(self) -> None:
        self._server.__exit__()

    def options(self) -> dict[str, object]:
        return {
            "account": ACCOUNT,
            "handle": f"@{HANDLE}",
            "query": "parcel",
            "page_size": self.page,
            "overlap": "0s",  # what is read again ends no look of a test that waits for an empty one
            "timeout": 0.5,
            "budget_usd_per_day": 100.0,
            "base_url": self._server.url,
        }

    def secrets(self) -> dict[str, str]:
        return {"x_token": "T"}

    def key(self, item_id: str) -> PostKey:
        return PostKey("x", item_id)

    def item_id(self, number: int) -> str:
        return str(id_at(NOON) + number)

    def put(self, item: Item) -> None:
        author, named = (HANDLE, ()) if item.by_brand else (item.author, (HANDLE,))
        self._face.put(
            item.id, author, item.text, at=item.at, reply_to=item.reply_to, mentions=named
        )

    def put_broken(self) -> None:
        number = self.item_id(5)
        raw = {"id": number, "text": "when?", "created_at": "yesterday"}
        self._face.put(number, "dan", "parcel", mentions=(HANDLE,), raw=raw)

    def delete(self, item_id: str) -> None:
        self._face.delete(item_id)

    def fail(self, fault: str) -> None:
        self._server.fail(fault)

    def fail_stream(self, name: str) -> None:
        self._server.fail("402", _PATHS[name])

    def heal(self) -> None:
        self._server.heal()
