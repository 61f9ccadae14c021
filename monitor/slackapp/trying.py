"""Whether the app can do its work: its scopes, its groups, and how what is pressed comes in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.domain.errors import MonitorError
from monitor.domain.finding import Finding, Standing
from monitor.ports import Secrets
from monitor.secrets import for_header
from monitor.settings.slack import SlackAppTable
from monitor.slackapp.calls import CallError, Calls
from monitor.slackapp.manifest import OF_THE_APP, SCOPES

_TO_DO = "add it to the app (`slack manifest` has all) and install it again"


@dataclass(frozen=True, slots=True)
class Trial:
    """Tries everything that the app needs beside the notifier; tells nobody anything."""

    table: SlackAppTable
    calls: Calls
    """Under the bot's token, …"""
    connecting: Calls
    """… and under the app's."""
    secrets: Secrets
    groups: Sequence[str]
    """Those that rights name."""

    def try_out(self) -> Iterator[Finding]:
        """Raises ConfigError or CallError: nothing further can be tried before that is mended."""
        yield from self._scopes()
        yield from self._door()
        for group in self.groups:
            try:
                number = len(self.calls.members(group))
            except MonitorError as error:
                said = f"{error}: nobody has the rights of {group}"
                yield Finding(said, Standing.FAILS)
            else:
                yield Finding(f"group {group}: {number} members")

    def _scopes(self) -> Iterator[Finding]:
        granted = self.calls.scopes()
        if granted is None:
            yield Finding("scopes: Slack does not say what the app may do", Standing.LACKS)
            return
        for one in OF_THE_APP:
            if one not in granted:
                said = f"scope {one} is missing, for {SCOPES[one]}: {_TO_DO}"
                yield Finding(said, Standing.LACKS if one == "users:read" else Standing.FAILS)
        if granted.issuperset(OF_THE_APP):
            yield Finding(f"scopes: {', '.join(OF_THE_APP)}")

    def _door(self) -> Iterator[Finding]:
        if self.table.mode == "http":
            for_header(self.secrets, self.table.signing_secret)
            where = f"{self.table.host}:{self.table.port}"
            yield Finding(f"HTTP: the signing secret is there; it listens on {where}")
            return
        try:
            self.connecting.try_to_connect()
        except CallError as error:
            if error.name not in ("invalid_auth", "not_allowed_token_type"):
                raise
            said = "Socket Mode: the app-level token (xapp-…) is wrong: Basic Information, App-Level Tokens"
            yield Finding(said, Standing.FAILS)
        else:
            yield Finding("Socket Mode: a connection can be had")
