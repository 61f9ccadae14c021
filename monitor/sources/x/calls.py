"""Calls to X by tweepy, and the two ways in which one can fail: X refuses, or nothing usable comes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self

import requests
import tweepy

from monitor.domain.quoting import quoted
from monitor.fetching import retry_after, server_time, until_reset
from monitor.fetching.never_left import never_left
from monitor.ports import Clock
from monitor.sources.x.http import HOST, BaseURLAdapter

logging.getLogger("tweepy").setLevel(logging.INFO)  # at DEBUG it logs the token of every request

_MOST_WORDS = 300


class RefusedError(Exception):
    """X answered, with a status other than success. `retry_after` is what it said, if anything."""

    def __init__(self, status: int, said: str, retry_after: timedelta | None) -> None:
        super().__init__(f"X answered {status}: {quoted(said)}")
        self.status = status
        self.said = said
        self.retry_after = retry_after


class NoAnswerError(Exception):
    """Nothing that can be used came back. `may_have_arrived`: the request could have reached X."""

    def __init__(self, message: str, *, may_have_arrived: bool) -> None:
        super().__init__(message)
        self.may_have_arrived = may_have_arrived


@dataclass(frozen=True, slots=True)
class Keys:
    """The four that let an app act for its account (OAuth 1.0a)."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str


KEYS = tuple(one.name for one in fields(Keys))


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, the network's own time of it, and what the token may do ("read", "read-write"), if told."""

    body: dict[str, Any]
    at: datetime | None
    access: str | None


class Calls:
    """A connection for the length of one look. A context manager."""

    def __init__(
        self,
        *,
        token: str | None,
        keys: Keys | None,
        base_url: str | None,
        timeout: float,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._headers: dict[str, str] = {}
        self.client = tweepy.Client(
            token,
            *((keys.consumer_key, keys.consumer_secret) if keys else ()),
            access_token=keys.access_token if keys else None,
            access_token_secret=keys.access_token_secret if keys else None,
            return_type=dict,
            wait_on_rate_limit=False,
        )
        session = self.client.session
        session.mount(HOST, BaseURLAdapter(base_url, timeout))
        session.hooks["response"].append(self._check)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.session.close()

    def ask(self, method: Callable[..., Any], /, *args: Any, **params: Any) -> Answer:
        """Make one call, once. Raises RefusedError, NoAnswerError."""
        try:
            body = method(*args, **params)
        except requests.Timeout as error:
            reached = not never_left(error)
            raise NoAnswerError("X did not answer in time", may_have_arrived=reached) from error
        except requests.ConnectionError as error:
            reached = not never_left(error)
            words = "the connection to X broke" if reached else "X can't be reached"
            raise NoAnswerError(words, may_have_arrived=reached) from error
        except (requests.RequestException, ValueError, RecursionError) as error:
            words = f"X's answer can't be read ({type(error).__name__})"
            raise NoAnswerError(words, may_have_arrived=True) from error
        if not isinstance(body, dict):
            raise NoAnswerError("X's answer is no JSON object", may_have_arrived=True)
        return Answer(body, server_time(self._headers), self._headers.get("x-access-level"))

    def usage(self) -> Answer:
        """How much of the month's cap is used: costs nothing, and needs only a token that works."""
        return self.ask(lambda: self.client.request("GET", "/2/usage/tweets").json())

    def _check(self, response: requests.Response, *args: Any, **kwargs: Any) -> None:
        """Turn a refusal into our own error before tweepy does, which stumbles over unusual ones.

        A redirection is one: the API has none, and the login page of some proxy is no answer.
        """
        self._headers = {name.lower(): value for name, value in response.headers.items()}
        if not response.ok or response.is_redirect:
            raise RefusedError(response.status_code, _said(response), self._wait())

    def _wait(self) -> timedelta | None:
        """What X says of when to come again, reckoned on X's own clock: ours may be wrong."""
        headers, now = self._headers, self._clock()
        span = retry_after(headers, now)
        if span is not None:
            return span
        reset = headers.get("x-rate-limit-reset", "")
        if not reset.isdecimal() or int(headers.get("x-rate-limit-remaining", "0") or 0):
            return None
        return until_reset(reset, headers, now)


def _said(response: requests.Response) -> str:
    """X's own words about a refusal: problem details, or the older list of errors."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return response.reason or "no reason given"
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    message = first.get("message") if isinstance(first, dict) else first
    words = [one for one in (body.get("detail") or body.get("title"), message) if one]
    return " ".join(map(str, words))[:_MOST_WORDS] or response.reason
