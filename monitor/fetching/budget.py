"""How many calls may be made in how much time, whichever thread makes them."""

from __future__ import annotations

import math
import time
from collections import deque
from datetime import timedelta
from threading import Lock

from monitor.domain.errors import SourceError


class Budget:
    """At most `calls` within any span of `per`; also a silence that the network asked for."""

    def __init__(self, calls: int, per: timedelta) -> None:
        """Counted on the machine's clock, from the start of the program."""
        self._calls = calls
        self._per = per
        self._made: deque[float] = deque()
        self._quiet_until = 0.0
        self._lock = Lock()

    def spend(self) -> None:
        """Count one call. Raises SourceError, without counting, if none is left now."""
        with self._lock:
            now = time.monotonic()
            if now < self._quiet_until:
                raise SourceError(
                    "the network asked not to be called for a while",
                    retry_after=_seconds(self._quiet_until - now),
                )
            self._forget(now)
            if len(self._made) >= self._calls:
                left = self._made[0] + self._per.total_seconds() - now
                raise SourceError(
                    f"the budget of {self._calls} calls in {self._per} is used up",
                    retry_after=_seconds(left),
                    out_of_budget=True,
                )
            self._made.append(now)

    def hush(self, span: timedelta) -> None:
        """Make no call for so long: the network said so."""
        with self._lock:
            self._quiet_until = max(self._quiet_until, time.monotonic() + span.total_seconds())

    @property
    def left(self) -> int:
        """The calls that may be made now."""
        with self._lock:
            self._forget(time.monotonic())
            return max(self._calls - len(self._made), 0)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] <= now - self._per.total_seconds():
            self._made.popleft()


def _seconds(span: float) -> timedelta:
    return timedelta(seconds=math.ceil(span))
