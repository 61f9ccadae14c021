"""What the contract asks of a test world: a network of which a source under test reads.

For a source that the entry point group `monitor.sources` calls NAME, `harness_NAME.py` holds a
class `Harness`, a subclass of the one below. A harness speaks to the source only through what the
source itself is given: files, or the address of a local server.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import ClassVar, Self

from pydantic import BaseModel

from monitor import registry
from monitor.domain.errors import ConfigError
from monitor.domain.post import PostKey
from monitor.ports import Secrets, Source

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A post as the test puts it into the network. `by_brand`: it stands on the brand's timeline."""

    id: str
    text: str = "My parcel is still missing"
    author: str = "ana_p"
    at: datetime = NOON
    reply_to: str | None = None
    by_brand: bool = False
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """How a fault shall show: whether for good, and when to try again, if the network said so."""

    permanent: bool
    retry_after: timedelta | None = None


class Harness(ABC):
    """A small network of which one configured source reads. A context manager: one world each."""

    name: ClassVar[str]
    """The source's entry point."""
    page: ClassVar[int]
    """Items that fit on a page of this world."""
    needs: ClassVar[tuple[str, ...]] = ()
    """What it stands on beyond the wheels (tests/plugins/needs.py)."""
    impatient: ClassVar[dict[str, object]] = {}
    """Options with which silence is given up soon: a busy machine, too, may take long to answer."""
    edits: ClassVar[bool] = True
    """Whether people can change there what they said."""
    capped: ClassVar[dict[str, object] | None] = None
    """Options with which a look ends before it has seen `beyond` new items; None: it reads all there is."""
    beyond: ClassVar[int] = 0
    faults: ClassVar[dict[str, Expected]]
    """What can go wrong with the whole of it (401, 429, a time-out, garbage …), by name."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def source(self, **other: object) -> Source:
        """A new instance, as after a restart, made as the wiring makes it; `other` options than usual."""
        return self.construct(self.checked(**other), Remembered(self.secrets(), []))

    def checked(self, **other: object) -> BaseModel:
        """The options as the registry gives them."""
        return registry.options(self._class, self.options() | other, f"sources.{self.name}")

    def construct(self, options: BaseModel, secrets: Secrets) -> Source:
        source: Source = registry.build(self._class, options, secrets=secrets, clock=lambda: NOON)
        return source

    @cached_property
    def _class(self) -> type:
        return registry.load(registry.SOURCES, self.name)

    @abstractmethod
    def start(self) -> None:
        """Begin with an empty network."""

    @abstractmethod
    def stop(self) -> None:
        """Leave nothing behind."""

    @abstractmethod
    def options(self) -> dict[str, object]:
        """What the config file says of the source under test."""

    def secrets(self) -> dict[str, str]:
        """The secrets that it may ask for."""
        return {}

    @abstractmethod
    def key(self, item_id: str) -> PostKey:
        """The key under which the item has to come."""

    @abstractmethod
    def item_id(self, number: int) -> str:
        """The id that the network would give to its `number`th post (beyond 2**53 where it may)."""

    @abstractmethod
    def put(self, item: Item) -> None:
        """Publish it now, whatever time it claims: as late or as early as `item.at` says."""

    def edit(self, item: Item) -> None:
        """Its author changes what was put before, at `item.edited_at` if the network dates edits."""
        self.put(item)

    @abstractmethod
    def put_broken(self) -> None:
        """Publish something that can't be read as a post."""

    @abstractmethod
    def delete(self, item_id: str) -> None:
        """Its author deletes it."""

    @abstractmethod
    def fail(self, fault: str) -> None:
        """From now on, the fault of this name."""

    @abstractmethod
    def fail_stream(self, name: str) -> None:
        """From now on, this stream alone fails."""

    @abstractmethod
    def heal(self) -> None:
        """End every fault; what was put before is still there."""


def harnesses() -> dict[str, type[Harness]]:
    """The harnesses there are, by the name of their source."""
    modules = {
        name: f"tests.contract.harness_{name.replace('-', '_')}"
        for name in registry.names(registry.SOURCES)
    }
    return {
        name: import_module(module).Harness for name, module in modules.items() if find_spec(module)
    }


@dataclass
class Remembered:
    """Secrets that remember what they were asked for."""

    known: dict[str, str]
    asked: list[str]

    def get(self, name: str, /) -> str:
        self.asked.append(name)
        if name not in self.known:
            raise ConfigError(f"no secret {name}")
        return self.known[name]

    def put(self, name: str, value: str, /) -> None:
        self.known[name] = value


_watched: list[str] | None = None
_IO = ("open", "os.", "glob.", "socket.", "subprocess.", "urllib.", "ftplib.", "sqlite3.connect")


@contextmanager
def watched_io() -> Iterator[list[str]]:
    """What the code inside asks of the machine: files, folders, sockets, processes."""
    global _watched  # noqa: PLW0603  # an audit hook can never be removed, only be told to be quiet
    seen: list[str] = []
    _watched = seen
    try:
        yield seen
    finally:
        _watched = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _watched is not None and event.startswith(_IO):
        _watched.append(f"{event} {arguments[:1]}")


sys.addaudithook(_hook)
