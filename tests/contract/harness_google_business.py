"""Two places on Google Maps, whose customers review them and whose owner replies."""

from __future__ import annotations

from typing import ClassVar

from monitor.simulator.google_business import GoogleBusiness
from monitor.simulator.stores import Store
from tests.contract.harness import NOON
from tests.contract.harness_plain import PlainHarness
from tests.contract.reviewed import ReviewedHarness

ACCOUNT, PLACE, OTHER = "106", "77", "78"


class Harness(ReviewedHarness, PlainHarness):
    name: ClassVar[str] = "google_business"
    prefix: ClassVar[str] = f"{PLACE}/"
    broken: ClassVar[dict[str, object]] = {"createTime": "yesterday"}
    streams: ClassVar[dict[str, str]] = {
        f"reviews-{place}": f"locations/{place}/" for place in (PLACE, OTHER)
    }

    def network(self) -> GoogleBusiness:
        places = {place: Store(self.name, lambda: NOON) for place in (PLACE, OTHER)}
        self.store = places[PLACE]
        self._google = GoogleBusiness(ACCOUNT, places)
        return self._google

    def options(self) -> dict[str, object]:
        return {
            "account": ACCOUNT,
            "locations": [PLACE, OTHER],
            "client_id": self._google.tokens.form["client_id"],
            "page_size": self.page,
            "calls_per_minute": 10**6,
            "base_url": self.server.url,
            "login_url": self.server.url,
        }

    def secrets(self) -> dict[str, str]:
        form = self._google.tokens.form
        return {
            "google_client_secret": form["client_secret"],
            "google_refresh_token": form["refresh_token"],
        }

    def item_id(self, number: int) -> str:
        return f"{self.prefix}AbFvOq{2**63 + number}"
