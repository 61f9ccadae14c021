"""How many calls may be made in how much time, whichever thread makes them."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from itertools import count
from threading import Lock
from typing import Protocol

from monitor.domain.errors import SourceError


class Ledger(Protocol):
    """Counts the calls of several programs as one program's."""

    def spend(self, budget: str, calls: int, per: timedelta, most: int, /) -> timedelta | None:
        """Count so many calls, if then at most `most` were made within `per`: None. Else how long to wait."""
        ...

    def made(self, budget: str, per: timedelta, /) -> int:
        """The calls made within `per`."""
        ...


_KEPT: ContextVar[tuple[Ledger, str, Iterator[int]] | None] = ContextVar("kept", default=None)


@contextmanager
def kept_in(ledger: Ledger | None, owner: str) -> Iterator[None]:
    """Budgets that are made meanwhile are the `owner`'s, whichever program makes calls for it."""
    token = _KEPT.set(None if ledger is None else (ledger, owner, count(1)))
    try:
        yield
    finally:
        _KEPT.reset(token)


class Budget:
    """At most `calls` within any span of `per`, of which reads leave `kept` to writes."""

    def __init__(self, calls: int, per: timedelta, *, kept: int = 0) -> None:
        """Counted on the machine's clock, from the start of the program; or in a ledger (`kept_in`)."""
        kept_in = _KEPT.get()
        self._ledger = None if kept_in is None else kept_in[0]
        self._key = "" if kept_in is None else f"{kept_in[1]}:{next(kept_in[2])}"
        self._calls = calls
        self._kept = kept
        self._per = per
        self._made: deque[float] = deque()
        self._lock = Lock()

    def spend(self, calls: int = 1, *, is_write: bool = False, share: float = 1.0) -> None:
        """Count so many calls. Raises SourceError, without counting, if they are not left now.

        `share`: as long as no more than this part of the budget is used (one call always may be).
        """
        most = self._calls - (0 if is_write else self._kept)
        most = max(int(most * share), 1) if share < 1 else most
        if self._ledger is None:
            wait = self._spend(calls, most)
        else:
            wait = self._ledger.spend(self._key, calls, self._per, most)
        if wait is not None:
            raise SourceError(
                f"the budget of {most} calls in {self._per} is used up",
                retry_after=timedelta(seconds=math.ceil(wait.total_seconds())),
                out_of_budget=True,
            )

    def _spend(self, calls: int, most: int) -> timedelta | None:
        with self._lock:
            now = time.monotonic()
            self._forget(now)
            over = len(self._made) + calls - most
            if over > 0:
                until = self._made[over - 1] if over <= len(self._made) else now
                return timedelta(seconds=until + self._per.total_seconds() - now)
            self._made.extend([now] * calls)
            return None

    @property
    def left(self) -> int:
        """The calls that may be made now."""
        if self._ledger is not None:
            return max(self._calls - self._ledger.made(self._key, self._per), 0)
        with self._lock:
            self._forget(time.monotonic())
            return max(self._calls - len(self._made), 0)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] <= now - self._per.total_seconds():
            self._made.popleft()
