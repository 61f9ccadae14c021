"""X on a local port: customers mention the account, and it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.serving import Fault
from monitor.simulator.x import XFace, id_at
from monitor.simulator.x_http import RESET, XServer
from tests.contract.harness import NOON, Expected, Item
from tests.contract.served import FAULTS, LATER, PLANNED, ServedHarness

ACCOUNT, HANDLE = "2244994945", "our_shop"
_PATHS = {"mentions": "/mentions", "search": "/search/recent", "own": f"{ACCOUNT}/tweets"}


class Harness(ServedHarness):
    name: ClassVar[str] = "x"
    page: ClassVar[int] = 10
    faults: ClassVar[dict[str, Expected]] = FAULTS | {
        "402": Expected(permanent=False, retry_after=timedelta(hours=1)),
        "429 reset": Expected(permanent=False, retry_after=timedelta(seconds=RESET)),
        **dict.fromkeys(("stall after", "list", "object", "500 with a list"), LATER),
    }
    capped: ClassVar[dict[str, object] | None] = {"max_pages": 1}
    beyond: ClassVar[int] = 50
    planned: ClassVar[dict[str, Fault]] = PLANNED | {"500 with a list": Fault("500", body="[]")}

    def serving(self) -> XServer:
        self._face = XFace(NOON + timedelta(minutes=1), rate_limit=100_000)
        self._face.person(HANDLE, ACCOUNT)
        return XServer(self._face, token="T")

    def options(self) -> dict[str, object]:
        return {
            "account": ACCOUNT,
            "handle": f"@{HANDLE}",
            "query": "parcel",
            "page_size": self.page,
            "overlap": "0s",  # what is read again ends no look of a test that waits for an empty one
            "budget_usd_per_day": 100.0,
            "base_url": self.server.url,
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

    def edit(self, item: Item) -> None:
        self._face.edit(item.id, item.text)

    def put_broken(self) -> None:
        number = self.item_id(5)
        raw = {"id": number, "text": "when?", "created_at": "yesterday"}
        self._face.put(number, "dan", "parcel", mentions=(HANDLE,), raw=raw)

    def delete(self, item_id: str) -> None:
        self._face.delete(item_id)

    def fail_stream(self, name: str) -> None:
        self.server.fail("402", _PATHS[name])
