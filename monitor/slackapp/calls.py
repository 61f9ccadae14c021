"""Calls of Slack's Web API for the person who has just pressed something. None is ever repeated."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from monitor.domain.errors import MonitorError
from monitor.domain.quoting import quoted
from monitor.ports import Secrets
from monitor.render.slack_blocks import MESSAGE
from monitor.secrets import for_header

_log = structlog.get_logger(__name__)

_A_NAME = re.compile(r"[a-z][a-z_]*")
"""What Slack calls an error: a word for programs, no sentence."""

quiet = logging.getLogger(f"{__name__}.library")
"""For Slack's libraries: their own words would hold what they received."""
quiet.setLevel(logging.CRITICAL + 1)
quiet.propagate = False


class CallError(MonitorError):
    """Slack did not do it. `name`: its own word for why, or what the machine says."""

    def __init__(self, method: str, name: str, said: str | None = None) -> None:
        """`said`: the name as it may stand in a message."""
        super().__init__(f"Slack, {method}: {said or name}")
        self.name = name


def client(base_url: str, timeout: int, token: str | None = None) -> WebClient:
    """A client that never sends anything twice by itself."""
    return WebClient(
        token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=quiet
    )


class Calls:
    """The few methods that the app needs."""

    def __init__(self, token: str, secrets: Secrets, *, base_url: str, timeout: int) -> None:
        """`token` is the secret's name: it is read at every call, so that it may change."""
        self._token = token
        self._secrets = secrets
        self._base_url = base_url
        self._timeout = timeout

    def tell(self, user: str, channel: str | None, text: str) -> None:
        """Say something to one person: unseen by others in the channel, else in the app's messages.

        What cannot be told is logged: the person sees by the card that nothing was done.
        """
        try:
            self._tell(user, channel, text)
        except MonitorError as error:
            _log.warning("slack_person_not_told", problem=str(error))

    def show(self, user: str, channel: str, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Show something to one person, in the channel or in the app's messages, in several if it is long.

        Raises CallError.
        """
        part: list[dict[str, Any]] = []
        for one in blocks:
            if part and len(json.dumps([*part, one], ensure_ascii=False)) > MESSAGE:
                self._tell(user, channel, text, part)
                part = []
            part.append(dict(one))
        self._tell(user, channel, text, part)

    def _tell(
        self,
        user: str,
        channel: str | None,
        text: str,
        blocks: list[dict[str, Any]] | None = None,
    ) -> None:
        if channel is not None:
            try:
                self.call(
                    "chat.postEphemeral",
                    lambda slack: slack.chat_postEphemeral(
                        channel=channel,
                        user=user,
                        text=text,
                        blocks=blocks,
                        parse="none",
                        link_names=False,
                    ),
                )
                return
            except CallError as error:
                _log.info("slack_told_directly", problem=str(error))
        self.call(
            "chat.postMessage",
            lambda slack: slack.chat_postMessage(
                channel=user, text=text, blocks=blocks, parse="none"
            ),
        )

    def open(self, trigger: str, view: Mapping[str, Any], *, above: bool = False) -> None:
        """Open a modal, or one `above` another; Slack allows that within three seconds of the press."""
        if above:
            self.call(
                "views.push", lambda slack: slack.views_push(trigger_id=trigger, view=dict(view))
            )
            return
        self.call("views.open", lambda slack: slack.views_open(trigger_id=trigger, view=dict(view)))

    def update(self, view_id: str, view: Mapping[str, Any]) -> None:
        """Show something else in a modal."""
        self.call(
            "views.update", lambda slack: slack.views_update(view_id=view_id, view=dict(view))
        )

    def publish(self, user: str, view: Mapping[str, Any]) -> None:
        """Show a person's Home tab."""
        self.call("views.publish", lambda slack: slack.views_publish(user_id=user, view=dict(view)))

    def name_of(self, user: str) -> str:
        """A member's user name, the same that comes with what the member presses."""
        answer = self.call("users.info", lambda slack: slack.users_info(user=user))
        found: Mapping[str, Any] = answer.get("user") or {}
        return str(found.get("name") or "")

    def members(self, group: str) -> frozenset[str]:
        """Who is in a user group."""
        answer = self.call(
            "usergroups.users.list",
            lambda slack: slack.usergroups_users_list(usergroup=group),
        )
        return frozenset(map(str, answer.get("users") or ()))

    def team(self) -> str:
        """The id of the workspace whose token we have. Raises CallError."""
        answer = self.call("auth.test", lambda slack: slack.auth_test())
        its_id = str(answer.get("team_id") or "")
        if not its_id:
            raise CallError("auth.test", "no workspace is named")
        return its_id

    def scopes(self) -> frozenset[str] | None:
        """What the app was granted; None if Slack does not say. Raises CallError."""
        answer = self.call("auth.test", lambda slack: slack.auth_test())
        lower = {str(name).lower(): value for name, value in answer.headers.items()}
        said = lower.get("x-oauth-scopes")
        return None if said is None else frozenset(map(str.strip, str(said).split(",")))

    def try_to_connect(self) -> None:
        """Ask for an address of Socket Mode; nobody connects there. Raises CallError."""
        self.call(
            "apps.connections.open",
            lambda slack: slack.apps_connections_open(app_token=str(slack.token)),
        )

    def call(self, method: str, do: Callable[[WebClient], SlackResponse]) -> SlackResponse:
        """Make a call.

        Raises:
            CallError: Slack said no, or nothing that can be understood.
            ConfigError: there is no token.

        """
        token = for_header(self._secrets, self._token)
        try:
            answer = do(client(self._base_url, self._timeout, token))
        except SlackApiError as error:
            status = f"HTTP {error.response.status_code}"
            name = str(error.response.get("error") or status)
            said = name if name == status or _A_NAME.fullmatch(name) else quoted(name)
            raise CallError(method, name, said) from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise CallError(method, type(error).__name__) from error
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise CallError(method, "no answer that can be read") from error
        if not isinstance(answer.data, dict):
            raise CallError(method, "no answer that can be read")
        return answer
