"""Asks Reddit: each call once, never waiting, and says what went wrong in words of ours.

praw logs in and keeps the token; its retries and its sleeping are switched off, because it posts a
comment up to three times when a connection drops after Reddit took it, and sleeps up to ten minutes
where our own scheduler could do something else.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import prawcore
import requests

from monitor import __version__
from monitor.domain.errors import ConfigError
from monitor.domain.quoting import quoted
from monitor.fetching import CallError, retry_after
from monitor.fetching.never_left import never_left
from monitor.fetching.whole import WholeAnswers
from monitor.sources.reddit.quota import Quota

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


class _StaleTokenError(CallError):
    """The token ran out, or was taken back: worth one new log-in."""


class OneTry(prawcore.Requestor):  # type: ignore[misc]  # prawcore ships no types that we follow
    """Sends once. praw retries only what it can recognise as a failure of its own: none gets there."""

    def __init__(self, *args: Any, quota: Quota, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._quota = quota

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        """The response, which is JSON. Raises CallError."""
        pause = self._quota.pause()
        if pause is not None:
            raise CallError("Reddit's quota of calls is used up", retry_after=pause)
        is_log_in = url.endswith(_TOKEN_PATH)
        # a comment that was to be written is lost or not: nobody knows; a log-in writes nothing
        unknown = method.upper() == "POST" and not is_log_in
        try:
            response = super().request(method, url, **kwargs)
        except prawcore.RequestException as error:
            cause = error.original_exception
            raise CallError(
                f"Reddit can't be reached, or broke off: {type(cause).__name__}",
                may_have_arrived=unknown and not never_left(cause),
            ) from error
        reset = self._quota.heed(response.headers)
        if response.status_code not in _FINE:
            raise _refused(response, reset, is_log_in=is_log_in, unknown=unknown)
        try:
            response.json()
        except (ValueError, RecursionError) as error:
            raise CallError(
                "Reddit's answer is cut off, or no JSON", may_have_arrived=unknown
            ) from error
        return response


def _refused(
    response: Any, reset: timedelta | None, *, is_log_in: bool, unknown: bool
) -> CallError:
    status = response.status_code
    if status == _TOO_MANY:
        return CallError(
            "Reddit says: too many calls (429)", retry_after=retry_after(response.headers) or reset
        )
    if status >= _SERVER or status == _TIMED_OUT:
        return CallError(
            f"Reddit has trouble of its own ({status})",
            retry_after=retry_after(response.headers),
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


class Asks(Protocol):
    """Whatever can ask Reddit a question."""

    def get(self, path: str, **params: str | int) -> Any:
        """What Reddit has at `path`, as JSON. Raises CallError."""
        ...


class Counted:
    """The calls of one look: `made` counts them, whoever else asks meanwhile."""

    def __init__(self, calls: Asks) -> None:
        self._calls = calls
        self.made = 0

    def get(self, path: str, **params: str | int) -> Any:
        """As `Asks.get`."""
        self.made += 1
        return self._calls.get(path, **params)


class Calls:
    """Log-ins to Reddit, made when they are needed.

    Several threads may call. Each has a connection to itself for as long as its call takes: an
    answer that comes in drop by drop holds up nobody else.
    """

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
        self._idle: deque[Any] = deque()
        """Connections that nobody uses now, each with a token of its own."""
        self.quota = Quota()

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
        try:
            try:
                reddit = self._idle.pop()
            except IndexError:
                reddit = self._log_in()
            return self._ask(ask, reddit)
        except _StaleTokenError:
            return self._ask(ask, self._log_in())

    def _ask(self, ask: Callable[[Any], Any], reddit: Any) -> Any:
        try:
            answer = ask(reddit)
        except CallError as error:
            if not error.permanent:  # else the secrets may be mended: the next call reads them anew
                self._idle.append(reddit)
            raise
        except prawcore.OAuthException as error:
            raise CallError(
                f"Reddit does not let us in ({quoted(error.error)}): check username and password "
                "(an account with a second factor needs a refresh token)",
                permanent=True,
            ) from error
        except prawcore.PrawcoreException as error:
            raise CallError(f"praw can't go on: {quoted(error)}", may_have_arrived=True) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # praw trusts the form of a token
            raise CallError("Reddit's answer to the log-in makes no sense") from error
        self._idle.append(reddit)
        return answer

    def _log_in(self) -> Any:
        import praw  # half a second, which `--help` need not wait for

        try:
            secret = self._credentials()
        except ConfigError as error:
            raise CallError(str(error), permanent=True) from error
        return praw.Reddit(
            "DEFAULT",
            requestor_class=OneTry,
            requestor_kwargs={"session": _session(self._timeout), "quota": self.quota},
            **{**self._settings, **secret},
        )


def _session(timeout: float) -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, WholeAnswers(timeout))
    return session
