"""The two things that tweepy lacks, by the hook that requests offers: a time-out and another address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, Response
from requests.utils import get_environ_proxies

from monitor.fetching.whole import WholeAnswers

HOST = "https://api.twitter.com/"
"""The address that tweepy has built in."""


class BaseURLAdapter(WholeAnswers):
    """Sends what is meant for `HOST` to `base` instead (None: leaves it), never twice, never for ever.

    `timeout` is in seconds, for connecting and for each silence between two parts of an answer; all of it
    may take four times as long.
    """

    def __init__(self, base: str | None, timeout: float) -> None:
        self._base = urlsplit(base) if base else None
        super().__init__(timeout)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        if self._base is not None:
            request = request.copy()
            asked = urlsplit(request.url or "")
            request.url = urlunsplit(
                asked._replace(
                    scheme=self._base.scheme,
                    netloc=self._base.netloc,
                    path=self._base.path.rstrip("/") + str(asked.path),
                )
            )
            # the session chose the proxies by the address that was meant, not by this one
            kwargs["proxies"] = get_environ_proxies(request.url)
        return super().send(request, *args, **kwargs)
