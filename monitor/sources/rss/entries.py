"""What one entry of a feed means: a post, or what could not be read."""

from __future__ import annotations

import calendar
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.domain.post import NOBODY, Author, Gone, Post, PostKey, PostKind, Rejected
from monitor.domain.storable import can_be_kept, storable
from monitor.fetching import fields, plain
from monitor.sources.rss.documents import Feed

MUTE = "a feed only shows: answer on the page itself"
_GLOBAL = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
"""An id that is one for the whole world, and not for its feed alone."""
_LONGEST_ID = 400
_MARKUP = ("text/html", "application/xhtml+xml")
_WITH_MAIL = re.compile(r"(.+?)\s*[<(]\S+@\S+[>)]|\S+@\S+\s+\((.+)\)")
"""A name beside an address of mail, on either side."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where entries stand: the network that they are filed under, and their feed's name."""

    network: str
    feed: str

    def id_of(self, said: str) -> str:
        """The id of a post, from that of an entry."""
        one = said.strip()
        if len(one) > _LONGEST_ID:
            one = f"sha256:{hashlib.sha256(one.encode(errors='replace')).hexdigest()}"
        return one if _GLOBAL.fullmatch(one) else f"{self.feed}/{one}"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the feed has it. `mark` differs where a reader would see a difference."""

    name: str
    mark: int
    posted: datetime | None
    edited: datetime | None
    said: Mapping[str, Any]

    @property
    def changed(self) -> float:
        """When it was touched last, in seconds of the epoch; 0 if it does not say."""
        at = self.edited or self.posted
        return at.timestamp() if at else 0.0


def entry(said: Mapping[str, Any]) -> Entry:
    """The entry's name: its id, else its link, else what it says. Raises one of fields.UNREADABLE."""
    posted, edited = _at(said, "published_parsed"), _at(said, "updated_parsed")
    if posted is None or (edited is not None and edited < posted):
        posted = edited or posted or _at(said, "created_parsed")
    title, text, author = _title(said), _text(said), _author(said)
    words = [title, text, author.key]
    name = fields.word(dict(said), "id") or _link(said) or f"words:{_digest(str([*words, posted]))}"
    return Entry(name, fields.digest(words), posted, edited if edited != posted else None, said)


def read(one: Entry, feed: Feed, place: Place, now: datetime) -> Post | Rejected:
    """The entry as a post. `now`: when it was seen first, which is its time if it names none."""
    title, text = _title(one.said), _text(one.said)
    if not (title or text):
        return rejected(one.name, ValueError("it says nothing"), one.said)
    key = PostKey(place.network, place.id_of(one.name))
    above = _above(one.said)
    parent = place.id_of(above) if above else None
    return Post(
        key=key,
        kind=PostKind.COMMENT if parent else PostKind.POST,
        thread=parent or key.external_id,
        reply_to=parent,
        title=title,
        text=text,
        lang=_language(one.said, feed),
        author=_author(one.said),
        url=_link(one.said),
        posted_at=one.posted or now,
        edited_at=one.edited,
        can_reply=False,
        cannot_reply_because=MUTE,
    )


def gone(ref: str, when: str, place: Place, now: datetime) -> Gone:
    """A tombstone; one without a readable time was set when it was seen."""
    try:
        at = fields.moment(when)
    except fields.UNREADABLE:
        at = now
    return Gone(PostKey(place.network, place.id_of(ref)), min(at, now))


def rejected(where: str, error: Exception, said: Mapping[str, Any]) -> Rejected:
    """An entry that could not be read, with a sample of it."""
    shown = {name: str(value) for name, value in said.items()}
    return fields.rejected(where, error, shown)


def fingerprint(name: str) -> str:
    """A name in few letters, for the cursor."""
    return _digest(name)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


def _at(said: Mapping[str, Any], name: str) -> datetime | None:
    """A time that the feed tells, if it is one."""
    told = said.get(name)
    if not isinstance(told, time.struct_time):
        return None
    try:
        at = datetime.fromtimestamp(calendar.timegm(told), UTC)
    except (*fields.UNREADABLE, OSError):
        return None
    return at if can_be_kept(at) else None


def _title(said: Mapping[str, Any]) -> str | None:
    detail = said.get("title_detail")
    told = detail if isinstance(detail, dict) else {"value": said.get("title")}
    return " ".join(_words(told).split()) or None


def _text(said: Mapping[str, Any]) -> str:
    """The longest that it says of itself, as words: often there is a summary, too."""
    told = said.get("content")
    contents = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    detail = said.get("summary_detail")
    summary = detail if isinstance(detail, dict) else {"value": said.get("summary")}
    return max((_words(one) for one in (*contents, summary)), key=len)


def _words(told: Mapping[str, Any]) -> str:
    value = told.get("value")
    if not isinstance(value, str):
        return ""
    markup = dict.get(dict(told), "type", "text/html") in _MARKUP
    return storable(plain(value) if markup else value.strip())


def _author(said: Mapping[str, Any]) -> Author:
    """A name is all that most feeds tell; an address of a page never changes, a name may."""
    told = said.get("author_detail")
    detail = told if isinstance(told, dict) else {}
    # not the parser's own name and address: it takes .example for .exam, and "ple" for a name
    whole = _some(said.get("author")) or _some(detail.get("name"))
    if whole is None:
        return NOBODY
    parted = _WITH_MAIL.fullmatch(whole)
    name = (parted[1] or parted[2]).strip() if parted else whole
    page = _some(detail.get("href"))
    return Author(id=page if page and _is_page(page) else None, handle=name, name=name)


def _some(value: Any) -> str | None:
    return storable(value.strip()) or None if isinstance(value, str) else None


def _above(said: Mapping[str, Any]) -> str | None:
    """What it answers (RFC 4685)."""
    told = said.get("thr_in-reply-to")
    return _some(told.get("ref")) if isinstance(told, dict) else None


def _link(said: Mapping[str, Any]) -> str | None:
    link = _some(said.get("link"))
    return link if link and _is_page(link) else None


def _is_page(link: str) -> bool:
    return link.startswith(("http://", "https://"))


def _language(said: Mapping[str, Any], feed: Feed) -> str | None:
    told = said.get("content") or [said.get("summary_detail")]
    first = told[0] if isinstance(told, list) and isinstance(told[0], dict) else {}
    found = _LANGUAGE.match(_some(first.get("language")) or _some(feed.language) or "")
    return found[0].lower() if found else None
