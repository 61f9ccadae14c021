"""How many calls may be made in how much time, whichever thread makes them."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from itertools import count
from threading import Lock
from typing import Protocol

from monitor.domain.errors import SourceError


class Ledger(Protocol):
    """Counts the calls of several programs, or of one, as one budget's."""

    def spend(self, budget: str, calls: int, per: timedelta, most: int, /) -> timedelta | None:
        """Count so many calls, if then at most `most` were made within `per`: None. Else how long to wait."""
        ...

    def made(self, budget: str, per: timedelta, /) -> int:
        """The calls made within `per`."""
        ...


class OwnLedger:
    """Counts the calls of this program, on the machine's clock, from its start."""

    def __init__(self) -> None:
        self._made: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = Lock()

    def spend(self, budget: str, calls: int, per: timedelta, most: int, /) -> timedelta | None:
        """Count so many calls, if then at most `most` were made within `per`: None. Else how long to wait."""
        with self._lock:
            now = time.monotonic()
            made = self._recent(budget, now - per.total_seconds())
            over = len(made) + calls - most
            if over > 0:
                until = made[over - 1] if over <= len(made) else now
                return timedelta(seconds=until + per.total_seconds() - now)
            made.extend([now] * calls)
            return None

    def made(self, budget: str, per: timedelta, /) -> int:
        """The calls made within `per`."""
        with self._lock:
            return len(self._recent(budget, time.monotonic() - per.total_seconds()))

    def _recent(self, budget: str, since: float) -> deque[float]:
        made = self._made[budget]
        while made and made[0] <= since:
            made.popleft()
        return made


_KEPT: ContextVar[tuple[Ledger, str, Iterator[int]] | None] = ContextVar("kept", default=None)


@contextmanager
def kept_in(ledger: Ledger, owner: str) -> Iterator[None]:
    """Budgets that are made meanwhile are counted there, as the `owner`'s or as their credential's."""
    token = _KEPT.set((ledger, owner, count(1)))
    try:
        yield
    finally:
        _KEPT.reset(token)


class Budget:
    """At most `calls` within any span of `per`, of which reads leave `kept` to writes."""

    def __init__(
        self, calls: int, per: timedelta, *, kept: int = 0, credential: str | None = None
    ) -> None:
        """Counted in a ledger (`kept_in`), or by itself.

        `credential`: by which the network counts; whoever has the same one is counted together.
        """
        ledger, owner, numbers = _KEPT.get() or (OwnLedger(), "", count(1))
        self._ledger = ledger
        its = f"credential {credential} {per}" if credential else f"{owner}:{next(numbers)}"
        self._key = its
        self._calls = calls
        self._kept = kept
        self._per = per

    def spend(self, calls: int = 1, *, is_write: bool = False, share: float = 1.0) -> None:
        """Count so many calls. Raises SourceError, without counting, if they are not left now.

        `share`: as long as no more than this part of the budget is used (one call always may be).
        """
        most = self._calls - (0 if is_write else self._kept)
        most = max(int(most * share), 1) if share < 1 else most
        wait = self._ledger.spend(self._key, calls, self._per, most)
        if wait is not None:
            raise SourceError(
                f"the budget of {most} calls in {self._per} is used up",
                retry_after=timedelta(seconds=math.ceil(wait.total_seconds())),
                out_of_budget=True,
            )

    @property
    def left(self) -> int:
        """The calls that may be made now."""
        return max(self._calls - self._ledger.made(self._key, self._per), 0)
