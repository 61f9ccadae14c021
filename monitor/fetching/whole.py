"""Answers to what a network's own library asks by `requests`: whole, in a bounded time, of a bounded size.

requests counts the silence between two bytes alone: whoever sends one now and then, be it of the headers,
would hold a call for ever, and whoever never stops would fill the memory.
"""

from __future__ import annotations

import io
import socket
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from threading import Lock, Timer
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError

from monitor.fetching.never_left import never_left

MOST_BYTES = 32 * 2**20
"""The longest body that is read, unpacked."""
_SLOWNESS = 4
"""So many times the time-out may an answer take that comes in drop by drop."""
_AT_ONCE = 2**16
_DRIPS = "an answer that only drips"


class WholeAnswers(HTTPAdapter):
    """Sends a call once, and hands its answer on when all of it is there.

    For one session's `mount`; whatever the library sets for the time-out gives way to this one.
    """

    def __init__(self, timeout: float) -> None:
        """`timeout`: seconds of silence; from the call to its whole answer it may take four times as long."""
        self._timeout = timeout
        super().__init__(max_retries=0)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """The answer, read. Raises requests.RequestException."""
        with _Exchange(_SLOWNESS * self._timeout) as exchange:
            try:
                response = super().send(request, *args, **{**kwargs, "timeout": self._timeout})
                with response:
                    body = _body(response)
            except requests.RequestException as error:
                if not exchange.is_late or never_left(error):
                    raise
                raise requests.ReadTimeout(_DRIPS) from error
        if exchange.is_late:  # headers, and a body of no known length, just end where they are cut
            raise requests.ReadTimeout(_DRIPS)
        response.raw = io.BytesIO(body)
        return response

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        """Of connections that tell their exchange on what line it is held."""
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        if not issubclass(pool.ConnectionCls, _Telling):
            pool.ConnectionCls = _telling(pool.ConnectionCls)
        return pool


class _Exchange:
    """A call and its answer, whose line is cut when both together took too long. A context manager."""

    def __init__(self, seconds: float) -> None:
        self.is_late = False
        self._line: socket.socket | None = None
        self._lock = Lock()
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._before = _UNDER_WAY.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        _UNDER_WAY.reset(self._before)
        self._timer.cancel()
        self._timer.join()  # that it does not cut the next call's line
        self._let_go()

    def holds(self, line: socket.socket) -> None:
        """It goes on by this line; of which it gets a handle of its own, as TLS takes the other one over."""
        with self._lock:
            self._let_go()
            self._line = socket.fromfd(line.fileno(), line.family, line.type)
            self._cut_if_late()

    def _end(self) -> None:
        with self._lock:
            self.is_late = True
            self._cut_if_late()

    def _cut_if_late(self) -> None:
        if self.is_late and self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._line is not None:
            self._line.close()


_UNDER_WAY: ContextVar[_Exchange] = ContextVar("under_way")
"""What this thread asks."""


class _Telling:
    """A connection of urllib3 that tells the exchange under way of its socket, a new one or one in use."""

    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's, whichever it is
        _UNDER_WAY.get().holds(made)
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _UNDER_WAY.get().holds(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]


@cache
def _telling(kind: type[Any]) -> type[Any]:
    return type(f"Telling{kind.__name__}", (_Telling, kind), {})


def _body(response: requests.Response) -> bytes:
    found = bytearray()
    try:
        while part := response.raw.read1(_AT_ONCE, decode_content=True):
            found += part
            if len(found) > MOST_BYTES:
                raise requests.ConnectionError("an answer without end")
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except HTTPError as error:
        raise requests.ConnectionError(error) from error
    return bytes(found)
