"""Reads reviews as the Business Profile API shows them, each with the owner's reply, if there is one.

A review's id here is "location/review", as Google has it, so that it can be asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from monitor.domain.post import Author, Post, PostKey, PostKind, Rejected
from monitor.fetching import fields
from monitor.reviewing import reviews
from monitor.reviewing.look import Listed
from monitor.reviewing.reviews import Raw, Review

NETWORK = "google_business"
LONGEST_ANSWER = 4096
"""Bytes."""
PENDING = "pending"
"""How visible a reply is that Google has not looked at yet."""

_STARS = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "FIVE": 5.0}
_PAGE = frozenset({"reviews", "averageRating", "totalReviewCount", "nextPageToken"})
_ORIGINAL = re.compile(r"\(Original\)\s*\n(.*)", re.DOTALL)
_TRANSLATION = re.compile(r"\n*\(Translated by Google\)", re.DOTALL)


class Place(NamedTuple):
    """A place on the map, and the account that has it."""

    account: str
    location: str


def listed(body: Any, place: Place) -> Listed:
    """A page; a place without reviews has none. Raises ValueError: it is no page."""
    if not isinstance(body, dict) or body.keys() - _PAGE:
        raise ValueError("it is no page of reviews")
    token = body.get("nextPageToken")
    items = reviews.read_each(body.get("reviews", []), lambda raw: read(raw, place))
    return Listed(items, token if isinstance(token, str) and token else None)


def read(raw: Raw, place: Place) -> Review:
    """A review. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError: it is none."""
    number = f"{place.location}/{_id(raw['reviewId'])}"
    reviewer = raw.get("reviewer") or {}
    review = Post(
        key=PostKey(NETWORK, number),
        kind=PostKind.REVIEW,
        thread=number,
        text=_typed(reviews.words(raw.get("comment", ""))),
        rating=_STARS.get(str(raw.get("starRating"))),
        # nobody is told who wrote it; but each person has one review of a place
        author=Author(id=number, name=reviews.some(reviewer.get("displayName"))),
        visibility="public",
        posted_at=fields.moment(raw["createTime"]),
        edited_at=fields.moment(raw.get("updateTime") or raw["createTime"]),
        can_reply=True,
    )
    reply = raw.get("reviewReply")
    if reply is None:
        return Review(review, None)
    if _state(reply) == "REJECTED":
        return Review(review, None, _blocked(review, reply))
    return Review(review, response(reply, review, place.account))


def response(reply: Mapping[str, Any], to: Post, account: str) -> Post:
    """The owner's reply. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError: none."""
    post = reviews.response_to(
        to,
        text=reviews.words(reply["comment"]),
        at=fields.moment(reply["updateTime"]),
        owner=account,
    )
    return replace(post, visibility=PENDING) if _state(reply) == "PENDING" else post


def address(external_id: str) -> tuple[str, str]:
    """Location and id of the review to which a post belongs."""
    location, _, number = reviews.id_of(external_id).partition("/")
    return location, number


def _state(reply: Mapping[str, Any]) -> str:
    """Google lets its own rules pass over every reply before it is shown."""
    return str(reply.get("reviewReplyState") or reply.get("state") or "")


def _blocked(review: Post, reply: Mapping[str, Any]) -> Rejected:
    why = reviews.some(reply.get("policyViolation")) or "it does not say why"
    reason = f"Google shows your reply to nobody ({why}): write another one"
    return Rejected(review.key.external_id, reason, reviews.sample(reply))


def _typed(comment: str) -> str:
    """What the customer typed; Google puts its own translation before or behind it."""
    original = _ORIGINAL.search(comment)
    if original and "(Translated by Google)" in comment[: original.start()]:
        return original[1].strip()
    typed = _TRANSLATION.split(comment)[0].strip()
    return typed or comment.strip()


def _id(value: object) -> str:
    number = reviews.identifier(value)
    if "/" in number:
        raise ValueError(f"{number[:40]!r} is no id of a review")
    return number
