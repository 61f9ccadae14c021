"""Who may answer a post: whoever began a thread may let only some, and people block each other.

Such an answer would be taken by the network, and shown to nobody.
"""

from __future__ import annotations

from typing import Any

_RULES = {
    "app.bsky.feed.threadgate#mentionRule": "those whom the first post names",
    "app.bsky.feed.threadgate#followerRule": "the author's followers",
    "app.bsky.feed.threadgate#followingRule": "those whom the author follows",
    "app.bsky.feed.threadgate#listRule": "those on a list of the author's",
}


def closed(view: dict[str, Any]) -> str | None:
    """Why the account may not answer the post that is shown; None: it may, as far as is said."""
    author = view.get("author")
    between = author.get("viewer") if isinstance(author, dict) else None
    if isinstance(between, dict):
        if between.get("blockedBy") is True:
            return "its author blocks the account"
        if between.get("blocking"):
            return "the account blocks its author"
    viewer = view.get("viewer")
    if isinstance(viewer, dict) and viewer.get("replyDisabled") is True:
        return f"only {_allowed(view)} may answer in this thread"
    return None


def _allowed(view: dict[str, Any]) -> str:
    gate = view.get("threadgate")
    record = gate.get("record") if isinstance(gate, dict) else None
    rules = record.get("allow") if isinstance(record, dict) else None
    kinds = (
        [one.get("$type") for one in rules if isinstance(one, dict)]
        if isinstance(rules, list)
        else []
    )
    said = [_RULES[kind] for kind in kinds if isinstance(kind, str) and kind in _RULES]
    if said:
        return " and ".join(said)
    return "its author" if isinstance(rules, list) else "some"
