"""What the worlds of sources over plain HTTP have in common: a server, and what goes wrong with it."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar

from monitor.simulator.plain_http import Fault, Network, PlainServer
from tests.contract import harness
from tests.contract.harness import Expected

_LATER = Expected(permanent=False)
_NEVER = Expected(permanent=True)
_DATES = {
    "date": "Fri, 27 Mar 2026 12:00:00 GMT",
    "retry-after": "Fri, 27 Mar 2026 12:01:30 GMT",
}


class PlainHarness(harness.Harness):
    page: ClassVar[int] = 4
    streams: ClassVar[dict[str, str]]
    """What the address of a stream's calls holds."""
    faults: ClassVar[dict[str, Expected]] = {
        "400": _NEVER,
        "401": _NEVER,
        "402": _NEVER,
        "403": _NEVER,
        "404": _NEVER,
        "redirect": _NEVER,
        "circle": _NEVER,
        "429": Expected(permanent=False, retry_after=timedelta(seconds=7)),
        "429 with a date": Expected(permanent=False, retry_after=timedelta(seconds=90)),
        "429 without retry-after": _LATER,
        "500": _LATER,
        "503": Expected(permanent=False, retry_after=timedelta(seconds=20)),
        "html": _LATER,
        "half": _LATER,
        "deep": _LATER,
        "huge": _LATER,
        "truncated": _LATER,
        "no listing": _LATER,
        "null": _LATER,
        "drop": _LATER,
        "slow": _LATER,
        "stall": _LATER,
        "trickle": _LATER,
    }

    @abstractmethod
    def network(self) -> Network:
        """A new, empty one."""

    def start(self) -> None:
        self.server = PlainServer(self.network())
        self.server.__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def fail(self, fault: str) -> None:
        match fault:
            case "429":
                planned = Fault("429", headers={"retry-after": "7"})
            case "429 with a date":
                planned = Fault("429", headers=_DATES)
            case "429 without retry-after":
                planned = Fault("429")
            case "503":
                planned = Fault("503", headers={"retry-after": "20"})
            case "slow" | "stall" | "trickle":
                planned = Fault(fault, seconds=3.0)
            case "redirect":
                planned = Fault("redirect", location="http://169.254.169.254/latest/meta-data")
            case "circle":
                planned = Fault("redirect", location="/here")
            case "no listing":
                planned = Fault("said", body='{"nothing": 1}')
            case "null":
                planned = Fault("said", body="null")
            case kind:
                planned = Fault(kind)
        self.server.faults.append(planned)

    def fail_stream(self, name: str) -> None:
        self.server.faults.append(Fault("503", self.streams[name]))

    def heal(self) -> None:
        self.server.faults.clear()
