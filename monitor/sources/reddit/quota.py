"""What Reddit says of calls: how many are left, and when to come again."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_LONGEST = 86_400.0
"""Seconds, a day: nobody waits longer unasked."""


class Quota:
    """The calls that an app has left, whichever of its connections asks; safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._quiet_until = 0.0
        self._left: tuple[int, timedelta] | None = None

    @property
    def left(self) -> tuple[int, timedelta] | None:
        """Calls, and the span for which they are meant, as Reddit said last; None: it did not."""
        return self._left

    def pause(self) -> timedelta | None:
        """How long not to ask, since no call is left; None: ask."""
        with self._lock:
            wait = self._quiet_until - time.monotonic()
        return timedelta(seconds=math.ceil(wait)) if wait > 0 else None

    def heed(self, headers: MutableMapping[str, str]) -> timedelta | None:
        """Keep Reddit's word on the quota, and keep it from praw, which would sleep. Its reset."""
        remaining = _number(headers.get("x-ratelimit-remaining"))
        reset = _number(headers.get("x-ratelimit-reset"))
        for name in [name for name in headers if name.lower().startswith("x-ratelimit-")]:
            del headers[name]
        if reset is None:
            return None
        with self._lock:
            if remaining is not None:
                self._left = int(remaining), timedelta(seconds=reset)
            if remaining is not None and remaining < 1:
                self._quiet_until = time.monotonic() + reset
        return timedelta(seconds=reset)


def _number(said: str | None) -> float | None:
    """A span in seconds or a count, if it is one."""
    try:
        number = float(said or "")
    except ValueError:
        return None
    return min(number, _LONGEST) if number >= 0 else None
