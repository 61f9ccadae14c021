"""What an app must be allowed to do, by the kind of channel. docs/notifiers/slack.md lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVERYWHERE = ("chat:write", "files:write")


def missing(granted: frozenset[str] | None, channel: Mapping[str, Any]) -> list[str]:
    """The scopes that the app lacks for this channel; none if nobody said what it has."""
    if granted is None:
        return []
    kind = "im" if channel.get("is_im") else "groups" if channel.get("is_private") else "channels"
    needed = (*EVERYWHERE, f"{kind}:history", f"{kind}:read")
    return [one for one in needed if one not in granted]
