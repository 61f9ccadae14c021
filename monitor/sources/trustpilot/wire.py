"""Reads reviews as Trustpilot shows them, each with the company's reply, if there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.domain.post import Author, Post, PostKey, PostKind
from monitor.fetching import fields
from monitor.reviewing import reviews
from monitor.reviewing.look import Listed
from monitor.reviewing.reviews import Raw, Review

NETWORK = "trustpilot"
LONGEST_ANSWER = 10_000
"""Characters. Trustpilot publishes no limit."""
_PAGE = "https://www.trustpilot.com/reviews/"
_ACTIVE = "active"
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shop:
    """Whose reviews these are. `mute`: why none could be answered; None: they may be."""

    unit: str
    mute: str | None


def listed(body: Any, shop: Shop, page: int, size: int) -> Listed:
    """A page; pages have numbers. Raises ValueError: it is none."""
    told = body if isinstance(body, dict) else {}
    items = reviews.read_each(told.get("reviews"), lambda raw: read(raw, shop))
    return Listed(items, str(page + 1) if len(items) >= size else None)


def read(raw: Raw, shop: Shop) -> Review:
    """A review. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError: it is none."""
    number, consumer = _id(raw["id"]), fields.table(raw.get("consumer") or {})
    posted, updated = _moment(raw["createdAt"]), raw.get("updatedAt")
    status, language = reviews.some(raw.get("status")) or _ACTIVE, raw.get("language")
    review = Post(
        key=PostKey(NETWORK, number),
        kind=PostKind.REVIEW,
        thread=number,
        title=reviews.some(raw.get("title")),
        text=reviews.words(raw.get("text") or ""),
        lang=language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else None,
        rating=reviews.stars(raw.get("stars")),
        author=_author(consumer),
        visibility="public" if status == _ACTIVE else status,
        url=f"{_PAGE}{number}",
        posted_at=posted,
        edited_at=_moment(updated) if updated else posted,
        can_reply=shop.mute is None,
        cannot_reply_because=shop.mute,
    )
    reply = raw.get("companyReply")
    return Review(review, None if reply is None else _response(fields.table(reply), review, shop))


def answered(to: Post, text: str, now: datetime, shop: Shop) -> Post:
    """The reply that was just written: Trustpilot says nothing to it."""
    return reviews.response_to(to, text=text, at=now, owner=shop.unit)


def _response(reply: dict[str, Any], review: Post, shop: Shop) -> Post:
    updated = reply.get("updatedAt")
    return reviews.response_to(
        review,
        text=reviews.words(reply["text"]),
        at=_moment(reply["createdAt"]),
        edited_at=_moment(updated) if updated else None,
        owner=shop.unit,
    )


def _id(value: object) -> str:
    """A piece of an address: an id of Trustpilot's is never more than that."""
    number = reviews.identifier(value)
    if not number.isalnum():
        raise ValueError(f"{number[:40]!r} is no id of a review")
    return number


def _author(consumer: dict[str, Any]) -> Author:
    """Whoever closed the account is nobody."""
    number = consumer.get("id")
    name = reviews.some(consumer.get("displayName"))
    return Author(id=None if number is None else reviews.identifier(number), name=name)


def _moment(value: object) -> datetime:
    """A time; some of Trustpilot's name no zone, and are in UTC."""
    told = reviews.words(value)
    return fields.moment(told if _ZONE.search(told) else f"{told}Z")
