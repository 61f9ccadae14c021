"""App Store Connect on a local port: customers review an app, and its owner responds."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from monitor.simulator.app_store import AppStore
from monitor.simulator.stores import Store
from tests.contract.harness import Expected
from tests.contract.harness_stores import StoreHarness

APP, KEY_ID, ISSUER = "1577000001", "2X9R4HXF34", "57246542-96fe-1a63-e053-0824d011072a"


class Harness(StoreHarness):
    name: ClassVar[str] = "app_store"
    faults: ClassVar[dict[str, Expected]] = StoreHarness.faults | {
        "429": Expected(permanent=False, retry_after=timedelta(minutes=5))
    }
    streams: ClassVar[dict[str, str]] = {"reviews": ""}
    broken: ClassVar[dict[str, object]] = {
        "attributes": {"body": "when?", "createdDate": "yesterday"}
    }

    def shown_by(self, store: Store) -> AppStore:
        self.face = AppStore(store, APP, key_id=KEY_ID, issuer=ISSUER)
        return self.face

    def options(self) -> dict[str, object]:
        return {"app": APP, "key_id": KEY_ID, "issuer": ISSUER, **super().options()}

    def secrets(self) -> dict[str, str]:
        return {"app_store_key": self.face.key}

    def item_id(self, number: int) -> str:
        return f"00000045-{2**63 + number}"
