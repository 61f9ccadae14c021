"""What the app must be in Slack: its manifest, and the scopes in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCOPES: Mapping[str, str] = {
    "chat:write": "cards, edits, threads, words to one person",
    "files:write": "a report's chart and its page",
    "channels:history": "whether a message arrived of which Slack did not say so",
    "channels:read": "whether a channel is archived, and the app in it",
    "groups:history": "the same in private channels",
    "groups:read": "the same in private channels",
    "commands": "the command",
    "users:read": "the name of whoever a case is given to",
    "usergroups:read": "rights by user group",
}
"""The bot's scopes, and what each is for."""
OF_THE_APP = ("commands", "users:read", "usergroups:read")
"""Those that the notifier alone does not need."""


def manifest(command: str, *, request_url: str | None = None) -> dict[str, Any]:
    """The app's manifest, as Slack takes it (JSON).

    Args:
        command: its name, such as `/complaints`.
        request_url: where Slack reaches the app by HTTP; None: Socket Mode, which needs none.

    """
    where = {"request_url": request_url} if request_url else {}
    at_all = {"url": request_url} if request_url else {}
    slash = {
        "command": command,
        "description": "Complaints: open, mine, overdue, search, new, handover, report",
        "usage_hint": "open | mine | overdue | search WORDS | new LINK WORDS | handover NAME | report",
        "should_escape": False,
        **at_all,
    }
    return {
        "display_information": {
            "name": "Complaint monitor",
            "description": "Sees to it that no complaint goes unanswered",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "complaint-monitor", "always_online": False},
            "slash_commands": [slash],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**where, "bot_events": ["app_home_opened"]},
            "interactivity": {"is_enabled": True, **where},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }
