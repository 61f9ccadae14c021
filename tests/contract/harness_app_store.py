"""App Store Connect on a local port: customers review an app, and its owner responds."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.app_store import AppStore
from monitor.simulator.stores import Review, Store
from monitor.simulator.stores_http import StoreServer
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item

APP, KEY_ID, ISSUER = "1577000001", "2X9R4HXF34", "57246542-96fe-1a63-e053-0824d011072a"
_LATER, _NEVER = Expected(permanent=False), Expected(permanent=True)


class Harness(harness.Harness):
    name: ClassVar[str] = "app_store"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = {
        "400": _NEVER,
        "401": _NEVER,
        "402": _NEVER,
        "403": _NEVER,
        "404": _NEVER,
        "redirect": _NEVER,
        "429": Expected(permanent=False, retry_after=timedelta(minutes=5)),
        "429 retry-after": Expected(permanent=False, retry_after=timedelta(seconds=120)),
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
    }

    def start(self) -> None:
        self.store = Store("app_store", lambda: NOON)
        self.face = AppStore(self.store, APP, key_id=KEY_ID, issuer=ISSUER)
        self.server = StoreServer(self.face)
        self.server.__enter__()
        self._responses: dict[str, str] = {}

    def stop(self) -> None:
        self.server.__exit__()

    def options(self) -> dict[str, object]:
        return {
            "app": APP,
            "key_id": KEY_ID,
            "issuer": ISSUER,
            "page_size": self.page,
            "calls_per_hour": 100_000,
            "timeout": 1.0,
            "base_url": self.server.url,
        }

    def secrets(self) -> dict[str, str]:
        return {"app_store_key": self.face.key}

    def key(self, item_id: str) -> PostKey:
        return PostKey(self.name, self._responses.get(item_id, item_id))

    def item_id(self, number: int) -> str:
        return f"00000045-{2**63 + number}"

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
        broken = {"attributes": {"body": "when?", "createdDate": "yesterday"}}
        self.store.put(Review(id="broken", text="", at=NOON, broken=broken))

    def delete(self, item_id: str) -> None:
        self.store.delete(item_id)

    def fail(self, fault: str) -> None:
        if fault == "429 retry-after":
            self.server.fail("429", headers={"Retry-After": "120"})
        else:
            self.server.fail(fault)

    def fail_stream(self, name: str) -> None:
        self.server.fail("503")

    def heal(self) -> None:
        self.server.heal()
