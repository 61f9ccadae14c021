"""Reads Google's reviews. One has a comment of the customer, and perhaps one of the developer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from monitor.domain.post import Author, Post, PostKey, PostKind
from monitor.reviewing import reviews
from monitor.reviewing.look import Listed
from monitor.reviewing.reviews import Raw, Review

NETWORK = "google_play"
LONGEST_ANSWER = 350
"""Characters. Google says "approximately"."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OLD_LANGUAGE = {"in": "id", "iw": "he"}


def listed(body: Mapping[str, Any], package: str) -> Listed:
    """A page. No reviews at all is an empty object. Raises ValueError: it is no page."""
    paging = body.get("tokenPagination")
    token = paging.get("nextPageToken") if isinstance(paging, dict) else None
    items = reviews.read_each(body.get("reviews", []), lambda raw: read(raw, package))
    return Listed(items, token if isinstance(token, str) and token else None)


def read(raw: Raw, package: str) -> Review:
    """A review. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError: it is none."""
    number = reviews.identifier(raw["reviewId"])
    said, answer = _comment(raw, "userComment"), _comment(raw, "developerComment")
    if said is None:
        raise KeyError("userComment")
    title, text = _title_and_text(said)
    at = _time(said["lastModified"])
    review = Post(
        key=PostKey(NETWORK, number),
        kind=PostKind.REVIEW,
        thread=number,
        title=title,
        text=text,
        lang=_language(said.get("reviewerLanguage")),
        rating=reviews.stars(said.get("starRating")),
        # nobody is told who wrote it; but each person has one review of an app
        author=Author(id=number, name=reviews.some(raw.get("authorName"))),
        visibility="public",
        url=_url(package, number),
        posted_at=at,
        edited_at=at,
        can_reply=True,
    )
    if answer is None:
        return Review(review, None)
    return Review(
        review,
        reviews.response_to(
            review,
            text=reviews.words(answer["text"]),
            at=_time(answer["lastModified"]),
            owner=package,
        ),
    )


def answered(body: Mapping[str, Any], to: Post, text: str, now: datetime, package: str) -> Post:
    """The response that was just written. Raises ValueError: Google does not say that it was."""
    result = body.get("result")
    if not isinstance(result, dict):
        raise ValueError("result is missing")  # noqa: TRY004  # Google's mistake, not ours
    try:
        at = _time(result["lastEdited"])
    except (KeyError, TypeError, ValueError, OverflowError):
        at = now
    shown = reviews.some(result.get("replyText")) or text
    return reviews.response_to(to, text=shown, at=at, owner=package)


def _comment(raw: Raw, kind: str) -> Raw | None:
    """The latest comment of a kind: there is one, by all that is known."""
    comments = raw["comments"]
    if not isinstance(comments, list):
        raise ValueError("comments is no list")  # noqa: TRY004  # as above
    found = [one[kind] for one in comments if isinstance(one, dict) and one.get(kind)]
    return found[-1] if found else None


def _title_and_text(said: Raw) -> tuple[str | None, str]:
    """What the customer typed, not its translation. Title and body come in one, with a tab between."""
    whole = reviews.some(said.get("originalText")) or reviews.words(said["text"])
    title, tab, text = whole.partition("\t")
    return (title.strip() or None, text.strip()) if tab else (None, whole.strip())


def _time(said: Raw) -> datetime:
    seconds, nanos = (_whole(said.get(name) or 0) for name in ("seconds", "nanos"))
    if not seconds:
        raise KeyError("seconds")
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)


def _whole(value: object) -> int:
    """A number, which Google writes as text where it may be long."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{str(value)[:40]!r} is no whole number")  # noqa: TRY004  # as above
    return int(value)


def _language(code: object) -> str | None:
    """Of the customer's device, as Google says itself: a hint."""
    if not isinstance(code, str):
        return None
    plain = code.replace("_", "-").partition("-")[0].lower()
    return _OLD_LANGUAGE.get(plain, plain) if plain.isascii() and plain.isalpha() else None


def _url(package: str, number: str) -> str:
    asked = urlencode({"id": package, "reviewId": number}, quote_via=quote)
    return f"https://play.google.com/store/apps/details?{asked}"
