"""The calls that a store allows in an hour, kept to by ourselves: beyond them it refuses everybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from monitor.domain.errors import SourceError
from monitor.fetching import Budget, CallError
from monitor.ports import Clock

_HOUR = timedelta(hours=1)
_AFTER_WORD = timedelta(minutes=5)
"""So long after the store said that nothing is left it is worth asking again."""


class Hourly:
    """A budget of calls that heeds the store's own word; safe in threads.

    Several workers count together, as with every budget. What the store says is left is known to the
    process that was told: it tells everybody with each answer.
    """

    def __init__(self, limit: int, clock: Clock, credential: str | None = None) -> None:
        """`limit`: calls in any hour; `clock`: by it the store's word grows old."""
        self._limit = limit
        self._budget = Budget(limit, _HOUR, credential=credential)
        self._clock = clock
        self._told: tuple[int, datetime] | None = None
        self._lock = Lock()

    @property
    def left(self) -> int:
        """Calls that may be made now."""
        told, left = self._fresh_word(), self._budget.left
        return left if told is None else min(left, told)

    def heed(self, left: int) -> None:
        """What the store itself says is left: others may ask with the same key."""
        with self._lock:
            self._told = left, self._clock()

    def take(self, share: float = 1.0) -> None:
        """One call more. `share`: as long as no more than this part of the hour's calls is used.

        Raises:
            CallError: none is left; says when there is one again.

        """
        told = self._fresh_word()
        if told is not None and told <= self._limit * (1 - share):
            raise CallError(
                "of the calls that the store allows in an hour too few are left",
                retry_after=_AFTER_WORD,
                out_of_budget=True,
            )
        try:
            self._budget.spend(share=share)
        except SourceError as error:
            raise CallError(
                str(error), retry_after=error.retry_after, out_of_budget=True
            ) from error

    def _fresh_word(self) -> int | None:
        with self._lock:
            if self._told is None:
                return None
            left, at = self._told
        is_fresh = timedelta(0) <= self._clock() - at < _AFTER_WORD  # a clock set back ages it, too
        return left if is_fresh else None
