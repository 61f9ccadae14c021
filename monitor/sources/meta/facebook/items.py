"""What a post or a comment of a Facebook page means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitor.domain.post import NOBODY, Author, Post, PostKey, PostKind
from monitor.fetching import fields
from monitor.sources.meta.edges import Under, Words

NETWORK = "facebook"
WORDS = Words("created_time", ("message", "story", "is_hidden", "from", "attachment"))
_FROM = "from{id,name}"
POST = f"id,{_FROM},message,story,created_time,permalink_url,is_hidden"
COMMENT = (
    f"id,{_FROM},message,created_time,permalink_url,parent{{id}},can_comment,is_hidden,"
    "attachment{type,title,description}"
)
_CLOSED = "Facebook takes no answer to this comment from the page"


@dataclass(frozen=True, slots=True)
class Wall:
    """The page whose things are read."""

    page: str

    def read(self, said: Any, under: Under | None) -> Post:
        """A comment, where it stands `under` something, else a post. Raises `fields.UNREADABLE`."""
        told = fields.table(said)
        return self._post(told) if under is None else self._comment(told, under)

    def under(self, comment: str) -> Under:
        """Where a comment stands, by its own id, which begins with that of the post on the page."""
        post, _, rest = comment.partition("_")
        return Under(f"{self.page}_{post}" if rest else comment)

    def is_post(self, external_id: str) -> bool:
        """Whether it is the id of a post on the page, and not of a comment."""
        return external_id.startswith(f"{self.page}_")

    def _post(self, told: dict[str, Any]) -> Post:
        name = fields.key(told, "id")
        return Post(
            key=PostKey(NETWORK, name),
            thread=name,
            text=fields.word(told, "message") or fields.word(told, "story") or "",
            author=_author(told),
            visibility=_visibility(told),
            url=_link(told),
            posted_at=fields.moment(told["created_time"]),
            can_reply=True,
        )

    def _comment(self, told: dict[str, Any], under: Under) -> Post:
        name = fields.key(told, "id")
        parent = told.get("parent")
        above = fields.key(fields.table(parent), "id") if parent is not None else under.above
        is_open = told.get("can_comment") is not False
        return Post(
            key=PostKey(NETWORK, name),
            kind=PostKind.COMMENT,
            thread=under.post or name,
            reply_to=above or under.post or None,
            text=fields.word(told, "message") or _attached(told),
            author=_author(told),
            visibility=_visibility(told),
            url=_link(told),
            posted_at=fields.moment(told["created_time"]),
            can_reply=is_open,
            cannot_reply_because=None if is_open else _CLOSED,
        )


def _author(told: dict[str, Any]) -> Author:
    """Facebook tells a page only who wrote to it, and not everybody."""
    if told.get("from") is None:
        return NOBODY
    who = fields.table(told["from"])
    return Author(id=fields.word(who, "id"), name=fields.word(who, "name"))


def _visibility(told: dict[str, Any]) -> str | None:
    return "hidden" if told.get("is_hidden") is True else None


def _attached(told: dict[str, Any]) -> str:
    """The words of what a comment without any shows (a picture, a sticker, a link)."""
    if told.get("attachment") is None:
        return ""
    one = fields.table(told["attachment"])
    words = [fields.word(one, name) for name in ("title", "description")]
    kind = fields.word(one, "type")
    return "\n".join(filter(None, words)) or (f"[{kind}]" if kind else "")


def _link(told: dict[str, Any]) -> str | None:
    url = fields.word(told, "permalink_url")
    return url if url and url.startswith(("https://", "http://")) else None
