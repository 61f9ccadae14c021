"""Asks the server: each call once, never waiting, and says what went wrong in words of ours.

Mastodon.py knows the paths, the parameters and how a token is shown. What came back is taken from the
wire: on its way through the library's types, ids become numbers and odd fields something else.
"""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import mastodon
import requests

from monitor import __version__
from monitor.domain.errors import ConfigError
from monitor.domain.quoting import quoted
from monitor.fetching import CallError
from monitor.fetching.never_left import never_left
from monitor.fetching.whole import WholeAnswers
from monitor.ports import Clock
from monitor.sources.mastodon.quota import Quota, wait

NOT_FOUND = 404
_UNAUTHORIZED, _TIMED_OUT, _TOO_MANY, _SERVER = 401, 408, 429, 500
_MOST_WORDS = 200
_SPOKEN = "4.3.0"
"""The version whose questions we ask; without one the library would ask the server for its own."""
_REASONS = {
    _UNAUTHORIZED: "the token is wrong or was revoked: make a new one (docs/sources/mastodon.md)",
    403: "the token may not do this: look at its scopes (docs/sources/mastodon.md)",
    NOT_FOUND: "there is no such thing there: look at base_url and accounts",
}
_STUMBLES = (mastodon.MastodonError, ArithmeticError, AttributeError, LookupError, TypeError)
"""What the library raises, also over a body that is odd; whether it is, we see for ourselves."""


Question = Callable[[mastodon.Mastodon], object]
"""One call of the library's."""


class Asks(Protocol):
    """Whatever can ask the server a question."""

    def ask(self, question: Question, /) -> Any:
        """What the server answers, as JSON. Raises CallError."""
        ...


@dataclass(slots=True)
class Counted:
    """The calls of one look: `made` counts them, whoever else asks meanwhile."""

    calls: Calls
    made: int = 0

    def ask(self, question: Question, /) -> Any:
        """As `Asks.ask`."""
        answer, made = self.calls.ask_counting(question)
        self.made += made
        if isinstance(answer, CallError):
            raise answer
        return answer


class Wire(requests.Session):
    """Sends once, follows nobody elsewhere, reads no more and no longer than is reasonable."""

    def __init__(self, timeout: float, quota: Quota, clock: Clock) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, WholeAnswers(timeout))
        self._quota = quota
        self._clock = clock
        self.made = 0
        self.came: Any = None
        """The last answer, or a CallError that says why there is none."""

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> Any:
        """The response, with its body read. Raises CallError."""
        try:
            return self._response(str(method), url, *args, **kwargs)
        except CallError as error:
            self.came = error
            raise

    def _response(self, method: str, url: str | bytes, *args: Any, **kwargs: Any) -> Any:
        left = self._quota.left
        if left is not None and left[0] == 0:
            raise CallError("the server's quota of calls is used up", retry_after=left[1])
        self.made += 1
        writes = method.upper() != "GET"
        kwargs |= {"stream": True, "allow_redirects": False}
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.RequestException as error:
            arrived = writes and not never_left(error)
            words = f"the server can't be reached, or broke off: {type(error).__name__}"
            raise CallError(words, may_have_arrived=arrived) from error
        now, body = self._clock(), response.raw.read()
        self._quota.heed(response.headers, now)
        if not response.ok or response.is_redirect:
            raise _refused(response, body, wait(response.headers, now), writes=writes)
        try:
            self.came = json.loads(body)
        except (ValueError, RecursionError) as error:
            words = "the server's answer is cut off, or no JSON"
            raise CallError(words, may_have_arrived=writes) from error
        # the library sees an empty answer: making its types of a full one takes half of a look's time
        response.raw = io.BytesIO(b"[]" if isinstance(self.came, list) else b"{}")
        return response


class Calls:
    """Connections to one server in the name of one account, made when they are needed.

    Several threads may call. Each has a connection to itself for as long as its call takes.
    """

    def __init__(
        self, *, base_url: str, token: Callable[[], str], timeout: float, clock: Clock
    ) -> None:
        """`token` is asked for whenever a connection is made."""
        self.quota = Quota()
        self._base_url = base_url
        self._token = token
        self._timeout = timeout
        self._clock = clock
        self._idle: deque[tuple[Any, Wire]] = deque()

    def ask(self, question: Question, /) -> Any:
        """What the server answers, as JSON. Raises CallError."""
        answer, _ = self.ask_counting(question)
        if isinstance(answer, CallError):
            raise answer
        return answer

    def ask_counting(self, question: Question) -> tuple[Any, int]:
        """The same, or the CallError, and how many calls it took."""
        try:
            client, wire = self._idle.pop() if self._idle else self._connect()
        except ConfigError as error:
            return CallError(str(error), permanent=True), 0
        wire.came, wire.made = None, 0
        try:
            question(client)
        except (*_STUMBLES, ValueError, RecursionError) as error:
            if wire.came is None:
                said = f"{type(error).__name__} {quoted(error)}"
                wire.came = CallError(f"Mastodon.py can't ask this: {said}", permanent=True)
        if isinstance(wire.came, CallError) and wire.came.permanent:
            wire.close()  # the secret may be mended: the next call reads it anew
        else:
            self._idle.append((client, wire))
        return wire.came, wire.made

    def _connect(self) -> tuple[Any, Wire]:
        wire = Wire(self._timeout, self.quota, self._clock)
        client = mastodon.Mastodon(
            access_token=self._token().strip(),
            api_base_url=self._base_url,
            session=wire,
            ratelimit_method="throw",
            request_timeout=self._timeout,
            # "none" would make some of its methods ask the server for its version
            version_check_mode="created",
            mastodon_version=_SPOKEN,
            user_agent=f"complaint-monitor/{__version__}",
        )
        return client, wire


def _refused(
    response: requests.Response, body: bytes, wait: timedelta | None, *, writes: bool
) -> CallError:
    status, said = response.status_code, _said(body)
    if status == _TOO_MANY:
        words = "the server says: too many calls (429)"
        return CallError(words, status=status, retry_after=wait)
    if status >= _SERVER or status == _TIMED_OUT:
        words = f"the server has trouble of its own ({status}{said})"
        return CallError(words, status=status, retry_after=wait, may_have_arrived=writes)
    if response.is_redirect:
        words = f"the server sends us elsewhere ({status}): look at base_url"
        return CallError(words, status=status, permanent=True)
    to_do = _REASONS.get(status)
    words = f"the server refuses ({status}{said})" + (f"; {to_do}" if to_do else "")
    return CallError(words, status=status, permanent=True)


def _said(body: bytes) -> str:
    """The server's own words about a refusal."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    words = told.get("error") if isinstance(told, dict) else None
    return f": {quoted(words[:_MOST_WORDS])}" if isinstance(words, str) and words else ""
