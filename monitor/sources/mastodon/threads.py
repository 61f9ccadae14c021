"""What replies to what. A status names its parent by the server's own number, and no root at all.

What a process has seen is remembered; for the rest the server is asked, a whole thread at once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from monitor.fetching import CallError
from monitor.sources.mastodon.calls import NOT_FOUND, Asks

_MOST = 20_000
"""Statuses; some megabytes."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a status stands, in addresses that hold on every server."""

    reply_to: str | None
    thread: str


class Threads:
    """Numbers and addresses of the statuses that one server showed; safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """Number -> its own address, and that of its thread's root."""
        self._numbers: dict[str, str] = {}

    def number(self, uri: str) -> str | None:
        """The number of a status that was shown."""
        with self._lock:
            return self._numbers.get(uri)

    def trace(self, status: Any, calls: Asks) -> Trace:
        """What it replies to, and its root; where the server does not show these, it is a root itself.

        Raises:
            CallError: the server would have to be asked, and can't.

        """
        number, uri, parent = status["id"], status["uri"], status.get("in_reply_to_id")
        found = Trace(None, uri)
        if parent is not None:
            above = self._above(str(parent)) or self._asked(number, str(parent), calls)
            if above is not None:
                found = Trace(*above)
        self._learn(number, uri, found.thread)
        return found

    def _above(self, parent: str) -> tuple[str, str] | None:
        with self._lock:
            return self._known.get(parent)

    def _asked(self, number: str, parent: str, calls: Asks) -> tuple[str, str] | None:
        try:
            answer = calls.ask(lambda client: client.status_context(number))
        except CallError as error:
            if error.status == NOT_FOUND:  # it was deleted this very moment
                return None
            raise
        ancestors = answer.get("ancestors") if isinstance(answer, dict) else None
        if not isinstance(ancestors, list):
            raise CallError("the server answered with something that is no thread")
        root: str | None = None
        for one in ancestors:
            its = (one.get("id"), one.get("uri")) if isinstance(one, dict) else (None, None)
            if isinstance(its[0], str) and isinstance(its[1], str):
                known = self._above(its[0])
                root = root or (known[1] if known else its[1])
                self._learn(its[0], its[1], root)
        return self._above(parent)

    def _learn(self, number: str, uri: str, thread: str) -> None:
        with self._lock:
            self._known[number] = (uri, thread)
            self._known.move_to_end(number)
            self._numbers[uri] = number
            if len(self._known) > _MOST:
                _, (forgotten, _) = self._known.popitem(last=False)
                self._numbers.pop(forgotten, None)
