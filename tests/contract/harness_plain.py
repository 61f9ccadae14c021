"""What the worlds of sources over plain HTTP have in common: a server, and what goes wrong with it."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar

from monitor.simulator.plain_http import Network, PlainServer
from monitor.simulator.serving import Fault
from tests.contract.harness import Expected
from tests.contract.served import FAULTS, LATER, NEVER, PLANNED, ServedHarness


class PlainHarness(ServedHarness):
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = FAULTS | {
        "circle": NEVER,
        "503 retry-after": Expected(permanent=False, retry_after=timedelta(seconds=20)),
        "null": LATER,
    }
    planned: ClassVar[dict[str, Fault]] = PLANNED | {
        "503 retry-after": Fault("503", headers={"Retry-After": "20"}),
        "redirect": Fault("redirect", location="http://169.254.169.254/latest/meta-data"),
        "circle": Fault("redirect", location="/here"),
        "null": Fault("said", body="null"),
    }

    @abstractmethod
    def network(self) -> Network:
        """A new, empty one."""

    def serving(self) -> PlainServer:
        return PlainServer(self.network())
