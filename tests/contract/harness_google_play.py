"""Google Play on a local port: customers review an app, and its developer responds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from monitor.simulator.google_play import TOKEN_PATH, GooglePlay
from monitor.simulator.serving import Fault
from monitor.simulator.stores import Store
from tests.contract.harness import Expected
from tests.contract.harness_stores import StoreHarness
from tests.contract.served import LATER, NEVER

PACKAGE = "example.bufnivo.app"
_LOG_IN = "token "
_FAULTS = {name: one for name, one in StoreHarness.faults.items() if name != "list of nothing"}
"""An answer without a list says here that there are no reviews."""


class Harness(StoreHarness):
    name: ClassVar[str] = "google_play"
    faults: ClassVar[dict[str, Expected]] = _FAULTS | {
        "429": Expected(permanent=False, retry_after=timedelta(minutes=10)),
        "403 quotaExceeded": Expected(permanent=False, retry_after=timedelta(minutes=10)),
        **{_LOG_IN + one: NEVER for one in ("400", "401")},
        **{_LOG_IN + one: LATER for one in ("500", "html", "list", "drop", "slow")},
    }
    streams: ClassVar[dict[str, str]] = {"reviews": "/reviews"}
    broken: ClassVar[dict[str, object]] = {
        "comments": [{"userComment": {"text": "when?", "lastModified": "yesterday"}}]
    }

    def shown_by(self, store: Store) -> GooglePlay:
        self.face = GooglePlay(store, PACKAGE)
        return self.face

    def options(self) -> dict[str, object]:
        return {"package": PACKAGE, **super().options()}

    def secrets(self) -> dict[str, str]:
        return {"google_play_service_account": self.face.service_account(self.server.url)}

    def item_id(self, number: int) -> str:
        return f"gp:AOqpTO{2**63 + number}"

    def fail(self, fault: str) -> None:
        what = fault.removeprefix(_LOG_IN)
        path = "/reviews" if what == fault else TOKEN_PATH
        self.server.faults.append(replace(self.planned.get(what) or Fault(what), path=path))
