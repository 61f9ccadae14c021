"""From the bytes of a mail to its headers and its words, whatever they claim to be."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from typing import TypeAlias

from monitor.domain.storable import storable
from monitor.fetching import plain
from monitor.sources.imap.said import QUOTED

Part: TypeAlias = "Message[str, str]"

_DEEPEST = 20
"""Parts in parts."""
_LONGEST = 200_000
"""Characters of a mail that anybody reads."""
_MOST_MARKUP = 2_000_000
"""Characters of HTML that are looked through for them."""
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined"})
"""What Python calls encodings, and takes long over."""
_ID = re.compile(r"<([!-~]{1,400}?)>")
_NO_ID = re.compile(r'["\\<>]')


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was taken apart."""

    part: Part

    def header(self, name: str) -> str:
        """What a header says in words, on one line; nothing if it is not there."""
        return _words(self.part.get(name, ""))

    def has(self, name: str) -> bool:
        return name in self.part

    def ids(self, name: str) -> list[str]:
        """The mails that a header names."""
        said = str(self.part.get(name, "")).strip()
        found = _ID.findall(said) if "<" in said else _ID.findall(f"<{said}>")
        return [one for one in found if not _NO_ID.search(one)]

    def kind(self) -> str:
        """The MIME type, in lower case."""
        return self.part.get_content_type()

    def text(self, *, quoted: bool) -> str:
        """Its words. `quoted`: with those that its HTML marks as others'."""
        found = _text(self.part, frozenset() if quoted else QUOTED, 0)
        return storable(found[:_LONGEST].replace("\r\n", "\n").strip())


def read(body: bytes) -> Mail:
    """The mail. Raises one of fields.BREAKS."""
    return Mail(message_from_bytes(body))


def decoded(data: bytes, charset: str | None) -> str:
    """The words that bytes are, though their charset be a lie.

    Bytes beyond ASCII that make sense in UTF-8 are hardly anything else; what is all ASCII may be
    a charset of escapes, such as ISO-2022-JP.
    """
    names = [charset, "cp1252"] if data.isascii() else ["utf-8", charset, "cp1252"]
    for name in names:
        try:
            if name and codecs.lookup(name).name not in _NO_CHARSETS:
                return data.decode(name)
        except (LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace")


def _words(value: object) -> str:
    try:
        # a header with bytes beyond ASCII comes as an object, and is taken apart like any other
        pieces = decode_header(value)  # type: ignore[arg-type]
    except (MessageError, ValueError):
        pieces = [(str(value), None)]
    said = (one if isinstance(one, str) else decoded(one, charset) for one, charset in pieces)
    return storable(" ".join("".join(said).split()))


def _text(part: Part, without: frozenset[str], depth: int) -> str:
    """The words of a part; of several versions of the same the plain one, if it says anything."""
    if depth > _DEEPEST:
        return ""
    kind = part.get_content_type()
    if part.is_multipart():
        if part.get_content_maintype() != "multipart":
            return ""  # a mail in a mail: somebody else's
        inner = [_text(one, without, depth + 1) for one in _parts(part)]
        if kind == "multipart/alternative":
            return next((one for one in inner if one.strip()), "")
        return "\n\n".join(one for one in inner if one.strip())
    if kind not in ("text/plain", "text/html") or part.get_filename():
        return ""
    if part.get_content_disposition() == "attachment":
        return ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    words = decoded(data, part.get_content_charset())
    return plain(words[:_MOST_MARKUP], without=without) if kind == "text/html" else words


def _parts(part: Part) -> Iterator[Part]:
    """The parts, plain words before HTML where they are versions of the same."""
    payload = part.get_payload()
    inner = (
        [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    )
    if part.get_content_type() == "multipart/alternative":
        inner.sort(key=lambda one: one.get_content_type() != "text/plain")
    yield from inner
