"""The dead man's switch: an address that is called while all is well, and so is missed when it is not."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Thread

from monitor.domain.quoting import quoted

TIME_OUT_S = 10


class Heartbeat:
    """Calls `url` at most once every `every` (machine's time), beside the work and never in its way."""

    def __init__(self, url: str, every: timedelta) -> None:
        self._url = url
        self._every = every.total_seconds()
        self._next = 0.0
        self._call: Thread | None = None

    def beat(self) -> None:
        """All is well. Calls, if it is time and the last call is over."""
        now = time.monotonic()
        if now < self._next or (self._call is not None and self._call.is_alive()):
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
            problem = f"{type(error).__name__} {quoted(error)}"
            structlog.get_logger().warning("heartbeat_failed", problem=problem)
