"""Makes the app out of what the config says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

from monitor.domain.errors import ConfigError, StoreError
from monitor.domain.finding import Finding
from monitor.domain.notice import Reason
from monitor.ports import Clock, Desk, Secrets
from monitor.secrets import for_header
from monitor.settings import Settings
from monitor.settings.slack import SlackAppTable
from monitor.slackapp.calls import Calls
from monitor.slackapp.door import Door
from monitor.slackapp.serving import Http, Serving, Socket
from monitor.slackapp.staff import Staff
from monitor.slackapp.trying import Trial
from monitor.slackapp.workplace import Workplace
from monitor.store import alarms
from monitor.store.engine import Database


class SlackApp:
    """The app that a config describes."""

    def __init__(
        self,
        settings: Settings,
        options: Any,
        *,
        database: Database,
        secrets: Secrets,
        clock: Clock,
        desks: Callable[[], Sequence[Desk]],
    ) -> None:
        """`options` are those of the notifier whose cards have the buttons.

        Raises:
            ConfigError: there is no such app, or that notifier is none of Slack's.

        """
        if settings.slack_app is None:
            raise ConfigError("there is no [slack_app] in the config: docs/slack.md")
        if not hasattr(options, "language_of"):
            named = settings.slack_app.notifier
            raise ConfigError(f'[slack_app] notifier = "{named}": that is none of Slack\'s')
        self._settings = settings
        self._table: SlackAppTable = settings.slack_app
        self._options = options
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._desks = desks

    @cached_property
    def place(self) -> Workplace:
        """What the work needs."""
        its, calls = self._settings, self._calls(self._options.token)
        return Workplace(
            database=self._database,
            calls=calls,
            staff=Staff(
                calls, self._options.people, self._table.rights.by_right, self._table.brands
            ),
            clock=self._clock,
            zone=self._options.zone,
            language_of=self._options.language_of,
            desks=self._desks,
            brands=tuple(one.brand() for one in its.brands),
            rules=its.targets(),
            lexicon=its.lexicon(),
            approved=its.answers.approved(),
            command=self._table.command,
            people=its.staff(),
            notifier=self._table.notifier,
        )

    def serving(self) -> Serving:
        """The app, as the config wants it served.

        Raises:
            ConfigError: a secret is missing, or nobody may listen there.

        """
        table, its = self._table, self._options
        if table.mode == "http":
            secret = partial(for_header, self._secrets, table.signing_secret)
            return Http(Door(self.place, signing_secret=secret), table.host, table.port)
        token = partial(for_header, self._secrets, table.app_token)
        token()
        return Socket(
            Door(self.place),
            token,
            base_url=its.base_url,
            timeout=its.timeout,
            report=self._tell_operators,
        )

    def try_out(self) -> Iterator[Finding]:
        """Try what the app needs beside the notifier. Raises ConfigError or CallError."""
        connecting = self._calls(self._table.app_token)
        groups = self.place.staff.groups
        return Trial(self._table, self.place.calls, connecting, self._secrets, groups).try_out()

    def _calls(self, token: str) -> Calls:
        its = self._options
        return Calls(token, self._secrets, base_url=its.base_url, timeout=its.timeout)

    def _tell_operators(self, problem: str) -> None:
        """Once a day, that nothing pressed in Slack arrives."""
        now = self._clock()
        whom = self._settings.operators.tell or self._settings.audience
        said = "Slack's buttons and commands do not reach the program"
        lines = [problem, "it is tried again; `complaint-monitor slack check` says more"]
        try:
            with self._database.writing() as conn:
                key = f"slack_app:{now.date()}"
                alarms.write(conn, whom, key, Reason.STAGE_BROKEN, said, lines, now)
        except StoreError:
            return  # the log has it, and it is said again with the next attempt
