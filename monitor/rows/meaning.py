"""What a row means: our fields, by name, made a Post or a Gone, or refused with a reason."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from monitor.domain.post import NOBODY, Author, Gone, Post, PostKey, PostKind
from monitor.domain.storable import storable
from monitor.rows.texts import capped
from monitor.rows.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from monitor.ports import Clock

Field: TypeAlias = Literal[
    "network",
    "external_id",
    "thread_id",
    "reply_to",
    "author",
    "author_id",
    "via",
    "text",
    "title",
    "posted_at",
    "edited_at",
    "deleted_at",
    "rating",
    "url",
    "lang",
]
FIELDS: tuple[Field, ...] = get_args(Field)

Row: TypeAlias = "Mapping[str, object]"
"""A row's values by our field names; from CSV all are text, "" for an empty cell."""

MAX_NAME = 500
"""Characters of an id, a network or an author: they are database keys, whose indexes have limits."""

_RATING = re.compile(r"(\d+(?:[.,]\d+)?)(?:\s*/\s*5(?:[.,]0+)?)?", re.ASCII)
_ROUNDED_BY_A_SPREADSHEET = re.compile(r"\d[.,]\d+E\+\d+", re.ASCII)
_BEST = 5


class RowError(Exception):
    """Why a row can't be taken, in words for the person who wrote the file."""


def own_id(row: Row) -> str | None:
    """The id that the row brings.

    Raises:
        RowError: it brings one that can't be used.

    """
    return _id(row, "external_id")


def is_interchangeable(row: Row) -> bool:
    """Whether equal rows without id may be different posts: those without an author or a time.

    A row that says who wrote it and when is the same post wherever it is repeated.
    """
    anonymous = _is_blank(row.get("author")) and _is_blank(row.get("author_id"))
    return anonymous or _is_blank(row.get("posted_at"))


def fingerprint(row: Row) -> bytes:
    """What a row says, in sixteen bytes, whatever other columns the file has and in what order."""
    said = [f"{field}={row[field]}" for field in FIELDS if row.get(field) not in (None, "")]
    written = "\x1f".join(said).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(written, digest_size=16).digest()


def identity(file: str, print_: bytes, occurrence: int) -> str:
    """The id of a row that brings none: the same whenever the same file is read again, or has grown."""
    made = hashlib.blake2b(f"{file}\x1f{occurrence}\x1f".encode() + print_, digest_size=16)
    return f"row-{made.hexdigest()}"


class RowMeaning:
    """How this source's rows are read: its default network, its time zone, its clock."""

    def __init__(
        self, *, network: str, zone: tzinfo | None, time_format: str | None, now: Clock | None
    ) -> None:
        """`now` stands in for a missing time; without it such a row is refused."""
        self._network = network
        self._zone = zone
        self._time_format = time_format
        self._now = now

    def of(self, row: Row, external_id: str) -> Post | Gone:
        """The post, or the deletion. `external_id` is the row's own, or made for it.

        Raises:
            RowError: a field that is needed is missing, or one can't be read.

        """
        network = (_name(row, "network") or self._network).lower()
        deleted_at = self._time(row, "deleted_at")
        if deleted_at is not None:
            if _is_blank(row.get("external_id")):
                raise RowError("deleted_at says nothing without external_id")
            return Gone(PostKey(network, external_id), before=deleted_at)
        text = _text(row)
        reply_to = _id(row, "reply_to")
        if reply_to == external_id:
            reply_to = None  # some exports let a root answer itself
        title = _words(row, "title")
        rating = _rating(row)
        return Post(
            key=PostKey(network, external_id),
            kind=_kind(rating, reply_to),
            thread=_id(row, "thread_id") or reply_to or external_id,
            reply_to=reply_to,
            title=capped(title) if title else None,
            text=text,
            lang=_name(row, "lang"),
            rating=rating,
            author=_author(row),
            via=_words(row, "via"),
            url=_link(row),
            posted_at=self._time(row, "posted_at") or self._assumed(),
            edited_at=self._time(row, "edited_at"),
        )

    def _time(self, row: Row, field: Field) -> datetime | None:
        value = row.get(field)
        if _is_blank(value):
            return None
        try:
            return parse_time(value, self._zone, self._time_format)
        except ValueError as error:
            raise RowError(f"{field}: {error}") from None

    def _assumed(self) -> datetime:
        if self._now is None:
            raise RowError("no posted_at (assume_now takes the time of reading)")
        return self._now()


def _is_blank(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, str) and value.isspace())


def _words(row: Row, field: Field) -> str | None:
    value = row.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return storable(value.strip()) or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RowError(f"{field} is {str(value)[:40]}: neither text nor a whole number")


def _name(row: Row, field: Field) -> str | None:
    words = _words(row, field)
    if words is None:
        return None
    if len(words) > MAX_NAME:
        raise RowError(f"{field} is longer than {MAX_NAME} characters")
    if "E+" in words and _ROUNDED_BY_A_SPREADSHEET.fullmatch(words):
        raise RowError(f"{field} {words} was rounded by a spreadsheet: format the column as text")
    return words


def _id(row: Row, field: Field) -> str | None:
    """A name that is not mended as others are: the mended one might be another's."""
    value = row.get(field)
    if isinstance(value, str) and value != storable(value):
        raise RowError(f"{field} holds NUL or half a character")
    return _name(row, field)


def _text(row: Row) -> str:
    value = row.get("text")
    if isinstance(value, str):
        if value and not value.isspace():
            return capped(storable(value))
    elif value is not None:
        raise RowError(f"text is {type(value).__name__}, not text")
    raise RowError("no text")


def _author(row: Row) -> Author:
    handle, author_id = _name(row, "author"), _id(row, "author_id")
    return Author(id=author_id, handle=handle) if handle or author_id else NOBODY


def _kind(rating: float | None, reply_to: str | None) -> PostKind:
    if reply_to:
        return PostKind.COMMENT
    return PostKind.POST if rating is None else PostKind.REVIEW


def _rating(row: Row) -> float | None:
    value = row.get("rating")
    if _is_blank(value):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if abs(value) <= _BEST else 0.0
    else:
        written = _RATING.fullmatch(value.strip()) if isinstance(value, str) else None
        number = float(written[1].replace(",", ".")) if written else 0.0
    if 1 <= number <= _BEST:
        return number
    raise RowError(f'rating: "{str(value)[:40]}" is not 1 to {_BEST}')


def _link(row: Row) -> str | None:
    """The address, if it is one of the web; another scheme would be clickable in Slack and HTML."""
    url = _words(row, "url")
    return url if url and url.lower().startswith(("https://", "http://")) else None
