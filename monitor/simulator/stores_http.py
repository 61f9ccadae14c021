"""Serves an app store over HTTP on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from monitor.simulator.serving import Answer, Asked, Server, as_json
from monitor.simulator.stores import Payload, Store


class Face(Protocol):
    """A store's API without its transport."""

    @property
    def store(self) -> Store:
        """What it shows."""
        ...

    def answer(self, asked: Asked, /) -> tuple[int, Payload]:
        """Status and body for one question."""
        ...

    def refusal(self, status: int, reason: str = "") -> tuple[int, Payload]:
        """What it says to a question that it does not answer."""
        ...


class StoreServer(Server):
    """A store on a port of this machine.

    `answers`: by a part of the path, what is answered in place of the truth.
    """

    def __init__(self, face: Face) -> None:
        super().__init__(face.store.clock)
        self.face = face
        self.answers: dict[str, Mapping[str, object]] = {}

    def serve(self, asked: Asked) -> Answer:
        """What the store says to a call."""
        for part, instead in self.answers.items():
            if part in asked.path:
                return as_json(200, instead)
        return as_json(*self.face.answer(asked))

    def refusal(self, status: int, manner: str) -> Answer:
        return as_json(status, self.face.refusal(status, manner)[1])
