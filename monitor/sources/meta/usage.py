"""How much of what Meta lets an app ask in an hour is used up, as it says itself with its answers."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from threading import Lock
from typing import Any

from monitor.domain.errors import SourceError

HEADERS = ("x-app-usage", "x-page-usage", "x-business-use-case-usage", "x-ad-account-usage")
_SHARES = ("call_count", "total_time", "total_cputime")
_REGAIN = "estimated_time_to_regain_access"
_PAUSE = timedelta(minutes=10)
"""Of an hour that slides: by then some of it is free again."""
_LONGEST = timedelta(days=1)


class Usage:
    """Stops asking before Meta does. Several threads may use it."""

    def __init__(self, limit: int) -> None:
        """`limit`: per cent of what Meta allows."""
        self._limit = limit
        self._lock = Lock()
        self._highest = 0
        self._rests_until = 0.0

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says."""
        told = [one for name in HEADERS for one in _tables(headers.get(name))]
        if not told:
            return
        highest = max(_number(one.get(name)) for one in told for name in _SHARES)
        regain = timedelta(minutes=max(_number(one.get(_REGAIN)) for one in told))
        with self._lock:
            self._highest = highest
            if regain or highest >= self._limit:
                pause = min(regain or _PAUSE, _LONGEST)
                self._rests_until = time.monotonic() + pause.total_seconds()

    def require_some(self) -> None:
        """Raise SourceError, with the time to come again, if enough is used up."""
        with self._lock:
            left = self._rests_until - time.monotonic()
            if left > 0:
                raise SourceError(
                    f"{self._highest} % of what Meta lets the app ask in an hour is used up",
                    retry_after=timedelta(seconds=math.ceil(left)),
                    out_of_budget=True,
                )

    @property
    def highest(self) -> int:
        """Per cent, as Meta said last; 0 if it said nothing: it does so once much was asked."""
        return self._highest

    @property
    def pause(self) -> timedelta:
        """How long to leave Meta alone after it refused for having been asked too much."""
        with self._lock:
            left = self._rests_until - time.monotonic()
        return timedelta(seconds=math.ceil(left)) if left > 0 else _PAUSE


def _tables(said: str | None) -> Iterator[dict[str, Any]]:
    """The tables of figures: one for the app, or a list of them for each business."""
    try:
        found = json.loads(said or "null")
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    yield found
    for some in found.values():
        yield from (
            one for one in (some if isinstance(some, list) else []) if isinstance(one, dict)
        )


def _number(said: Any) -> int:
    """A figure; what is none counts as nothing."""
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        return 0
    return max(int(said), 0)
