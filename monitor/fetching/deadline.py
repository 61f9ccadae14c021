"""A line to a network that is cut when its time is up, whatever is sent on it meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer


class Deadline:
    """Of one call at a time: the line that it holds when the time is up, or gets later, is cut."""

    def __init__(self) -> None:
        self.is_late = False
        self._line: socket.socket | None = None
        self._lock = Lock()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What is done inside may take so many seconds; afterwards `is_late` says whether it took longer."""
        self.is_late = False
        timer = Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # that it does not cut the next call's line

    def holds(self, line: socket.socket) -> None:
        """The call goes on by this line."""
        with self._lock:
            self._line = line
            self._cut_if_late()

    def _end(self) -> None:
        with self._lock:
            self.is_late = True
            self._cut_if_late()

    def _cut_if_late(self) -> None:
        if self.is_late and self._line is not None:
            with suppress(OSError):
                # of the bare socket: TLS is not to be used by two threads at once
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)
