"""A review as sites have it: what a customer says, and the one thing that the owner says to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Author, Gone, Post, PostKey, PostKind, Rejected
from monitor.domain.storable import storable
from monitor.reviewing.look import Whole

RESPONSE = "/response"
"""What the owner's response is called, behind the review's own id."""

_SAMPLE = 200
_LONGEST_ID = 200

Raw = Mapping[str, Any]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Review:
    """What a site shows of one review now. `blocked`: why it shows the owner's response to nobody."""

    review: Post
    response: Post | None
    blocked: Rejected | None = None

    @property
    def id(self) -> str:
        return self.review.key.external_id

    @property
    def moved_at(self) -> datetime:
        """When the customer wrote it, or changed it last."""
        return _touched_at(self.review)

    @property
    def last_at(self) -> datetime:
        """When the customer or the owner changed it last."""
        return max(map(_touched_at, self.posts))

    @property
    def posts(self) -> tuple[Post, ...]:
        """The review, and the response if there is one: in this order an answer finds its question."""
        return (self.review,) if self.response is None else (self.review, self.response)

    @property
    def mark(self) -> str:
        """Says whether anything of it changed, and by its first letter whether it has a response."""
        return ("r" if self.response else "-") + digest(repr((self.posts, self.blocked)))

    def whole(self) -> Whole:
        """The listing shows all of it."""
        return Whole(self.posts if self.blocked is None else (*self.posts, self.blocked))

    def lost_since(self, mark: str) -> Sequence[PostKey]:
        """The response, if it had one."""
        if self.response is not None or not mark.startswith("r"):
            return ()
        return (PostKey(self.review.key.network, f"{self.id}{RESPONSE}"),)


def digest(said: str) -> str:
    """A few letters that differ where the text does."""
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _touched_at(post: Post) -> datetime:
    return post.edited_at or post.posted_at


def response_to(
    review: Post, *, text: str, at: datetime, owner: str, edited_at: datetime | None = None
) -> Post:
    """The owner's response as a post. Most sites tell only when it was changed last, which is `at`."""
    network, number = review.key
    return Post(
        key=PostKey(network, f"{number}{RESPONSE}"),
        kind=PostKind.RESPONSE,
        thread=number,
        reply_to=number,
        text=text,
        author=Author(id=owner),
        visibility="public",
        url=review.url,
        posted_at=at,
        edited_at=edited_at or at,
    )


def id_of(external_id: str) -> str:
    """The review that a post belongs to, be it the review itself or its response."""
    return external_id.removesuffix(RESPONSE)


def by_review(keys: Iterable[PostKey], network: str) -> dict[str, list[PostKey]]:
    """Which posts are asked for of which review: one look at it tells of all of them."""
    asked: dict[str, list[PostKey]] = {}
    for key in dict.fromkeys(keys):
        if key.network == network:
            asked.setdefault(id_of(key.external_id), []).append(key)
    return asked


def told_of(
    found: Review | Rejected, keys: Iterable[PostKey], now: datetime
) -> Iterator[Post | Gone | Rejected]:
    """What a look at a review says of each post asked for: a response may be gone while it stands.

    And the response to a review that is asked for: no listing shows one that came late.
    """
    if isinstance(found, Rejected):
        yield found
        return
    standing, asked = {post.key: post for post in found.posts}, set(keys)
    for key in sorted(asked):
        yield standing.get(key) or Gone(key, now)
    if found.response is not None and found.review.key in asked and found.response.key not in asked:
        yield found.response


def answer_in(found: Review | Rejected, to: Post) -> Post | Absent | Unknowable:
    """The response to a review as it was answered. One that is older than that answered what it was."""
    if isinstance(found, Rejected):
        return Unknowable(f"the store's answer can't be read: {found.reason}")
    response = found.response
    if response is None or response.posted_at < (to.edited_at or to.posted_at):
        return Absent()
    return response


def read_each(raws: object, read: Callable[[Raw], _Item]) -> tuple[_Item | Rejected, ...]:
    """Every item of a listing. Raises ValueError: it is no list at all."""
    if not isinstance(raws, list):
        raise ValueError("the reviews are no list")  # noqa: TRY004  # the store's mistake, not ours
    return tuple(read_one(raw, read) for raw in raws)


def read_one(raw: object, read: Callable[[Raw], _Item]) -> _Item | Rejected:
    """An item, or why it is none: one that can't be read never hides its neighbours."""
    if not isinstance(raw, dict):
        return Rejected("?", "it is no object", sample(raw))
    try:
        return read(raw)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        why = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        where = raw.get("reviewId") or raw.get("id") or "?"
        return Rejected(plain(where)[:80], plain(why), sample(raw))


def sample(raw: object) -> str:
    """The beginning of something unreadable."""
    return plain(json.dumps(raw, ensure_ascii=False, default=str))[:_SAMPLE]


def plain(value: object) -> str:
    """Text that every database takes."""
    return storable(str(value))


def words(value: object) -> str:
    """A text that has to be there, though it may be empty."""
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]!r} is no text")  # noqa: TRY004  # as above
    return plain(value)


def some(value: object) -> str | None:
    """A text that may be absent."""
    return plain(value) if isinstance(value, str) and value.strip() else None


def identifier(value: object) -> str:
    """A store's id."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or plain(value) != value:
        raise ValueError(f"{str(value)[:40]!r} is no id")
    return value


def stars(value: object) -> float | None:
    """A rating from 1 to 5, if it is one."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 5  # noqa: PLR2004
    return float(value) if fits else None  # type: ignore[arg-type]  # an int, as `fits` says
