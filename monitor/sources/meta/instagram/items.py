"""What a comment, or somebody's post, means on Instagram.

Comments are known by Instagram's id of them. A post is "media/" and its id: the two are asked for in
different ways, and an id alone does not tell which of them it is. A comment and the answers under it are a
conversation; the brand's own post above it is none.
"""

from __future__ import annotations

from typing import Any

from monitor.domain.post import Author, Post, PostKey, PostKind
from monitor.fetching import fields
from monitor.sources.meta.edges import Under, Words

NETWORK = "instagram"
MEDIA = "media/"
WORDS = Words("timestamp", ("text", "caption", "hidden", "username"))
COMMENT = "id,text,timestamp,username,from{id,username},hidden,parent_id"
MENTIONED = "id,text,timestamp,username,media{id}"
POST = "id,caption,media_type,timestamp,username,permalink"
MENTIONED_POST = "id,caption,media_type,timestamp,username"
MENTION = "mention:"
"""How a `reply_token` begins that says where a mention was made: answers go another way there."""
_ONLY_TAGGED = "Instagram lets nobody answer through it what only tags the account"
_HIDDEN = "Instagram takes no answer to a hidden comment"


def comment(said: Any, under: Under | None = None, *, is_mention: bool = False) -> Post:
    """A comment: on a post of ours, or where we are mentioned. Raises `fields.UNREADABLE`."""
    told = fields.table(said)
    under = _under(told) if under is None else under
    name = fields.key(told, "id")
    above = fields.word(told, "parent_id") or under.above
    is_hidden = told.get("hidden") is True
    return Post(
        key=PostKey(NETWORK, name),
        kind=PostKind.COMMENT,
        thread=above or name,
        reply_to=above,
        text=fields.word(told, "text") or "",
        author=_author(told),
        visibility="hidden" if is_hidden else None,
        reply_token=f"{MENTION}{under.post}" if is_mention else None,
        url=under.url,
        posted_at=fields.moment(told["timestamp"]),
        can_reply=not is_hidden,
        cannot_reply_because=_HIDDEN if is_hidden else None,
    )


def post(said: Any, *, is_mention: bool = False) -> Post:
    """Somebody's post that tags or mentions the account. Raises `fields.UNREADABLE`."""
    told = fields.table(said)
    name = fields.key(told, "id")
    kind = fields.word(told, "media_type")
    url = fields.word(told, "permalink")
    return Post(
        key=PostKey(NETWORK, f"{MEDIA}{name}"),
        thread=f"{MEDIA}{name}",
        text=fields.word(told, "caption") or (f"[{kind.lower()}]" if kind else ""),
        author=_author(told),
        reply_token=f"{MENTION}{name}" if is_mention else None,
        url=url if url and url.startswith(("https://", "http://")) else None,
        posted_at=fields.moment(told["timestamp"]),
        can_reply=is_mention,
        cannot_reply_because=None if is_mention else _ONLY_TAGGED,
    )


def _under(told: dict[str, Any]) -> Under:
    """Where a comment stands that was asked for by itself."""
    place = fields.table(told["media"])
    return Under(fields.key(place, "id"), None, fields.word(place, "permalink"))


def _author(told: dict[str, Any]) -> Author:
    """The number is one for each app, and is not told of everybody; so the name counts."""
    who = fields.table(told["from"]) if told.get("from") is not None else {}
    return Author(handle=fields.word(told, "username") or fields.word(who, "username"))
