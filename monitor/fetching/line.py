"""A connection of its own to a network, which is cut where a call on it does not come to its end.

httpx counts the silence between two bytes alone: whoever sends one now and then, be it of the headers,
would hold a call for ever. And it does not tell which of several connections a call is made on; so
each line has one, and serves one call at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from monitor.fetching.deadline import Deadline

LIMITS = httpx.Limits(max_connections=1)
"""What a line's own httpx client is made with."""


class LateError(Exception):
    """The answer did not come in time, or not all of it."""


class Line:
    """One httpx client with one connection, for one call at a time."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._deadline = Deadline()

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
        lost = None
        with self._deadline.within(seconds):
            try:
                yield
            except (httpx.ConnectError, httpx.ConnectTimeout):
                raise  # nothing was asked yet
            except (httpx.HTTPError, httpx.StreamError) as error:
                lost = error
        # also without an error: a body without a length just ends where it is cut
        if self._deadline.is_late:
            raise LateError from lost
        if lost is not None:
            raise lost

    def _told(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore does, of which it is noted what it connected."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._deadline.holds(info["return_value"].get_extra_info("socket"))
