"""What one post of a forum means: a post, a deletion, or what could not be read.

Its id here is the address at which the forum shows it, "topic/number": answers name the number of the
post that they answer, and nothing else. The forum's own id of it is the `reply_token`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.domain.post import Author, Gone, Post, PostKey, PostKind, Rejected
from monitor.fetching import Thing, fields, plain

_ADDRESS = re.compile(r"(\d+)/(\d+)", re.ASCII)
_QUOTE = re.compile(r"<aside\s([^>]*\bquote\b[^>]*)>")
_OF_POST = re.compile(r'data-post="(\d{1,10})"', re.ASCII)
_OF_TOPIC = re.compile(r'data-topic="(\d{1,10})"', re.ASCII)
_NOT_SAID = frozenset({"quote", "lightbox-meta", "meta"})
"""Classes of what others said, or the program."""
_UNSPOKEN = (3, 4)
"""Types of post: what the forum itself notes in a topic, and whispers among its staff."""
_SHOWN = ("topic_title", "username", "version", "hidden", "user_deleted", "deleted_at")
"""The fields by which a reader sees that something changed."""


@dataclass(frozen=True, slots=True)
class Forum:
    """Where posts stand. `mute`: why we could answer nothing at all."""

    network: str
    address: str
    mute: str | None


def numbers(external_id: str) -> tuple[int, int] | None:
    """Topic and number of the post that is called so; None if none can be."""
    found = _ADDRESS.fullmatch(external_id)
    return (int(found[1]), int(found[2])) if found else None


def path(external_id: str) -> str:
    """Where the forum has that post by itself."""
    return f"posts/by_number/{external_id}.json"


def thing(post: Any) -> Thing:
    """A post's place among the others, which is its id; a recorded time may be an imported one."""
    told = post if isinstance(post, dict) else {}
    try:
        order: int | None = fields.number(told, "id")
    except (KeyError, TypeError):
        order = None
    shown = [told.get(name) for name in _SHOWN]
    return Thing(
        name=f"?{fields.digest(post)}" if order is None else str(order),
        order=order,
        posted=seconds(told),
        mark=fields.digest([*shown, told.get("raw") or told.get("cooked")] if told else post),
        said=post,
    )


def seconds(told: dict[str, Any]) -> float | None:
    """When it was written, in seconds of the epoch; None if it does not say."""
    try:
        return fields.moment(told.get("created_at")).timestamp()
    except fields.UNREADABLE:
        return None


def is_spoken(post: Any) -> bool:
    """Whether somebody says something in it, to everybody."""
    return not (isinstance(post, dict) and post.get("post_type") in _UNSPOKEN)


def words(post: Any) -> str:
    """All in it that may name a brand, its topic's title included."""
    told = post if isinstance(post, dict) else {}
    return " ".join(str(told.get(name) or "") for name in ("topic_title", "raw", "cooked"))


def author(post: Any) -> str:
    """Its author's handle, in lower case."""
    return str(post.get("username") if isinstance(post, dict) else "").casefold()


def read(name: str, post: Any, forum: Forum, now: datetime) -> Post | Gone | Rejected:
    """The post, read. `now`: when it was looked at."""
    try:
        return _read(fields.table(post), forum, now)
    except fields.UNREADABLE as error:
        return fields.rejected(name, error, post)


def _read(post: dict[str, Any], forum: Forum, now: datetime) -> Post | Gone:
    topic, number = fields.number(post, "topic_id"), fields.number(post, "post_number")
    key = PostKey(forum.network, f"{topic}/{number}")
    if post.get("deleted_at"):
        return Gone(key, fields.moment(post["deleted_at"]))
    if post.get("user_deleted") is True:
        return Gone(key, now)
    markup = fields.text(post, "cooked")
    above = _above(post)
    return Post(
        key=key,
        kind=PostKind.POST if number == 1 else PostKind.COMMENT,
        thread=f"{topic}/1",
        reply_to=None if above is None else f"{topic}/{above}",
        quotes=tuple(dict.fromkeys(_quotes(markup))),
        title=_title(post) if number == 1 else None,
        text=plain(markup, without=_NOT_SAID),
        author=_author(post),
        visibility="hidden" if post.get("hidden") is True else None,
        reply_token=str(fields.number(post, "id")),
        url=f"{forum.address}/t/{topic}/{number}",
        posted_at=fields.moment(post["created_at"]),
        edited_at=_edited_at(post),
        reach=fields.number_or_none(post, "reads"),
        # the forum does not say here whether the topic is closed
        can_reply=False if forum.mute else None,
        cannot_reply_because=forum.mute,
    )


def _title(post: dict[str, Any]) -> str | None:
    return fields.word(post, "topic_title")


def _above(post: dict[str, Any]) -> int | None:
    """The number of the post that it answers; documented as a text, and sent as a number."""
    said = post.get("reply_to_post_number")
    if isinstance(said, str) and said.isascii() and said.isdecimal():
        return int(said)
    return fields.number_or_none(post, "reply_to_post_number")


def _author(post: dict[str, Any]) -> Author:
    number = fields.number_or_none(post, "user_id")
    return Author(
        id=None if number is None else str(number),
        handle=fields.word(post, "username"),
        name=fields.word(post, "name") or fields.word(post, "display_username"),
    )


def _edited_at(post: dict[str, Any]) -> datetime | None:
    """The forum counts versions; when it was last touched is the nearest that it tells."""
    version = fields.number_or_none(post, "version")
    if version is None or version <= 1 or not post.get("updated_at"):
        return None
    return fields.moment(post["updated_at"])


def _quotes(markup: str) -> list[str]:
    found = []
    for attributes in _QUOTE.findall(markup):
        post, topic = _OF_POST.search(attributes), _OF_TOPIC.search(attributes)
        if post and topic:
            found.append(f"{int(topic[1])}/{int(post[1])}")
    return found
