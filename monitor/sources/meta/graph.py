"""Asks the Graph API, and says what its refusals mean: nearly all come as 400 with a code of Meta's."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.quoting import quoted
from monitor.fetching import Budget, Client, FetchError
from monitor.ports import Secrets
from monitor.secrets import for_header
from monitor.sources.meta.usage import Usage

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_BUSY = frozenset({4, 17, 32, 341, 613})
_BUSY_BUSINESS = range(80_000, 80_015)
_TROUBLE = frozenset({1, 2})
_TOKEN = frozenset({102, 190})
_RIGHTS = frozenset({3, 10, *range(200, 300)})
_BLOCKED = 368
_MISSING = frozenset({(100, 33), (100, None), (803, None), (110, None)})
_MISSING_WORDS = ("does not exist", "cannot be loaded", "do not exist")
_A_WHILE = timedelta(hours=1)
_SAID = 200


class OddError(FetchError):
    """Meta refuses this one question, whatever it is; others may be answered."""


class MissingError(OddError):
    """The thing is not there (any more), or not for us: Meta does not tell these apart."""


class RightsError(FetchError):
    """The token may not do this. Whether it is about one thing, or about all, Meta does not say."""


class Graph:
    """The Graph API, with one token. Several threads may call."""

    def __init__(
        self,
        base_url: str,
        *,
        secrets: Secrets,
        token: str,
        app_secret: str | None,
        budget: Budget,
        usage: Usage,
        timeout: float,
    ) -> None:
        """`token`, `app_secret`: names of secrets, asked for at each call. No I/O here."""
        self.usage = usage
        self._secrets = secrets
        self._token = token
        self._app_secret = app_secret
        self.client = Client(
            "Meta",
            base_url,
            budget=budget,
            headers=self._headers,
            timeout=timeout,
        )
        self.client.heard = usage.heard

    def get(self, path: str, **asked: str | int) -> dict[str, Any]:
        """The JSON object at `path`. Raises SourceError."""
        self._require(path)
        try:
            said = self.client.get(path, **asked, **self._proof())
        except FetchError as error:
            raise self._meant(error) from error
        if not isinstance(said, dict):
            raise FetchError("Meta answered with something that makes no sense")
        if isinstance(said.get("error"), dict):  # with status 200, through some gateways
            raise self._meant(FetchError("Meta refuses", said=said))
        return said

    def post(self, path: str, said: Mapping[str, Any]) -> Any:
        """Write, once. Raises SourceError."""
        self._require(path)
        try:
            return self.client.post(path, {**said, **self._proof()})
        except FetchError as error:
            raise self._meant(error) from error

    def _require(self, path: str) -> None:
        """Raise SourceError if no more may be asked, or if an id that we were told leads elsewhere."""
        if not all(map(is_id, path.split("/"))):
            raise FetchError(f"Meta has no such thing: {quoted(path[:80])}", may_have_arrived=False)
        self.usage.require_some()

    def _headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {for_header(self._secrets, self._token)}"}

    def _proof(self) -> dict[str, str]:
        """That whoever has the token is the app that it was made for; an app may require it."""
        if self._app_secret is None:
            return {}
        try:
            key = self._secrets.get(self._app_secret).strip().encode()
            token = for_header(self._secrets, self._token).encode()
        except ConfigError as error:
            raise FetchError(str(error), permanent=True, may_have_arrived=False) from error
        return {"appsecret_proof": hmac.new(key, token, hashlib.sha256).hexdigest()}

    def _meant(self, error: FetchError) -> FetchError:
        """The same refusal, by Meta's own code."""
        told = error.said.get("error") if isinstance(error.said, dict) else None
        if not isinstance(told, dict):
            return error
        code, words = told.get("code"), str(told.get("message") or "")[:_SAID]
        status, said = error.status, error.said
        if code in _BUSY or code in _BUSY_BUSINESS:
            after = error.retry_after or self.usage.pause
            return FetchError(
                f"Meta was asked too much ({code}): {quoted(words)}",
                retry_after=after,
                status=status,
                said=said,
                may_have_arrived=False,
            )
        if code in _TROUBLE or told.get("is_transient") is True:
            return FetchError(
                f"Meta has trouble of its own ({code}): {quoted(words)}",
                retry_after=error.retry_after,
                status=status,
                said=said,
            )
        if code == _BLOCKED:
            return FetchError(
                f"Meta blocks the app or account for a while ({code}): {quoted(words)}",
                retry_after=_A_WHILE,
                status=status,
                said=said,
                may_have_arrived=False,
            )
        return _kind(told, words)(
            f"Meta {_reason(code)} ({code}): {quoted(words)}",
            permanent=True,
            status=status,
            said=said,
            may_have_arrived=False,
        )


def is_id(name: Any) -> bool:
    """Whether it may be the id of a thing: no other is put into an address."""
    return isinstance(name, str) and _ID.fullmatch(name) is not None


def _is_missing(told: Mapping[str, Any], words: str) -> bool:
    place = (told.get("code"), told.get("error_subcode"))
    return place in _MISSING and any(one in words for one in _MISSING_WORDS)


def _kind(told: Mapping[str, Any], words: str) -> type[FetchError]:
    if _is_missing(told, words):
        return MissingError
    if told.get("code") in _RIGHTS:
        return RightsError
    return FetchError if told.get("code") in _TOKEN else OddError


def _reason(code: Any) -> str:
    if code in _TOKEN:
        return "does not know the token, or it has expired: make a new one"
    if code in _RIGHTS:
        return "forbids it: the token lacks a right"
    return "refuses"


def listed(answer: Mapping[str, Any]) -> list[Any]:
    """The things of an edge's answer. Raises SourceError."""
    things = answer.get("data")
    if not isinstance(things, list):
        raise SourceError("Meta answered with something that is no list")
    return things
