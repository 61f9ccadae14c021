"""The door of the store: what a source brings is made such that both databases can keep it.

PostgreSQL refuses NUL, UTF-8 has no halves of characters, and a time before 1970 is a mistake of
whoever wrote it. One such item must not keep out the page that it came in.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from monitor.domain.post import Cursor, Gone, Page, Post, Rejected

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SAMPLE = 200
_TEXTS = (
    "title",
    "text",
    "lang",
    "via",
    "visibility",
    "reply_token",
    "url",
    "cannot_reply_because",
)


def storable(text: str) -> str:
    """The same text, NUL and lone surrogates replaced by U+FFFD."""
    return text if _is_storable(text) else _UNSTORABLE.sub("\ufffd", text)


def can_be_kept(at: datetime) -> bool:
    """Whether a time is aware and within the years that can be stored."""
    return at.tzinfo is not None and EARLIEST <= at < LATEST


def admitted(page: Page) -> Page:
    """The page with its items as they can be stored, and a cursor that the next look can take."""
    return replace(page, items=tuple(map(admit, page.items)), cursor=_going_on(page.cursor))


def admit(item: Post | Gone | Rejected) -> Post | Gone | Rejected:
    """The item as it can be stored. One with a time or an id that can't be is Rejected.

    Texts are mended; an id is not, as the mended one might be another post's.
    """
    if isinstance(item, Rejected):
        return Rejected(storable(item.where), storable(item.reason), storable(item.sample))
    problem = _problem(item)
    if problem:
        sample = item.text[:_SAMPLE] if isinstance(item, Post) else ""
        return Rejected(storable(str(item.key)), problem, storable(sample))
    if isinstance(item, Gone) or _is_storable(_said(item)):
        return item
    return _mended(item)


def _going_on(cursor: Cursor) -> Cursor:
    """The cursor without the halves of characters that a network's id brought: no call can hold them."""
    if "\\u" not in cursor:
        return storable(cursor)
    try:
        said = json.dumps(json.loads(cursor), ensure_ascii=False)
    except (ValueError, RecursionError):
        return storable(cursor)
    mended = storable(said)
    return storable(cursor) if mended == said else mended


def _problem(item: Post | Gone) -> str:
    times: tuple[datetime | None, ...]
    if isinstance(item, Gone):
        ids = str(item.key)
        times = (item.before, item.after)
    else:
        ids = f"{item.key}{item.thread}{item.reply_to}{item.author.id}"
        if item.quotes:
            ids += "".join(item.quotes)
        times = (item.posted_at, item.edited_at, item.indexed_at)
    for at in times:
        if at is not None and not can_be_kept(at):
            return f"{at} is not within the years 1970 to 9999, or names no zone"
    return "" if _is_storable(ids) else "its id holds NUL or half a character"


def _said(post: Post) -> str:
    """All that a post says, to be looked through at once."""
    return (
        f"{post.text}{post.title}{post.url}{post.author.handle}{post.author.name}"
        f"{post.lang}{post.via}{post.visibility}{post.reply_token}{post.cannot_reply_because}"
    )


def _mended(post: Post) -> Post:
    author = post.author
    texts = {name: getattr(post, name) for name in _TEXTS}
    names = {"handle": author.handle, "name": author.name}
    return replace(post, author=replace(author, **_all_storable(names)), **_all_storable(texts))


def _all_storable(texts: dict[str, Any]) -> dict[str, Any]:
    return {name: text and storable(text) for name, text in texts.items()}


def _is_storable(text: str) -> bool:
    if text.isascii():
        return "\x00" not in text
    return _UNSTORABLE.search(text) is None
