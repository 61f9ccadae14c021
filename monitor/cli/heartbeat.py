"""The dead man's switch: an address that is called while all is well, and so is missed when it is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

from monitor.domain.quoting import class_and_words

TIME_OUT_S = 10
ASKED_AGAIN_S = 5.0
"""So long after something was wrong it is asked whether it still is."""


class Heartbeat:
    """Calls `url` at most once every `every` (machine's time), beside the work and never in its way."""

    def __init__(self, url: str, every: timedelta) -> None:
        self._url = url
        self._every = every.total_seconds()
        self._next = 0.0
        self._call: Thread | None = None
        self._problem: str | None = None

    def beat(self, problem: Callable[[], str | None] = lambda: None) -> None:
        """Call, if it is time, the last call is over, and there is no `problem` (asked only then)."""
        now = time.monotonic()
        if now < self._next or (self._call is not None and self._call.is_alive()):
            return
        before, self._problem = self._problem, problem()
        if self._problem is not None:
            self._next = now + min(self._every, ASKED_AGAIN_S)
            if self._problem != before:
                import structlog

                structlog.get_logger().warning("heartbeat_held_back", problem=self._problem)
            return
        self._next = now + self._every
        self._call = Thread(target=self._get, name="heartbeat", daemon=True)
        self._call.start()

    def _get(self) -> None:
        import httpx
        import structlog

        try:
            httpx.get(self._url, timeout=TIME_OUT_S, follow_redirects=True).raise_for_status()
        except httpx.HTTPError as error:
            problem = class_and_words(error)
            structlog.get_logger().warning("heartbeat_failed", problem=problem)
