"""What a question, an answer or a comment means. An id here is "site/number", of a comment "site/cNUMBER".

Questions and answers of a site are numbered together, comments by themselves. People have another
number on each site.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from monitor.domain.post import Author, Post, PostKey, PostKind, Rejected
from monitor.fetching import Thing, fields, plain
from monitor.fetching.descent import when

NETWORK = "stackexchange"
MUTE = "Stack Exchange wants answers from people, not from programs: answer on its page"
_QUESTION = re.compile(r"/questions/(\d+)(?:/|$)", re.ASCII)
_NUMBERS = ("comment_id", "answer_id", "question_id")
_SHOWN = (*_NUMBERS, "title", "body", "last_edit_date", "edited", "owner", "link")
"""The fields by which a reader sees that something changed; votes, views and answers are none."""


def thing(said: Any, field: str) -> Thing:
    """An item's place among the others, by the field that the listing sorts by."""
    told = said if isinstance(said, dict) else {}
    at = _seconds(told.get(field))
    return Thing(
        name=_name(told) or f"?{fields.digest(said)}",
        order=None if at is None else int(at),
        posted=_seconds(told.get("creation_date")),
        mark=fields.digest([told.get(name) for name in _SHOWN] if told else said),
        said=said,
    )


def read(name: str, said: Any, site: str) -> Post | Rejected:
    """The item, read."""
    try:
        return _read(fields.table(said), site)
    except fields.UNREADABLE as error:
        return fields.rejected(name, error, said)


def whom(said: Any, site: str) -> str | None:
    """The author's id of whom a comment addresses by @name, if it does."""
    user = said.get("reply_to_user") if isinstance(said, dict) else None
    try:
        return _author(user, site).id
    except (TypeError, KeyError):
        return None


def number_of(external_id: str, site: str) -> tuple[str, bool] | None:
    """The site's own number of what is called so, and whether it is a comment."""
    found = re.fullmatch(rf"{re.escape(site)}/(c?)(\d+)", external_id, re.ASCII)
    return (found[2], bool(found[1])) if found else None


def _read(said: dict[str, Any], site: str) -> Post:
    kind = next((name for name in _NUMBERS if name in said), "question_id")
    number, link = fields.number(said, kind), fields.word(said, "link")
    name, above = f"{site}/{number}", None
    question = number
    if kind == "answer_id":
        question = fields.number(said, "question_id")
        above = f"{site}/{question}"
    elif kind == "comment_id":
        name, above = f"{site}/c{number}", f"{site}/{fields.number(said, 'post_id')}"
        question = _question_of(said, link)
    title = fields.word(said, "title") if kind == "question_id" else None
    edited = fields.number_or_none(said, "last_edit_date")
    return Post(
        key=PostKey(NETWORK, name),
        kind=PostKind.POST if kind == "question_id" else PostKind.COMMENT,
        thread=f"{site}/{question}",
        reply_to=above,
        title=None if title is None else unescape(title),
        text=plain(fields.text(said, "body")),
        author=_author(said.get("owner"), site),
        visibility="public",
        url=link,
        posted_at=when(fields.seconds(said["creation_date"])),
        edited_at=None if edited is None else when(fields.seconds(edited)),
        reach=fields.number_or_none(said, "view_count"),
        can_reply=False,
        cannot_reply_because=MUTE,
    )


def _question_of(comment: dict[str, Any], link: str | None) -> int:
    """Below which question it stands; of a comment on an answer only its address tells that."""
    if comment.get("post_type") == "question":
        return fields.number(comment, "post_id")
    found = _QUESTION.search(link or "")
    if found is None:
        raise KeyError("link")
    return int(found[1])


def _author(owner: Any, site: str) -> Author:
    """Whoever was deleted has a name, and no number."""
    told = owner if isinstance(owner, dict) else {}
    number, name = fields.number_or_none(told, "user_id"), fields.word(told, "display_name")
    return Author(
        id=None if number is None else f"{site}/{number}",
        name=None if name is None else unescape(name),
    )


def _name(told: dict[str, Any]) -> str | None:
    for kind in _NUMBERS:
        number = told.get(kind)
        if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
            return f"c{number}" if kind == "comment_id" else str(number)
    return None


def _seconds(value: Any) -> float | None:
    try:
        return fields.seconds(value)
    except TypeError:
        return None
