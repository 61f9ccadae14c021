"""Calls of Slack's Web API, each with the fate that its failure leaves to what was sent."""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.quoting import quoted
from monitor.fetching import retry_after
from monitor.notifiers.slack.errors import OF_A_CHANNEL, OF_THE_APP, OUTCOMES, in_words, meaning
from monitor.notifiers.slack.pacing import Pace
from monitor.ports import Secrets
from monitor.secrets import for_header

_UNSAID_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_TOO_MANY, _SERVER_S = 429, 500
_OURS_TO_MEND = timedelta(minutes=5)
_CHANNEL_S_TO_MEND = timedelta(minutes=2)
_NEVER_BEGAN = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
_A_NAME = re.compile(r"[a-z][a-z_]*")

_quiet = logging.getLogger(__name__)  # the library's own words would hold what it received
_quiet.setLevel(logging.CRITICAL)


class RefusedError(SendError):
    """Slack said no, and why: `name` is the error as Slack calls it."""

    def __init__(self, name: str, where: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(
            in_words(name, where),
            outcome=OUTCOMES[meaning(name)],
            retry_after=retry_after,
            answered=True,  # it may have stood in the queue for long before
            is_down=name in OF_THE_APP,
        )
        self.name = name


class Wire:
    """The Web API under one token, paced, never repeating a call by itself."""

    def __init__(
        self, token: str, secrets: Secrets, pace: Pace, *, base_url: str, timeout: int
    ) -> None:
        """`token` is the secret's name: it is read at every call, so that it may change."""
        self._token = token
        self._secrets = secrets
        self._pace = pace
        self._base_url = base_url
        self._timeout = timeout

    def call(
        self, method: str, channel: str, do: Callable[[WebClient], SlackResponse]
    ) -> SlackResponse:
        """Make the call in its turn; `channel` is where it writes or reads.

        Raises:
            RefusedError: Slack said no.
            SendError: no answer, or none that can be understood.

        """
        where = f"{method} in {channel}" if channel else method
        client = self._client()
        self._pace.await_turn(method, channel)
        try:
            answer = do(client)
        except SlackApiError as error:
            raise self._said_no(error.response, method, channel, where) from error
        except (OSError, HTTPException) as error:
            raise _unanswered(error, where) from error
        except (SlackRequestError, AttributeError, LookupError, TypeError, ValueError) as error:
            # whatever the library makes of an answer that is none of Slack's; its words may hold
            # what was received, or sent
            words = f"Slack, {where}: the answer can't be read ({type(error).__name__})"
            raise SendError(words, outcome=Outcome.UNKNOWN) from error
        if not isinstance(answer.data, dict):
            raise SendError(f"Slack, {where}: no JSON", outcome=Outcome.UNKNOWN)
        return answer

    def _client(self) -> WebClient:
        try:
            token = for_header(self._secrets, self._token)
        except ConfigError as error:
            raise SendError(
                str(error), outcome=Outcome.NOT_SENT, retry_after=_OURS_TO_MEND
            ) from error
        return WebClient(
            token=token,
            base_url=self._base_url,
            timeout=self._timeout,
            retry_handlers=[],  # its own would post again what was taken and not answered
            logger=_quiet,
        )

    def _said_no(self, response: Any, method: str, channel: str, where: str) -> SendError:
        status = response.status_code
        said = response.data.get("error") if isinstance(response.data, dict) else None
        name = said if isinstance(said, str) and _A_NAME.fullmatch(said) else None
        if status == _TOO_MANY or name in ("ratelimited", "rate_limited"):
            pause = _pause(response.headers)
            refused = RefusedError("ratelimited", where, retry_after=pause)
            self._pace.hold(method, channel, pause, str(refused))
            return refused
        if status >= _SERVER_S or (name is None and status < 400):  # noqa: PLR2004 - HTTP's refusals
            return SendError(
                f"Slack, {where}: no answer of Slack's (HTTP {status})", outcome=Outcome.UNKNOWN
            )
        if name is None:
            return SendError(f"Slack, {where}: HTTP {status}", outcome=Outcome.NOT_SENT)
        if name not in OF_A_CHANNEL:
            return RefusedError(name, where)
        refused = RefusedError(name, where, retry_after=_CHANNEL_S_TO_MEND)
        if method == "chat.postMessage":  # the one that is paced by channel
            self._pace.hold(method, channel, _CHANNEL_S_TO_MEND, str(refused))
        return refused


def _unanswered(error: Exception, where: str) -> SendError:
    cause = error.reason if isinstance(error, URLError) else error
    began = not isinstance(cause, _NEVER_BEGAN)
    outcome = Outcome.UNKNOWN if began else Outcome.NOT_SENT
    words = f"Slack, {where}: {type(cause).__name__} {quoted(cause)}"
    return SendError(words, outcome=outcome, is_down=not began)


def _pause(headers: Any) -> timedelta:
    """What Retry-After says, within reason."""
    return min(retry_after(dict(headers)) or _UNSAID_PAUSE, _LONGEST_PAUSE)
