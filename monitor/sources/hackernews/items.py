"""What Algolia tells of one story or comment: a post, a deletion, or what could not be read.

A hit of the search and an item that is looked up have other fields for the same things.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.domain.post import Author, Gone, Post, PostKey, PostKind, Rejected
from monitor.fetching import Thing, fields, plain
from monitor.fetching.descent import when

NETWORK = "hackernews"
MUTE = "Hacker News lets no program answer: answer on its page"
_PAGE = "https://news.ycombinator.com/item?id="
_SHOWN = ("author", "title", "url", "story_text", "comment_text", "story_id")
"""The fields by which a reader sees that something changed, or whose absence is filled later."""


def thing(hit: Any) -> Thing:
    """A hit's place among the others."""
    told = hit if isinstance(hit, dict) else {}
    try:
        at: float | None = fields.seconds(told.get("created_at_i"))
    except TypeError:
        at = None
    return Thing(
        name=fields.name_or_digest(hit, "objectID"),
        order=None if at is None else int(at),
        posted=at,
        mark=fields.digest([told.get(field) for field in _SHOWN] if told else hit),
        said=hit,
    )


def read(name: str, said: Any, now: datetime) -> Post | Gone | Rejected:
    """The hit or item, read. `now`: when it was looked at."""
    try:
        return _read(fields.table(said), now)
    except fields.UNREADABLE as error:
        return fields.rejected(name, error, said)


def _read(said: dict[str, Any], now: datetime) -> Post | Gone:
    number = _number(said)
    key = PostKey(NETWORK, number)
    markup = fields.word(said, "comment_text" if "comment_text" in said else "text")
    author = fields.word(said, "author")
    parent = fields.number_or_none(said, "parent_id")
    if author is None and parent is not None and markup is None:
        return Gone(key, now)  # its place in the thread is kept, its words are not
    markup = markup or fields.word(said, "story_text")
    link = fields.word(said, "url")
    return Post(
        key=key,
        kind=PostKind.POST if parent is None else PostKind.COMMENT,
        thread=number if parent is None else str(_story(said) or parent),
        reply_to=None if parent is None else str(parent),
        title=fields.word(said, "title") if parent is None else None,
        text=plain(markup) if markup else link or "",
        author=Author(handle=author),
        visibility="public",
        url=f"{_PAGE}{number}",
        posted_at=when(fields.seconds(said["created_at_i"])),
        can_reply=False,
        cannot_reply_because=MUTE,
    )


def _story(said: dict[str, Any]) -> int | None:
    """The thread's root; Algolia may not know it yet, and tells a younger comment's parent only."""
    return fields.number_or_none(said, "story_id")


def _number(said: dict[str, Any]) -> str:
    if "objectID" not in said:
        return str(fields.number(said, "id"))
    number = fields.text(said, "objectID")
    if not (number.isascii() and number.isdecimal()):
        raise ValueError(f"{number!r} is no id of a story or comment")
    return number
