"""A connection of its own to a network, which is cut where a call on it does not come to its end.

httpx counts the silence between two bytes alone: whoever sends one now and then, be it of the headers,
would hold a call for ever. And it does not tell which of several connections a call is made on; so
each line has one, and serves one call at a time.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import Any

import httpx

LIMITS = httpx.Limits(max_connections=1)
"""What a line's own httpx client is made with."""


class LateError(Exception):
    """The answer did not come in time, or not all of it."""


class Line:
    """One httpx client with one connection, for one call at a time."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._is_late = False

    @contextmanager
    def asked(
        self, method: str, url: httpx.URL | str, seconds: float, **said: Any
    ) -> Iterator[httpx.Response]:
        """The answer, to be read inside. `said`: headers and body, as httpx takes them.

        Raises:
            LateError: from the question to what is inside, all of it took longer than so many `seconds`.
            httpx.HTTPError: as httpx does.

        """
        told = {"trace": self._told}
        with (
            self._ending(seconds),
            self._client.stream(method, url, extensions=told, **said) as response,
        ):
            yield response

    @contextmanager
    def _ending(self, seconds: float) -> Iterator[None]:
        self._is_late, lost = False, None
        timer = Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise  # nothing was asked yet
        except (httpx.HTTPError, httpx.StreamError) as error:
            lost = error
        finally:
            timer.cancel()
            timer.join()  # that it does not cut the next call's connection
        if (
            self._is_late
        ):  # also without an error: a body without a length just ends where it is cut
            raise LateError from lost
        if lost is not None:
            raise lost

    def _told(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore does, of which it is noted what it connected."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                self._cut_if_late()

    def _end(self) -> None:
        with self._lock:
            self._is_late = True
            self._cut_if_late()

    def _cut_if_late(self) -> None:
        if self._is_late and self._socket is not None:
            with suppress(OSError):
                # of the bare socket: TLS is not to be used by two threads at once
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
