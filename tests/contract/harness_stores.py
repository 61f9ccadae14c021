"""What the worlds of the app stores have in common: customers review an app, its owner responds."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from monitor.simulator.serving import Fault
from monitor.simulator.stores import Store
from monitor.simulator.stores_http import Face, StoreServer
from tests.contract.harness import NOON, Expected
from tests.contract.reviewed import ReviewedHarness
from tests.contract.served import FAULTS, LATER, PLANNED


class StoreHarness(ReviewedHarness):
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = FAULTS | dict.fromkeys(
        ("list", "no list", "stall after"), LATER
    )
    planned: ClassVar[dict[str, Fault]] = PLANNED | {
        "no list": Fault("said", body='{"reviews": "none", "data": "none"}')
    }

    @abstractmethod
    def shown_by(self, store: Store) -> Face:
        """The store's API."""

    def serving(self) -> StoreServer:
        self.store = Store(self.name, lambda: NOON)
        return StoreServer(self.shown_by(self.store))

    def options(self) -> dict[str, object]:
        return {
            "page_size": self.page,
            "calls_per_hour": 100_000,
            "base_url": self.server.url,
        }
