"""A network that speaks JSON over plain HTTP on a local port."""

from __future__ import annotations

from typing import Any, Protocol

from monitor.simulator.serving import Answer, Asked, Server, as_json


class Network(Protocol):
    """What stands behind the port. Asked by several threads."""

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        """Status and JSON, or an Answer that is none."""
        ...


class PlainServer(Server):
    """A network on a local port, from `with` to its end."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def serve(self, asked: Asked) -> Answer:
        """What the network says to a call."""
        status, said = self.network.answer(asked)
        return said if isinstance(said, Answer) else as_json(status, said)
