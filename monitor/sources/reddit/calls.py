"""Asks Reddit: each call once, never waiting, and says what went wrong in words of ours.

praw logs in and keeps the token; its retries and its sleeping are switched off, because it posts a
comment up to three times when a connection drops after Reddit took it, and sleeps up to ten minutes
where our own scheduler could do something else.
"""

from __future__ import annotations

import math
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import prawcore

from monitor import __version__
from monitor.domain.errors import ConfigError, MonitorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FINE = (200, 201, 202)
_UNAUTHORIZED, _TIMED_OUT, _TOO_MANY, _SERVER = 401, 408, 429, 500
_TOKEN_PATH = "/api/v1/access_token"  # noqa: S105  # a path, no secret
_REASONS = {
    400: "Reddit finds the question wrong",
    402: "Reddit wants to be paid for this",
    403: "Reddit forbids it (a private or quarantined subreddit, a ban, or a scope that is missing)",
    404: "Reddit knows no such subreddit or account (misspelt, banned or suspended)",
    451: "Reddit withholds it for legal reasons",
}


class CallError(MonitorError):
    """A call that brought nothing.

    `permanent`: asking again is useless until somebody changes something. `may_have_arrived`: what
    was to be written may have been written all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        may_have_arrived: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.may_have_arrived = may_have_arrived


class _StaleTokenError(CallError):
    """The token ran out, or was taken back: worth one new log-in."""


class OneTry(prawcore.Requestor):  # type: ignore[misc]  # prawcore ships no types that we follow
    """Sends once. praw retries only what it can recognise as a failure of its own: none gets there."""

    _quiet_until = 0.0

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        """The response, which is JSON. Raises CallError."""
        wait = self._quiet_until - time.monotonic()
        if wait > 0:
            raise CallError(
                "Reddit's quota of calls is used up", retry_after=timedelta(seconds=math.ceil(wait))
            )
        is_log_in = url.endswith(_TOKEN_PATH)
        # a comment that was to be written is lost or not: nobody knows; a log-in writes nothing
        unknown = method.upper() == "POST" and not is_log_in
        kwargs["timeout"] = self.timeout
        try:
            response = super().request(method, url, **kwargs)
        except prawcore.RequestException as error:
            raise CallError(
                f"Reddit can't be reached, or broke off: {type(error.original_exception).__name__}",
                may_have_arrived=unknown,
            ) from error
        reset = self._heed(response.headers)
        if response.status_code not in _FINE:
            raise _refused(response, reset, is_log_in=is_log_in, unknown=unknown)
        try:
            response.json()
        except ValueError as error:
            raise CallError(
                "Reddit's answer is cut off, or no JSON", may_have_arrived=unknown
            ) from error
        return response

    def _heed(self, headers: Any) -> timedelta | None:
        """Keep Reddit's word on the quota, and keep it from praw, which would sleep. Its reset."""
        remaining = _number(headers.get("x-ratelimit-remaining"))
        reset = _number(headers.get("x-ratelimit-reset"))
        for name in [name for name in headers if name.lower().startswith("x-ratelimit-")]:
            del headers[name]
        if reset is None:
            return None
        if remaining is not None and remaining < 1:
            self._quiet_until = time.monotonic() + reset
        return timedelta(seconds=reset)


def _refused(
    response: Any, reset: timedelta | None, *, is_log_in: bool, unknown: bool
) -> CallError:
    status = response.status_code
    if status == _TOO_MANY:
        return CallError(
            "Reddit says: too many calls (429)", retry_after=_retry_after(response.headers) or reset
        )
    if status >= _SERVER or status == _TIMED_OUT:
        return CallError(
            f"Reddit has trouble of its own ({status})",
            retry_after=_retry_after(response.headers),
            may_have_arrived=unknown,
        )
    if is_log_in:
        return CallError(
            f"Reddit does not let us in ({status}): check client_id and the secrets; "
            "a refresh token may have been revoked",
            permanent=True,
        )
    if status == _UNAUTHORIZED:
        return _StaleTokenError("Reddit refuses a token that it just gave (401)", permanent=True)
    if response.is_redirect:  # Reddit sends who asks for a name that nobody has to its search page
        return CallError("Reddit knows no such subreddit (it redirects)", permanent=True)
    reason = _REASONS.get(status, "Reddit refuses")
    return CallError(f"{reason} ({status})", permanent=True)


