"""Google Play on a local port: customers review an app, and its developer responds."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.google_play import TOKEN_PATH, GooglePlay
from monitor.simulator.stores import Review, Store
from monitor.simulator.stores_http import StoreServer
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item

PACKAGE = "example.bufnivo.app"
_LATER, _NEVER = Expected(permanent=False), Expected(permanent=True)


class Harness(harness.Harness):
    name: ClassVar[str] = "google_play"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = {
        "400": _NEVER,
        "401": _NEVER,
        "402": _NEVER,
        "403": _NEVER,
        "404": _NEVER,
        "redirect": _NEVER,
        "403 quotaExceeded": Expected(permanent=False, retry_after=timedelta(minutes=10)),
        "429": Expected(permanent=False, retry_after=timedelta(minutes=10)),
        "429 retry-after": Expected(permanent=False, retry_after=timedelta(seconds=120)),
        "429 with a date": Expected(permanent=False, retry_after=timedelta(seconds=90)),
        "500": _LATER,
        "503": _LATER,
        "slow": _LATER,
        "mid-body": _LATER,
        "stalled": _LATER,
        "garbage": _LATER,
        "list": _LATER,
        "no list": _LATER,
        "empty": _LATER,
        "dropped": _LATER,
        "dropped after": _LATER,
        "token 400": _NEVER,
        "token 401": _NEVER,
        "token 500": _LATER,
        "token garbage": _LATER,
        "token list": _LATER,
        "token dropped": _LATER,
        "token slow": _LATER,
    }

    def start(self) -> None:
        self.store = Store("google_play", lambda: NOON)
        self.face = GooglePlay(self.store, PACKAGE)
        self.server = StoreServer(self.face)
        self.server.__enter__()
        self._responses: dict[str, str] = {}

    def stop(self) -> None:
        self.server.__exit__()

    def options(self) -> dict[str, object]:
        return {
            "package": PACKAGE,
            "page_size": self.page,
            "calls_per_hour": 100_000,
            "timeout": 1.0,
            "base_url": self.server.url,
        }

    def secrets(self) -> dict[str, str]:
        return {"google_play_service_account": self.face.service_account(self.server.url)}

    def key(self, item_id: str) -> PostKey:
        return PostKey(self.name, self._responses.get(item_id, item_id))

    def item_id(self, number: int) -> str:
        return f"gp:AOqpTO{2**63 + number}"

    def put(self, item: Item) -> None:
        if item.by_brand:
            # the owner writes nothing but responses
            asked = item.reply_to or next((one.id for one in self.store.newest()), None)
            if asked is not None:
                self._responses[item.id] = f"{asked}/response"
                self.store.respond(asked, item.text, item.at)
            return
        self.store.put(Review(id=item.id, author=item.author, text=item.text, at=item.at))

    def put_broken(self) -> None:
        broken = {"comments": [{"userComment": {"text": "when?", "lastModified": "yesterday"}}]}
        self.store.put(Review(id="gp:broken", text="", at=NOON, broken=broken))

    def delete(self, item_id: str) -> None:
        self.store.delete(item_id)

    def fail(self, fault: str) -> None:
        where, _, what = fault.rpartition("token ")
        path = TOKEN_PATH if where or fault.startswith("token ") else "/reviews"
        match what:
            case "429 retry-after":
                self.server.fail("429", path, headers={"Retry-After": "120"})
            case "429 with a date":
                self.server.fail(
                    "429", path, headers={"Retry-After": "Fri, 27 Mar 2026 12:01:30 GMT"}
                )
            case _:
                self.server.fail(what, path)

    def fail_stream(self, name: str) -> None:
        self.server.fail("503", f"/{name}")

    def heal(self) -> None:
        self.server.heal()
