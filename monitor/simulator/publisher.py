"""Somebody who publishes feeds: the newest entries as Atom, with a link to older ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from monitor.simulator.serving import Answer, Asked

_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0" '
    'xmlns:at="http://purl.org/atompub/tombstones/1.0" xml:lang="en-GB">'
    "<title>Comments</title><id>urn:feed</id>"
)


@dataclass(slots=True, kw_only=True)
class Entry:
    """What somebody wrote. `xml`: what stands in the feed instead, for what is not as it should be."""

    id: str
    author: str
    text: str
    at: datetime
    title: str = ""
    edited_at: datetime | None = None
    reply_to: str | None = None
    xml: str | None = None


class Publisher:
    """Shows the same entries at every address. Safe to be used by several threads.

    `page`: entries in a document. `links`: whether it leads to older ones.
    """

    def __init__(self, *, page: int = 4, links: bool = True) -> None:
        self._page = page
        self._links = links
        self._entries: dict[str, Entry] = {}
        self._deleted: dict[str, datetime] = {}
        self._lock = RLock()

    def put(self, entry: Entry) -> None:
        """Publish it, or what it says now; it stands on top."""
        with self._lock:
            self._entries.pop(entry.id, None)
            self._entries[entry.id] = entry

    def delete(self, id_: str, at: datetime) -> None:
        """Take it back, and say so."""
        with self._lock:
            del self._entries[id_]
            self._deleted[id_] = at

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        """One document of the feed; nothing if the asker has it."""
        with self._lock:
            body = self._document(asked).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"content-type": "application/atom+xml", "etag": etag}
        if asked.headers.get("if-none-match") == etag:
            return 304, Answer(304, headers=headers)
        return 200, Answer(200, body, headers)

    def _document(self, asked: Asked) -> str:
        number = int(asked.query.get("page", "1"))
        newest = list(self._entries.values())[::-1]
        shown = newest[(number - 1) * self._page : number * self._page]
        parts = ["<?xml version='1.0' encoding='utf-8'?>", _ATOM]
        if self._links and number * self._page < len(newest):
            parts.append(f'<link rel="next" href="{asked.path}?page={number + 1}"/>')
        parts += [
            f"<at:deleted-entry ref={quoteattr(one)} when={quoteattr(at.isoformat())}/>"
            for one, at in self._deleted.items()
        ]
        return "".join([*parts, *map(_entry, shown), "</feed>"])


def _entry(one: Entry) -> str:
    if one.xml is not None:
        return one.xml
    above = f"<thr:in-reply-to ref={quoteattr(one.reply_to)}/>" if one.reply_to else ""
    return (
        f"<entry><id>{escape(one.id)}</id>{above}<title>{escape(one.title)}</title>"
        f"<author><name>{escape(one.author)}</name></author>"
        f"<published>{one.at.isoformat()}</published>"
        f"<updated>{(one.edited_at or one.at).isoformat()}</updated>"
        f'<content type="html">{escape(escape(one.text))}</content></entry>'
    )
