"""From the bytes at a feed's address to the feed that they are, whoever wrote them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import feedparser
from feedparser.encodings import convert_to_utf8

from monitor.domain.errors import SourceError
from monitor.domain.quoting import quoted
from monitor.fetching import fields
from monitor.fetching.outside import Document

_ROOT = re.compile(rb"<\w")
_ENDED = re.compile(rb"</\s*(?:\w+:)?(?:rss|rdf|feed|channel|redirect)\s*>", re.IGNORECASE)
_UNPARSED = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_DECLARATION = re.compile(rb"<!(ENTITY|ATTLIST)")
_SPACE = re.compile(rb"\s+")
_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_KINDS = ("application/rss+xml", "application/atom+xml")


@dataclass(frozen=True, slots=True)
class Feed:
    """What a document shows. `deleted`: id and time, as written, of entries that are no more.

    `further`: the address of older entries (RFC 5005). `flaw`: what is wrong with it as XML.
    """

    entries: Sequence[Mapping[str, Any]]
    deleted: Sequence[tuple[str, str]]
    language: str | None
    further: str | None
    flaw: str | None


def read(document: Document) -> Feed:
    """The feed.

    Raises:
        SourceError: it is none, it is cut off, or it means harm.

    """
    body = document.body or b""
    try:
        said: dict[str, Any] = {}
        text = _harmless(convert_to_utf8(dict(document.headers), body, said))
        # in a stream: bytes as such would be taken for the name of a file, and that file be opened
        found = feedparser.parse(
            io.BytesIO(text),
            response_headers=_headers(document),
            sanitize_html=False,  # only the words are kept
            resolve_relative_uris=False,
        )
    except fields.BREAKS as error:
        raise SourceError(f"the feed breaks its reader: {type(error).__name__}") from error
    if not found.version:
        raise SourceError(f"what is there is no feed{_hint(found, document.url)}")
    if not _ENDED.search(text, max(len(text) - 1000, 0)):
        raise SourceError("the feed is cut off: its end is missing")
    wrong = found.get("bozo_exception")
    return Feed(
        entries=[_with_link(dict(one), document.url) for one in found.entries],
        deleted=_deleted(text),
        language=dict.get(found.feed, "language"),
        further=_linked(found, document.url, "next"),
        flaw=None if wrong is None else str(wrong)[:200],
    )


def _headers(document: Document) -> dict[str, str]:
    """By now it is UTF-8. Its address is not told: ids would be made to depend on it, as links do."""
    told = {"content-type": "application/xml; charset=utf-8"}
    language = document.headers.get("content-language")
    return told | ({"content-language": language} if language else {})


def _harmless(text: bytes) -> bytes:
    """The document, if it declares no entities: a few lines of them unfold to gigabytes.

    So do default values of attributes. Where a comment ends before the root depends on who reads it,
    so there not even a comment may hold a declaration. Elsewhere it is cut in two: as CDATA it says
    the same, and no reader can take it for a declaration, whatever stands before it.
    Blanks before the root are made few: the parser looks through them once for each line.
    """
    root = _ROOT.search(text)
    start = root.start() if root else len(text)
    if _DECLARATION.search(text):
        if _DECLARATION.search(text[:start]) or _DECLARATION.search(_UNPARSED.sub(b"", text)):
            raise SourceError(
                "the feed declares entities of its own, or attributes, which may mean harm: not read"
            )
        text = _DECLARATION.sub(rb"<]]><![CDATA[!\1", text)
    return _SPACE.sub(b" ", text[:start]) + text[start:]


def _hint(found: Any, base: str) -> str:
    page = _linked(found, base, "alternate", kinds=_KINDS)
    return f", but a page that names one: {quoted(page)}" if page else ""


def _linked(found: Any, base: str, rel: str, kinds: tuple[str, ...] = ()) -> str | None:
    links = dict.get(found.feed, "links") or []
    fitting = (
        _address(base, one.get("href"))
        for one in links
        if one.get("rel") == rel and (not kinds or one.get("type") in kinds)
    )
    return next((one for one in fitting if one), None)


def _with_link(said: dict[str, Any], base: str) -> dict[str, Any]:
    return said | {"link": _address(base, said.get("link"))}


def _address(base: str, link: Any) -> str | None:
    """The address of a page that a link leads to; None: it leads elsewhere, or nowhere."""
    if not isinstance(link, str) or not link:
        return None
    try:
        address = urljoin(base, link.strip())
    except ValueError:
        return None
    return address if address.startswith(("http://", "https://")) else None


def _deleted(text: bytes) -> list[tuple[str, str]]:
    """Tombstones (RFC 6721), of well-formed feeds only: elsewhere anybody's words might be one."""
    if b"deleted-entry" not in text:
        return []
    try:
        root = ET.fromstring(text)  # noqa: S314  # it declares no entities: `_harmless`
    except (ET.ParseError, ValueError):
        return []
    return [(one.get("ref", ""), one.get("when", "")) for one in root.findall(_TOMBSTONE)]
