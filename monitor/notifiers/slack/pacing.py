"""How fast Slack may be called: about one message a second and channel, and a rate for each method.

All of it is transport time: the machine's own, never simulated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from monitor.domain.errors import Outcome, SendError

_TIERS = {  # calls a minute that Slack's tiers allow at least
    "chat.update": 50,
    "chat.delete": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "conversations.info": 50,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
}
_A_CHANNEL_S = "chat.postMessage"
_LONGEST = 15.0
"""Seconds that a call stands in the queue; beyond them the outbox does the waiting."""


class Pace:
    """Gives every call its turn. Threads share one."""

    def __init__(
        self,
        per_second: float,
        *,
        now: Callable[[], float] = time.monotonic,
        rest: Callable[[float], object] = time.sleep,
    ) -> None:
        """`per_second`: messages a channel takes; all other rates are in proportion."""
        self._per_second = per_second
        self._now = now
        self._rest = rest
        self._next: dict[tuple[str, str], float] = {}
        self._why: dict[tuple[str, str], str] = {}
        self._lock = Lock()

    def await_turn(self, method: str, channel: str) -> None:
        """Return when the call may be made. Raises SendError: not for a good while."""
        key = self._key(method, channel)
        with self._lock:
            now = self._now()
            turn = max(now, self._next.get(key, now))
            if turn - now > _LONGEST:
                raise SendError(
                    self._why.get(key, f"Slack, {method}: too many calls"),
                    outcome=Outcome.NOT_SENT,
                    retry_after=timedelta(seconds=turn - now),
                )
            self._next[key] = turn + self._interval(method)
        if turn > now:
            self._rest(turn - now)

    def hold(self, method: str, channel: str, span: timedelta, why: str) -> None:
        """Slack asked for a pause, or there is no use in calling before somebody has mended it."""
        key = self._key(method, channel)
        with self._lock:
            self._next[key] = max(self._next.get(key, 0), self._now() + span.total_seconds())
            self._why[key] = why

    def _key(self, method: str, channel: str) -> tuple[str, str]:
        return method, channel if method == _A_CHANNEL_S else ""

    def _interval(self, method: str) -> float:
        per_minute = 60 if method == _A_CHANNEL_S else _TIERS.get(method)
        return 60 / per_minute / self._per_second if per_minute else 0.0
