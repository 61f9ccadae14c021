"""Reads App Store Connect's reviews: JSON:API, the responses beside the reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from monitor.domain.post import Author, Post, PostKey, PostKind, Rejected
from monitor.reviewing import reviews
from monitor.reviewing.look import Listed
from monitor.reviewing.reviews import Raw, Review

NETWORK = "app_store"
LONGEST_ANSWER = 5970
"""Characters."""
PENDING = "pending"
"""How visible a response is that Apple has not published yet: that takes up to a day."""


def listed(body: Mapping[str, Any], app: str) -> Listed:
    """A page. Raises ValueError: it is none."""
    responses = _responses(body)
    items = reviews.read_each(body.get("data"), lambda raw: read(raw, responses, app))
    return Listed(items, _next(body))


def one(body: Mapping[str, Any], app: str) -> Review | Rejected:
    """The review of an answer about one; what can't be read is a Rejected."""
    responses = _responses(body)
    return reviews.read_one(body.get("data"), lambda raw: read(raw, responses, app))


def read(raw: Raw, responses: Mapping[str, Raw], app: str) -> Review:
    """A review. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError: it is none."""
    number, said = reviews.identifier(raw["id"]), raw["attributes"]
    at = _time(said["createdDate"])
    review = Post(
        key=PostKey(NETWORK, number),
        kind=PostKind.REVIEW,
        thread=number,
        title=reviews.some(said.get("title")),
        text=reviews.words(said["body"]),
        rating=reviews.stars(said.get("rating")),
        # nobody is told who wrote it; but each person has one review of an app
        author=Author(id=number, name=reviews.some(said.get("reviewerNickname"))),
        visibility="public",
        posted_at=at,
        edited_at=at,
        can_reply=True,
    )
    name = _response_of(raw)
    if name is None:
        return Review(review, None)
    if name not in responses:
        raise ValueError("its response is not there")
    return Review(review, response(responses[name], review, app))


def response(raw: Raw, to: Post, app: str) -> Post:
    """A response as a post. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError."""
    said = raw["attributes"]
    post = reviews.response_to(
        to,
        text=reviews.words(said["responseBody"]),
        at=_time(said["lastModifiedDate"]),
        owner=app,
    )
    if said.get("state") == "PENDING_PUBLISH":
        return replace(post, visibility=PENDING)
    return post


def _response_of(raw: Raw) -> str | None:
    """The id of its response; None: it has none."""
    related = raw.get("relationships") or {}
    data = (related.get("response") or {}).get("data")
    return None if data is None else reviews.identifier(data["id"])


def _responses(body: Mapping[str, Any]) -> dict[str, Raw]:
    included = body.get("included")
    return {
        str(raw.get("id")): raw
        for raw in (included if isinstance(included, list) else [])
        if isinstance(raw, dict) and raw.get("type") == "customerReviewResponses"
    }


def _next(body: Mapping[str, Any]) -> str | None:
    """What to go on with. Only that is taken from Apple's address, so that no token goes elsewhere."""
    links = body.get("links")
    address = links.get("next") if isinstance(links, dict) else None
    if not address:
        return None
    found = parse_qs(urlsplit(str(address)).query).get("cursor")
    if not found:
        raise ValueError("the next page's address has no cursor")
    return found[0]


def _time(value: object) -> datetime:
    found = datetime.fromisoformat(reviews.words(value))
    if found.tzinfo is None:
        raise ValueError(f'"{value}" names no time zone')
    return found.astimezone(UTC)