class Calls:
    """A log-in to Reddit, made at the first call. Several threads may call; they wait in line."""

    def __init__(
        self,
        *,
        client_id: str,
        credentials: Callable[[], Mapping[str, str]],
        base_url: str | None,
        timeout: float,
        on_behalf_of: str,
    ) -> None:
        """`credentials`: praw's own keywords, with secrets, asked for at each log-in."""
        self._credentials = credentials
        self._settings: dict[str, Any] = {
            "client_id": client_id,
            "user_agent": f"python:complaint-monitor:{__version__} (for /u/{on_behalf_of})",
            # praw would take what is missing here from a praw.ini or the environment
            **dict.fromkeys(("username", "password", "refresh_token", "redirect_uri")),
            "oauth_url": f"{(base_url or 'https://oauth.reddit.com').rstrip('/')}/",
            "reddit_url": (base_url or "https://www.reddit.com").rstrip("/"),
            "check_for_updates": False,
            "check_for_async": False,
            "ratelimit_seconds": 0,
        }
        self._timeout = timeout
        self._lock = Lock()
        self._reddit: Any = None
        self.made = 0
        """Calls so far."""

    def get(self, path: str, **params: str | int) -> Any:
        """What Reddit has at `path`, as JSON. Raises CallError."""
        return self._call(lambda reddit: reddit.request(method="GET", path=path, params=params))

    def post(self, path: str, **form: str) -> Any:
        """Write, once. Raises CallError."""
        return self._call(lambda reddit: reddit.request(method="POST", path=path, data=form))

    def scopes(self) -> frozenset[str]:
        """What the token may do; "*" is everything. Raises CallError."""
        return frozenset(self._call(lambda reddit: reddit.auth.scopes()))

    def _call(self, ask: Callable[[Any], Any]) -> Any:
        with self._lock:
            self.made += 1
            try:
                return self._ask(ask)
            except _StaleTokenError:
                self._reddit = None  # the next one logs in anew
                return self._ask(ask)

    def _ask(self, ask: Callable[[Any], Any]) -> Any:
        try:
            if self._reddit is None:
                self._reddit = self._log_in()
            return ask(self._reddit)
        except prawcore.OAuthException as error:
            raise CallError(
                f"Reddit does not let us in ({error.error}): check username and password "
                "(an account with a second factor needs a refresh token)",
                permanent=True,
            ) from error
        except prawcore.PrawcoreException as error:
            raise CallError(f"praw can't go on: {error}", may_have_arrived=True) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # praw trusts the form of a token
            raise CallError("Reddit's answer to the log-in makes no sense") from error

    def _log_in(self) -> Any:
        import praw  # half a second, which `--help` need not wait for

        try:
            secret = self._credentials()
        except ConfigError as error:
            raise CallError(str(error), permanent=True) from error
        return praw.Reddit(
            "DEFAULT",
            requestor_class=OneTry,
            requestor_kwargs={"timeout": self._timeout},
            **{**self._settings, **secret},
        )


def _retry_after(headers: Any) -> timedelta | None:
    """Seconds, or a date, which is reckoned on the server's own clock."""
    said = headers.get("retry-after")
    seconds = _number(said)
    if seconds is None and said:
        try:
            until = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))
        except (TypeError, ValueError):
            return None
        seconds = max(until.total_seconds(), 0.0)
    return None if seconds is None else timedelta(seconds=seconds)


def _number(said: str | None) -> float | None:
    """A span in seconds or a count, if it is one; a day at most: nobody waits longer unasked."""
    try:
        number = float(said or "")
    except ValueError:
        return None
    return min(number, 86_400.0) if number >= 0 else None
