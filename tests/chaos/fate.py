"""Counts what a program does that lasts, and lets it die right after one such thing.

A commit lasts, and so does a call that a network answered. The program knows of neither watcher: the
commits are seen by SQLAlchemy's own events, the calls on the networks' side. Who is dead writes nothing
any more, and says nothing: the next transaction and the next line sent raise what no stage catches.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from monitor.simulator.serving import Answer, Asked, Server

_DEAD = threading.Event()
_HOOKED = threading.Event()


class Death(BaseException):
    """The program dies here, as by SIGKILL: only what is written remains."""


@dataclass
class Fate:
    """When the program dies: after how many lasting things; each death is used up. Empty: never."""

    dies_after: list[int]
    passed: int = 0
    """Lasting things since the last death."""
    order: list[str] = field(default_factory=list)
    """What they were, all lives long: `commit`, or the network's name and path."""
    deaths: list[str] = field(default_factory=list)
    """After what it died."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_dead(self) -> bool:
        return _DEAD.is_set()

    def passes(self, what: str) -> None:
        """Something that lasts was done."""
        with self._lock:
            if self.is_dead:
                return
            self.passed += 1
            self.order.append(what)
            if self.dies_after and self.passed == self.dies_after[0]:
                self.deaths.append(what)
                _DEAD.set()

    def rises(self) -> None:
        """Another process is started."""
        if self.is_dead:
            del self.dies_after[0]
            self.passed = 0
        _DEAD.clear()

    @contextmanager
    def watching(self, engine: sa.Engine) -> Iterator[None]:
        """See the commits of a program's writing connections."""
        done = threading.local()

        def begins(_: Any) -> None:
            _alive()

        def commits(_: Any) -> None:
            _alive()
            done.it = True

        def is_given_back(*_: Any) -> None:
            if getattr(done, "it", False):
                done.it = False
                self.passes("commit")
                _alive()

        seen = {"begin": begins, "commit": commits, "reset": is_given_back}
        for name, told in seen.items():
            sa.event.listen(engine, name, told)
        yield
        for name, told in seen.items():
            sa.event.remove(engine, name, told)

    def overhear(self, name: str, server: Server) -> None:
        """See the calls that a network answers."""
        serve = server.serve

        def serve_and_tell(asked: Asked) -> Answer:
            answer = serve(asked)
            self.passes(f"{name} {asked.path}")
            return answer

        server.serve = serve_and_tell  # type: ignore[method-assign]


@contextmanager
def mortal() -> Iterator[None]:
    """Threads may die in here without a word, and the dead send nothing."""
    if not _HOOKED.is_set():
        _HOOKED.set()
        sys.addaudithook(_sends)
    before, pool = threading.excepthook, logging.getLogger("sqlalchemy.pool")
    level = pool.level

    def unless_dead(of: threading.ExceptHookArgs) -> None:
        if not issubclass(of.exc_type, Death):
            before(of)

    threading.excepthook = unless_dead
    pool.setLevel(logging.CRITICAL)  # a connection that is given back by the dead is no news
    try:
        yield
    finally:
        threading.excepthook = before
        pool.setLevel(level)
        _DEAD.clear()


def _alive() -> None:
    if _DEAD.is_set():
        raise Death


def _sends(event: str, _: tuple[Any, ...]) -> None:
    """Python's own audit event of every request that leaves."""
    if event == "http.client.send":
        _alive()
