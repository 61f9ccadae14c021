"""Asks Stack Exchange in its manner: it counts a day's calls, and says when a method wants a rest."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from threading import Lock
from typing import Any

from monitor.domain.errors import ConfigError, SourceError
from monitor.fetching import Client, FetchError
from monitor.ports import Clock

_VERSION = "2.3"
_DAY = timedelta(days=1)
_LIMITS = (502, 503)
"""`error_id` of what is said, with whatever status, to who asks too much, or too early."""
_SECONDS = re.compile(r"in (\d{1,9}) seconds")
_NUMBERS = re.compile(r"\d[\d;]*")
_SHOWN = (
    *("question.body", "answer.body", "answer.link", "answer.title"),
    *("comment.body", "comment.link", "comment.post_type"),
)
"""What its usual answers lack and is needed here."""


class Calls:
    """One site. Several threads may call."""

    def __init__(
        self, client: Client, site: str, key: Callable[[], str | None], clock: Clock
    ) -> None:
        """`key`: raises the day's quota; asked for at each call. `clock` tells the day."""
        self.client = client
        self.site = site
        self.left: int | None = None
        """Calls of the day's quota, as it said last; None: it did not yet."""
        self._key = key
        self._clock = clock
        self._lock = Lock()
        self._filter: str | None = None
        self._rests: dict[str, float] = {}
        self._spent_on: date | None = None

    def items(self, path: str, **asked: str | int) -> tuple[list[Any], bool]:
        """What is there, and whether there is more. Raises SourceError."""
        method = _NUMBERS.sub("{ids}", path)
        self._may(method)
        answer = self._get(path, site=self.site, filter=self._wanted(), **asked)
        backoff = answer.get("backoff")
        if isinstance(backoff, int | float) and backoff > 0:
            with self._lock:
                self._rests[method] = time.monotonic() + min(backoff, _DAY.total_seconds())
        return answer["items"], answer.get("has_more") is True

    def _may(self, method: str) -> None:
        """Raises SourceError: Stack Exchange wants to be left alone."""
        now = self._clock()
        with self._lock:
            rest = self._rests.get(method, 0.0) - time.monotonic()
            is_spent = self._spent_on == now.date()
        if rest > 0:
            message = f"Stack Exchange wants {method} to rest"
            raise SourceError(message, retry_after=timedelta(seconds=rest))
        if is_spent:
            raise SourceError(
                "the day's calls are used up, as Stack Exchange counts",
                retry_after=datetime.combine(now.date() + _DAY, time_of_day(), UTC) - now,
                out_of_budget=True,
            )

    def _wanted(self) -> str:
        """The filter that names the fields: made once, and good for ever."""
        with self._lock:
            known = self._filter
        if known is None:
            answer = self._get("filters/create", include=";".join(_SHOWN), base="default")
            first = answer["items"][0] if answer["items"] else None
            known = first.get("filter") if isinstance(first, dict) else None
            if not isinstance(known, str):
                raise FetchError("Stack Exchange made no filter")
            with self._lock:
                self._filter = known
        return known

    def _get(self, path: str, **asked: str | int) -> dict[str, Any]:
        try:
            key = self._key()
        except ConfigError as error:
            raise FetchError(str(error), permanent=True) from error
        answer = self.client.get(f"{_VERSION}/{path}", **asked, **({"key": key} if key else {}))
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise FetchError("Stack Exchange answered with something that is no list of items")
        left = answer.get("quota_remaining")
        if isinstance(left, int) and not isinstance(left, bool):
            with self._lock:
                self.left = max(left, 0)
                self._spent_on = None if left > 0 else self._clock().date()
        return answer


def is_limit(said: Any) -> bool:
    """Whether a refusal is for too many calls."""
    return isinstance(said, dict) and said.get("error_id") in _LIMITS


def pause(said: Any) -> int | None:
    """The seconds to wait, which stand in the words of a refusal."""
    words = said.get("error_message") if isinstance(said, dict) else None
    found = _SECONDS.search(words) if isinstance(words, str) else None
    return int(found[1]) if found else None
