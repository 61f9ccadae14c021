"""What the worlds of networks over HTTP have in common: a server of the simulation, and its faults."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar

from monitor.simulator.serving import Fault, Server
from tests.contract import harness
from tests.contract.harness import Expected

LATER, NEVER = Expected(permanent=False), Expected(permanent=True)
FAULTS = {
    **dict.fromkeys(("400", "401", "402", "403", "404"), NEVER),
    "redirect": NEVER,
    "429": LATER,
    "429 retry-after": Expected(permanent=False, retry_after=timedelta(seconds=7)),
    "429 with a date": Expected(permanent=False, retry_after=timedelta(seconds=90)),
    **dict.fromkeys(("500", "503", "html", "half", "list of nothing", "empty"), LATER),
    **dict.fromkeys(("truncated", "truncated after", "stall", "slow", "drop", "drop after"), LATER),
    **dict.fromkeys(("trickle", "drip", "deep", "huge"), LATER),
}
"""What goes wrong alike everywhere; a harness says what else does, and what is otherwise there."""
PLANNED = {
    # who does not give it up by itself is stopped by the test's own time limit
    "trickle": Fault("trickle", seconds=3600),
    "drip": Fault("drip", seconds=3600),
    "429 retry-after": Fault("429", headers={"Retry-After": "7"}),
    "429 with a date": Fault(
        "429",
        headers={
            "Date": "Fri, 27 Mar 2026 12:00:00 GMT",
            "Retry-After": "Fri, 27 Mar 2026 12:01:30 GMT",
        },
    ),
    "list of nothing": Fault("said", body='{"nothing": 1}'),
}
"""Faults whose name is not simply their kind."""


class ServedHarness(harness.Harness):
    faults: ClassVar[dict[str, Expected]] = FAULTS
    planned: ClassVar[dict[str, Fault]] = PLANNED
    impatient: ClassVar[dict[str, object]] = {"timeout": 0.5}
    streams: ClassVar[dict[str, str]] = {}
    """What the address of a stream's calls holds, by the stream's name."""
    has_texts: ClassVar[bool] = True
    """Whether ids are texts of JSON."""
    server: Server

    @abstractmethod
    def serving(self) -> Server:
        """A server of a new, empty network."""

    def start(self) -> None:
        self.server = self.serving()
        self.server.__enter__()

    def stop(self) -> None:
        self.server.__exit__()

    def fail(self, fault: str) -> None:
        self.server.faults.append(self.planned.get(fault) or Fault(fault))

    def fail_stream(self, name: str) -> None:
        self.server.fail("503", self.streams[name])

    def heal(self) -> None:
        self.server.heal()
