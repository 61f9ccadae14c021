"""What one status means, as the server writes it; and a notification, which holds one."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.domain.post import Author, Post, PostKey, Rejected
from monitor.fetching import plain
from monitor.sources.mastodon.cursor import Row
from monitor.sources.mastodon.threads import Trace

NETWORK = "mastodon"
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SHOWN = ("content", "spoiler_text", "edited_at")
"""The fields by which a reader sees that something changed."""
_QUOTE = frozenset({"quote-inline"})
"""A link to what is quoted, for those who cannot show quotes: `quotes` says it."""
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class View:
    """From where statuses are seen: the server's host, which it leaves out of its own people's names."""

    host: str
    mute: str | None
    """Why we could answer nothing at all, if so."""


def is_number(said: Any) -> bool:
    """Whether a server may call a status so: a number or a ULID, always as text."""
    return isinstance(said, str) and _NUMBER.fullmatch(said) is not None


def row(thing: Any) -> Row:
    """What a listing has to know of a status or notification, whatever else is wrong with it."""
    said = thing if isinstance(thing, dict) else {}
    id_ = said.get("id") if is_number(said.get("id")) else None
    status = said.get("status", said)
    shown = [status.get(one) for one in _SHOWN] if isinstance(status, dict) else thing
    try:
        at = when(said["created_at"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        at = None
    return Row(id_, id_ or f"?{_digest(thing)}", _digest(shown), at)


def when(said: Any) -> datetime:
    """A time of the server's, in UTC. Raises TypeError, ValueError, OverflowError."""
    if not isinstance(said, str):
        raise TypeError("a time that is no text")
    at = datetime.fromisoformat(said)
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def read(thing: Any, trace: Callable[[Any], Trace], view: View) -> Post | Rejected | None:
    """The status, read; None where nobody says anything: a repost, a notice of what was deleted since.

    `trace` tells where it stands and may raise errors of its own.
    """
    try:
        status = thing["status"] if "status" in thing and "uri" not in thing else thing
        if status is None or status.get("reblog"):
            return None
        if not is_number(status["id"]):
            raise ValueError(f"{str(status['id'])[:80]!r} is no id")  # noqa: TRY301  # the one place
        uri, text, author = (
            _text(status, "uri"),
            plain(_text(status, "content"), without=_QUOTE),
            _author(status, view.host),
        )
        posted_at, edited_at = when(status["created_at"]), _maybe_when(status)
        place = trace(status)
        return Post(
            key=PostKey(NETWORK, uri),
            thread=place.thread,
            reply_to=place.reply_to,
            quotes=_quotes(status),
            title=_word(status, "spoiler_text"),
            text=text,
            lang=_word(status, "language"),
            author=author,
            via=_via(status),
            visibility=_word(status, "visibility"),
            reply_token=status["id"],
            url=_word(status, "url") or uri,
            posted_at=posted_at,
            edited_at=edited_at,
            reach=author.followers,
            can_reply=view.mute is None,
            cannot_reply_because=view.mute,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = f"no readable {error}" if isinstance(error, KeyError) else str(error)
        sample = json.dumps(thing, ensure_ascii=False, default=str)[:_SAMPLE]
        return Rejected(row(thing).name, reason, sample)


def _author(status: Any, host: str) -> Author:
    """Who wrote it, by the address that holds on every server, and the full handle."""
    account = status["account"]
    name = _text(account, "acct")
    return Author(
        id=_word(account, "uri") or _word(account, "url") or _text(account, "id"),
        handle=name if "@" in name else f"{name}@{host}",
        name=_word(account, "display_name"),
        followers=_count(account.get("followers_count")),
    )


def _quotes(status: Any) -> tuple[str, ...]:
    """The address of what is quoted: within a statement of whether that is allowed, or as it is."""
    quote = status.get("quote")
    if not isinstance(quote, dict):
        return ()
    quoted = quote.get("quoted_status", quote)
    uri = quoted.get("uri") if isinstance(quoted, dict) else None
    return (uri,) if isinstance(uri, str) and uri else ()


def _via(status: Any) -> str | None:
    application = status.get("application")
    return _word(application, "name") if isinstance(application, dict) else None


def _maybe_when(status: Any) -> datetime | None:
    said = status.get("edited_at")
    return None if said is None else when(said)


def _text(said: Any, field: str) -> str:
    text = said[field]
    if not isinstance(text, str):
        raise TypeError(f"{field} is no text")
    if not text and field != "content":
        raise ValueError(f"{field} is empty")
    return text


def _word(said: Any, field: str) -> str | None:
    """A field that may be missing or empty."""
    return _text(said, field) if said.get(field) not in (None, "") else None


def _count(number: Any) -> int | None:
    """Some servers hide it, and say -1 or nothing."""
    is_one = isinstance(number, int) and not isinstance(number, bool) and number >= 0
    return number if is_one else None


def _digest(what: Any) -> int:
    return zlib.crc32(json.dumps(what, sort_keys=True, default=str).encode())
