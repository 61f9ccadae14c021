"""Access tokens: had for a secret that lasts, kept in memory as long as they are good.

What a token is had for is asked for each time, so a secret that was replaced is used with the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from monitor.domain.errors import SourceError
from monitor.fetching.client import Client, FetchError

_EARLY = 60.0
"""Seconds before its end a token is not used any more."""
_SHORT, _LONG = 300.0, 7 * 86_400.0
"""Seconds that a token is kept of which nobody said how long it is good; and any token at most."""


class Login:
    """The log-in of one source. Several threads may ask."""

    def __init__(
        self,
        client: Client,
        path: str,
        form: Callable[[], Mapping[str, str]],
        *,
        mend: str,
        rotated: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`form`: what is sent to `path`. `mend`: what to look at if that is refused. No I/O here.

        `rotated`: gets the refresh token that the network gave in place of the one that was used.
        """
        self._client = client
        self._path = path
        self._form = form
        self._mend = mend
        self._rotated = rotated
        self._lock = Lock()
        self._token: str | None = None
        self._until = 0.0
        self._is_used = False

    def headers(self) -> Mapping[str, str]:
        """What a call says to be let in. Raises SourceError, ConfigError."""
        with self._lock:
            if self._token is None or time.monotonic() >= self._until:
                self._token, self._until = self._granted()
                self._is_used = False
            else:
                self._is_used = True
            return {"authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Forget the token, which was refused. False: it was new, and another would fare no better."""
        with self._lock:
            self._token = None
            return self._is_used

    def _granted(self) -> tuple[str, float]:
        try:
            answer = self._client.form(self._path, self._form())
        except SourceError as error:
            raise self._refused(error) from error
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            message = "the log-in's answer holds no access token"
            raise FetchError(message, may_have_arrived=False)
        refresh = answer.get("refresh_token")
        if isinstance(refresh, str) and refresh:
            self._rotated(refresh)
        return token, time.monotonic() + _life(answer.get("expires_in"))

    def _refused(self, error: SourceError) -> FetchError:
        """The same error; whatever was to be written after the log-in was not sent."""
        return FetchError(
            f"{error}; {self._mend}" if error.permanent else str(error),
            permanent=error.permanent,
            retry_after=error.retry_after,
            status=None,
            may_have_arrived=False,
        )


def _life(seconds: Any) -> float:
    """How long a token may be used; some write the seconds as text."""
    try:
        told = float(seconds)
    except (TypeError, ValueError, OverflowError):
        return _SHORT
    return min(max(told - _EARLY, 0.0), _LONG) if told == told else _SHORT  # noqa: PLR0124  # NaN
