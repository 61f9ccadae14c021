"""The calls that a store allows in an hour, kept to by ourselves: beyond them it refuses everybody."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from monitor.fetching import CallError
from monitor.ports import Clock

_HOUR = timedelta(hours=1)
_AFTER_WORD = timedelta(minutes=5)
"""So long after the store said that nothing is left it is worth asking again."""


class Hourly:
    """Counts calls; safe in threads. A restart forgets them: then the store's own refusal counts."""

    def __init__(self, limit: int, clock: Clock) -> None:
        """`limit`: calls in any hour."""
        self._limit = limit
        self._clock = clock
        self._made: deque[datetime] = deque()
        self._told: tuple[int, datetime] | None = None
        self._lock = Lock()

    @property
    def left(self) -> int:
        """Calls that may be made now."""
        with self._lock:
            self._forget(self._clock())
            left = max(self._limit - len(self._made), 0)
            return left if self._told is None else min(left, self._told[0])

    def heed(self, left: int) -> None:
        """What the store itself says is left: others may ask with the same key."""
        with self._lock:
            self._told = left, self._clock()

    def take(self, share: float = 1.0) -> None:
        """One call more. `share`: as long as no more than this part of the hour's calls is used.

        Raises:
            CallError: none is left; says when there is one again.

        """
        now = self._clock()
        with self._lock:
            self._forget(now)
            most = max(int(self._limit * share), 1)
            if self._is_spent(share, now):
                raise CallError(
                    "of the calls that the store allows in an hour too few are left",
                    retry_after=_AFTER_WORD,
                    out_of_budget=True,
                )
            if len(self._made) >= most:
                wait = self._made[len(self._made) - most] + _HOUR - now
                raise CallError(
                    f"the {most} calls that this may take in an hour are used up",
                    retry_after=max(wait, timedelta(seconds=1)),
                    out_of_budget=True,
                )
            self._made.append(now)

    def _is_spent(self, share: float, now: datetime) -> bool:
        """By the store's own word, as long as that is fresh."""
        if self._told is None or now - self._told[1] >= _AFTER_WORD:
            return False
        return self._told[0] <= self._limit * (1 - share)

    def _forget(self, now: datetime) -> None:
        while self._made and self._made[0] <= now - _HOUR:
            self._made.popleft()
