"""Asks the network by the names of its methods, as the account, and goes on when a token grew too old."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.fetching import Budget, Client, FetchError, Refusals, until_reset
from monitor.ports import Secrets
from monitor.sources.bluesky.options import Options
from monitor.sources.bluesky.session import Session

NETWORK = "bluesky"
REFUSED = 400
"""The status of whatever is wrong with a question; which it is stands in the answer's `error`."""
_UNKNOWN = 401
_TOO_OLD = ("ExpiredToken", "InvalidToken")
_MINUTE = timedelta(minutes=1)


class Calls:
    """One account's. Several threads may call; nothing is sent before that."""

    def __init__(self, options: Options, secrets: Secrets) -> None:
        account = f"{options.base_url} {options.account}"
        self.budget = Budget(options.calls_per_minute, _MINUTE, credential=account)

        def client(headers: Callable[[], Mapping[str, str]]) -> Client:
            return Client(
                "Bluesky",
                options.base_url,
                budget=self.budget,
                headers=headers,
                refusals=Refusals(wait=_until_reset),
                timeout=options.timeout,
            )

        whose = f"{options.account} at {options.base_url}"
        self.session = Session(client, options.account, whose, options.password, secrets)
        self._client = client(self.session.headers)

    def get(self, method: str, **asked: str | int | Sequence[str]) -> dict[str, Any]:
        """What is answered. Raises SourceError."""
        return self._asked(lambda: self._client.get(f"xrpc/{method}", **asked))

    def post(self, method: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """The same of something that is written, once. Raises SourceError."""
        return self._asked(lambda: self._client.post(f"xrpc/{method}", said))

    def _asked(self, ask: Callable[[], Any]) -> dict[str, Any]:
        token = self.session.tokens().access
        try:
            answer = ask()
        except FetchError as error:
            if error.status != _UNKNOWN and error_of(error) not in _TOO_OLD:
                raise
            self.session.renew(token)
            answer = ask()
        if not isinstance(answer, dict):
            raise FetchError("Bluesky answered with something that makes no sense")
        return answer


def error_of(error: FetchError) -> str:
    """The network's own name for what it refused; "" if it did not say."""
    name = error.said.get("error") if isinstance(error.said, dict) else None
    return name if isinstance(name, str) else ""


def iso(at: datetime) -> str:
    """A time as the network writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _until_reset(headers: Mapping[str, str]) -> timedelta | None:
    """When there are calls again."""
    if headers.get("ratelimit-remaining") != "0":
        return None
    return until_reset(headers.get("ratelimit-reset", ""), headers)
