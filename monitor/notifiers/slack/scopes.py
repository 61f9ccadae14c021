"""What an app must be allowed to do, by the kind of channel. docs/notifiers/slack.md lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVERYWHERE = ("chat:write", "files:write")


_COSTS = {
    "chat:write": "nothing can be told",
    "files:write": "a report comes without its chart and its page",
    "history": (
        "a message of which Slack did not say that it arrived is sent again, marked as possibly repeated"
    ),
    "read": "whether a channel is archived, and the app in it, is not known before a message fails",
}


def is_vital(scope: str) -> bool:
    """Whether nothing works without it."""
    return scope == "chat:write"


def cost_of(scope: str) -> str:
    """What is not had without it."""
    return _COSTS.get(scope) or _COSTS[scope.partition(":")[2]]


def missing(granted: frozenset[str] | None, channel: Mapping[str, Any]) -> list[str]:
    """The scopes that the app lacks for this channel; none if nobody said what it has."""
    if granted is None:
        return []
    kind = "im" if channel.get("is_im") else "groups" if channel.get("is_private") else "channels"
    needed = (*EVERYWHERE, f"{kind}:history", f"{kind}:read")
    return [one for one in needed if one not in granted]
