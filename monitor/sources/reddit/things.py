"""What one thing of a listing means: a post, a deletion, or an item that could not be read.

Things come as Reddit writes them ("t1" a comment, "t3" a submission); an inbox shows comments with
fewer fields than a listing does, and old ones lack what was invented later.
"""

from __future__ import annotations

import json
import re
import zlib
from datetime import UTC, datetime
from typing import Any

from monitor.domain.post import NOBODY, Author, Gone, Post, PostKey, PostKind, Rejected
from monitor.domain.storable import storable

NETWORK = "reddit"
_SITE = "https://www.reddit.com"
_COMMENT, _SUBMISSION = "t1", "t3"
_GONE = frozenset({"[deleted]", "[removed]", "[ removed by reddit ]", "[deleted by user]"})
_FULLNAME = re.compile(r"t[13]_[0-9a-z]+")
_THREAD = re.compile(r"/comments/([0-9a-z]+)")
_SAMPLE = 200
_LAST = 1e10
"""Seconds of the epoch beyond which (the year 2286) a time is none."""
_SHOWN = (
    *("author", "body", "selftext", "title", "edited", "locked", "archived"),
    "removed_by_category",
)
"""The fields by which a reader sees that something changed; Reddit tells no edit in the first minutes."""


def is_fullname(external_id: str) -> bool:
    """Whether it is the id of a comment or submission."""
    return _FULLNAME.fullmatch(external_id) is not None


def is_public(child: Any) -> bool:
    """Whether it can be a post at all: an inbox holds private messages, too, which nobody else sees."""
    return not (isinstance(child, dict) and child.get("kind") in ("t4", "more"))


def name_of(child: Any) -> str:
    """The thing's fullname; of something nameless, a hash of what it is."""
    data = child.get("data") if isinstance(child, dict) else None
    name = data.get("name") if isinstance(data, dict) else None
    is_name = isinstance(name, str) and name != "" and name == storable(name)
    return str(name) if is_name else f"?{_digest(child)}"


def mark_of(child: Any) -> int:
    """What changes when the thing does, and not when people vote on it."""
    data = child.get("data") if isinstance(child, dict) else None
    shown = [data.get(field) for field in _SHOWN] if isinstance(data, dict) else child
    return _digest(shown)


def created_of(child: Any) -> float | None:
    """When it was made, in seconds of the epoch; None if it does not say."""
    try:
        return _seconds(child["data"]["created_utc"])
    except (KeyError, TypeError, ValueError):
        return None


def words_of(child: Any) -> str:
    """All in it that may name a brand: a comment's thread has a title, too."""
    data = child["data"] if isinstance(child, dict) else None
    fields = ("title", "selftext", "body", "link_title", "url")
    return " ".join(str(data.get(field) or "") for field in fields) if data else ""


def read(
    child: Any, *, now: datetime, seen_at: datetime | None, mute: str | None
) -> Post | Gone | Rejected:
    """The thing, read. `seen_at`: the last look before; `mute`: why we could answer nothing at all."""
    try:
        data = {field: _storable(value) for field, value in child["data"].items()}
        if _is_gone(data):
            made_at = _when(data["created_utc"])
            return Gone(_key(data), now, seen_at or min(made_at, now))
        return _READERS[child["kind"]](data, mute)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"no readable {error}" if isinstance(error, KeyError) else str(error)
        sample = json.dumps(child, ensure_ascii=False)[:_SAMPLE]
        return Rejected(_storable(name_of(child)), _storable(reason), _storable(sample))


def _submission(data: Any, mute: str | None) -> Post:
    text = _text(data, "selftext")
    return Post(
        key=_key(data),
        thread=_key(data).external_id,
        quotes=(_fullname(data["crosspost_parent"]),) if data.get("crosspost_parent") else (),
        title=_text(data, "title"),
        text=text or ("" if data.get("is_self") else str(data.get("url") or "")),
        reach=_count(data.get("subreddit_subscribers")),
        url=f"{_SITE}{_text(data, 'permalink')}",
        **_common(data, mute),
    )


def _comment(data: Any, mute: str | None) -> Post:
    key, thread = _key(data), _thread(data)
    short = f"/comments/{thread.removeprefix('t3_')}/_/{key.external_id.removeprefix('t1_')}/"
    path = _word(data, "permalink") or str(data.get("context") or "").partition("?")[0] or short
    return Post(
        key=key,
        kind=PostKind.COMMENT,
        thread=thread,
        reply_to=_fullname(data["parent_id"]),
        text=_text(data, "body"),
        url=f"{_SITE}{path}",
        **_common(data, mute),
    )


_READERS = {_COMMENT: _comment, _SUBMISSION: _submission}


def _common(data: Any, mute: str | None) -> dict[str, Any]:
    edited = data.get("edited")
    # `true`, of before 2010 or so, says that, but not when
    edited_at = None if edited is None or isinstance(edited, bool) else _when(edited)
    silent = mute or _closed(data)
    return {
        "author": _author(data),
        "posted_at": _when(data["created_utc"]),
        "edited_at": edited_at,
        "visibility": _word(data, "subreddit_type"),
        # an inbox does not say whether a comment is locked
        "can_reply": False if silent else (True if "archived" in data else None),
        "cannot_reply_because": silent,
    }


def _author(data: Any) -> Author:
    """Who wrote it; a deleted account is nobody, though its words stay."""
    handle = _word(data, "author")
    if handle in (None, "[deleted]"):
        return NOBODY
    return Author(id=_word(data, "author_fullname"), handle=handle)


def _is_gone(data: Any) -> bool:
    said = data.get("body", data.get("selftext"))
    is_empty = isinstance(said, str) and said.strip().casefold() in _GONE
    return is_empty or bool(data.get("removed_by_category"))


def _closed(data: Any) -> str | None:
    if data.get("archived"):
        return "it is archived: Reddit takes no more replies"
    if data.get("locked"):
        return "it is locked: Reddit takes no more replies"
    return None


def _thread(data: Any) -> str:
    """The root's fullname; an inbox tells it in a link only."""
    if data.get("link_id"):
        return _fullname(data["link_id"])
    found = _THREAD.search(_text(data, "context"))
    if found is None:
        raise ValueError("a comment that does not say to what")
    return f"{_SUBMISSION}_{found[1]}"


def _key(data: Any) -> PostKey:
    return PostKey(NETWORK, _fullname(data["name"]))


def _fullname(name: Any) -> str:
    if not isinstance(name, str) or not is_fullname(name):
        raise ValueError(f"{name!r} is no fullname of a comment or submission")
    return name


def _text(data: Any, field: str) -> str:
    text = data[field]
    if not isinstance(text, str):
        raise TypeError(f"{field} is no text")
    return text


def _word(data: Any, field: str) -> str | None:
    """A field that may be missing."""
    return None if data.get(field) is None else _text(data, field)


def _storable(value: Any) -> Any:
    """A text without what no database takes, and anything else as it is."""
    return storable(value) if isinstance(value, str) else value


def _count(number: Any) -> int | None:
    return number if isinstance(number, int) else None


def _when(seconds: Any) -> datetime:
    return datetime.fromtimestamp(_seconds(seconds), UTC)


def _seconds(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= _LAST:
        raise TypeError("a time that is none")
    return float(said)


def _digest(what: Any) -> int:
    return zlib.crc32(json.dumps(what, sort_keys=True, default=str).encode())
