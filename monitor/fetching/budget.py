"""How many calls may be made in how much time, whichever thread makes them."""

from __future__ import annotations

import math
import time
from collections import deque
from datetime import timedelta
from threading import Lock

from monitor.domain.errors import SourceError


class Budget:
    """At most `calls` within any span of `per`, of which reads leave `kept` to writes."""

    def __init__(self, calls: int, per: timedelta, *, kept: int = 0) -> None:
        """Counted on the machine's clock, from the start of the program."""
        self._calls = calls
        self._kept = kept
        self._per = per
        self._made: deque[float] = deque()
        self._lock = Lock()

    def spend(self, calls: int = 1, *, is_write: bool = False) -> None:
        """Count so many calls. Raises SourceError, without counting, if they are not left now."""
        with self._lock:
            now = time.monotonic()
            self._forget(now)
            over = len(self._made) + calls + (0 if is_write else self._kept) - self._calls
            if over > 0:
                until = self._made[over - 1] if over <= len(self._made) else now
                left = until + self._per.total_seconds() - now
                raise SourceError(
                    f"the budget of {self._calls} calls in {self._per} is used up",
                    retry_after=timedelta(seconds=math.ceil(left)),
                    out_of_budget=True,
                )
            self._made.extend([now] * calls)

    @property
    def left(self) -> int:
        """The calls that may be made now."""
        with self._lock:
            self._forget(time.monotonic())
            return max(self._calls - len(self._made), 0)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] <= now - self._per.total_seconds():
            self._made.popleft()
