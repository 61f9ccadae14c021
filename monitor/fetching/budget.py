"""How many calls may be made in how much time, whichever thread makes them."""

from __future__ import annotations

import math
import time
from collections import deque
from datetime import timedelta
from threading import Lock

from monitor.domain.errors import SourceError


class Budget:
    """At most `calls` within any span of `per`."""

    def __init__(self, calls: int, per: timedelta) -> None:
        """Counted on the machine's clock, from the start of the program."""
        self._calls = calls
        self._per = per
        self._made: deque[float] = deque()
        self._lock = Lock()

    def spend(self) -> None:
        """Count one call. Raises SourceError, without counting, if none is left now."""
        with self._lock:
            now = time.monotonic()
            self._forget(now)
            if len(self._made) >= self._calls:
                left = self._made[0] + self._per.total_seconds() - now
                raise SourceError(
                    f"the budget of {self._calls} calls in {self._per} is used up",
                    retry_after=timedelta(seconds=math.ceil(left)),
                    out_of_budget=True,
                )
            self._made.append(now)

    @property
    def left(self) -> int:
        """The calls that may be made now."""
        with self._lock:
            self._forget(time.monotonic())
            return max(self._calls - len(self._made), 0)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] <= now - self._per.total_seconds():
            self._made.popleft()
