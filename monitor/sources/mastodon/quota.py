"""What the server says of calls: how many are left (300 in five minutes, usually), and when to come again."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock

from monitor.fetching import retry_after, until_reset


class Quota:
    """The calls that the account has left, whichever of its connections asks; safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left: int | None = None
        self._until = 0.0

    @property
    def left(self) -> tuple[int, timedelta] | None:
        """Calls, and how soon there will be others, as last said; None: not said, or long ago."""
        with self._lock:
            left, wait = self._left, self._until - time.monotonic()
        return None if left is None or wait <= 0 else (left, timedelta(seconds=math.ceil(wait)))

    def heed(self, headers: Mapping[str, str], now: datetime) -> None:
        """Keep what an answer says. `now` is ours, for a server that does not tell its own time."""
        left, reset = headers.get("x-ratelimit-remaining", ""), _reset(headers, now)
        if left.isdecimal() and reset is not None:
            with self._lock:
                self._left = int(left[:9])
                self._until = time.monotonic() + reset.total_seconds()


def wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """When to come again after a refusal. `now` is ours, for a server that does not tell its own."""
    return retry_after(headers, now) or _reset(headers, now)


def _reset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Mastodon writes an ISO date, GoToSocial seconds of the epoch."""
    return until_reset(headers.get("x-ratelimit-reset", ""), headers, now)
