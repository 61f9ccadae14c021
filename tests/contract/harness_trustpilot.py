"""A shop on Trustpilot, whose customers review it and which replies."""

from __future__ import annotations

from typing import ClassVar

from monitor.simulator.stores import Store
from monitor.simulator.trustpilot import Trustpilot
from tests.contract.harness import NOON
from tests.contract.harness_plain import PlainHarness
from tests.contract.reviewed import ReviewedHarness

UNIT, USER = "507f191e810c19729de860ea", "507f191e810c19729de860eb"


class Harness(ReviewedHarness, PlainHarness):
    name: ClassVar[str] = "trustpilot"
    broken: ClassVar[dict[str, object]] = {"createdAt": "yesterday"}
    streams: ClassVar[dict[str, str]] = {"reviews": "/reviews"}

    def network(self) -> Trustpilot:
        self.store = Store(self.name, lambda: NOON)
        self._trustpilot = Trustpilot(self.store, unit=UNIT, user=USER)
        return self._trustpilot

    def options(self) -> dict[str, object]:
        return {
            "business_unit": UNIT,
            "user": USER,
            "api_secret": "trustpilot_secret",
            "page_size": self.page,
            "calls_per_minute": 10**6,
            "base_url": self.server.url,
        }

    def secrets(self) -> dict[str, str]:
        return {
            "trustpilot_key": self._trustpilot.api_key,
            "trustpilot_secret": self._trustpilot.api_secret,
        }

    def item_id(self, number: int) -> str:
        return f"{2**90 + number:024x}"
