"""What the worlds of the app stores have in common: customers review an app, its owner responds."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.serving import Fault
from monitor.simulator.stores import Review, Store
from monitor.simulator.stores_http import Face, StoreServer
from tests.contract.harness import NOON, Expected, Item
from tests.contract.served import FAULTS, LATER, PLANNED, ServedHarness


class StoreHarness(ServedHarness):
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = FAULTS | dict.fromkeys(
        ("list", "no list", "stall after"), LATER
    )
    planned: ClassVar[dict[str, Fault]] = PLANNED | {
        "no list": Fault("said", body='{"reviews": "none", "data": "none"}')
    }
    broken: ClassVar[dict[str, object]]
    """The fields of a review that can't be read."""

    @abstractmethod
    def shown_by(self, store: Store) -> Face:
        """The store's API."""

    def serving(self) -> StoreServer:
        self.store = Store(self.name, lambda: NOON)
        self._responses: dict[str, str] = {}
        return StoreServer(self.shown_by(self.store))

    def options(self) -> dict[str, object]:
        return {
            "page_size": self.page,
            "calls_per_hour": 100_000,
            "timeout": 1.0,
            "base_url": self.server.url,
        }

    def key(self, item_id: str) -> PostKey:
        return PostKey(self.name, self._responses.get(item_id, item_id))

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
        self.store.put(Review(id="broken", text="", at=NOON, broken=self.broken))

    def delete(self, item_id: str) -> None:
        self.store.delete(item_id)
