"""The accounts that answer: the numbers that the server gives them, and where the token's own one lives."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from monitor.fetching import CallError
from monitor.sources.mastodon import statuses
from monitor.sources.mastodon.calls import Asks

OWN = ""
"""The name of the token's account, whatever it is called."""


class Accounts:
    """What the server said of accounts; each is asked for once."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def number(self, name: str, calls: Asks) -> str:
        """What the server calls the account. Raises CallError."""
        return str(self._account(name, calls)["id"])

    def home(self, calls: Asks) -> str:
        """The host, with its port, in the addresses of the token's account. Raises CallError."""
        own = self._account(OWN, calls)
        return host_of(own.get("uri") or own.get("url"))

    def _account(self, name: str, calls: Asks) -> Any:
        if name not in self._known:
            if name == OWN:
                account = calls.ask(lambda client: client.account_verify_credentials())
            else:
                account = calls.ask(lambda client: client.account_lookup(name))
            if not isinstance(account, dict) or not statuses.is_number(account.get("id")):
                raise CallError("the server answered with something that is no account")
            self._known[name] = account
        return self._known[name]


def host_of(address: Any) -> str:
    """The host, with its port, of an address; "" if it is none."""
    try:
        return urlsplit(address).netloc if isinstance(address, str) else ""
    except ValueError:
        return ""
