"""What a source yields: posts, deletions, items that could not be read, and the pages they come in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias

Cursor: TypeAlias = str
"""Where a stream was read to. Opaque to all but the source that made it."""


class PostKey(NamedTuple):
    """A post's identity: the network (not the configured source) and the network's own id, as text.

    A tuple, as it is hashed a dozen times a post on its way in.
    """

    network: str
    external_id: str

    def __str__(self) -> str:
        return f"{self.network}:{self.external_id}"


AUTOMATIC = "automatic"
"""`via` of what says of itself that a machine wrote it: an out-of-office note, a bounce, a receipt."""


class PostKind(StrEnum):
    """The shape in which the network shows a post."""

    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    RESPONSE = "response"
    """The owner's one response to a review."""
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote a post, as far as the network says. `id` is the network's own and never changes."""

    id: str | None = None
    handle: str | None = None
    name: str | None = None
    followers: int | None = None

    @property
    def key(self) -> str | None:
        """The most lasting name there is: the id, else the handle without case and at-sign."""
        if self.id:
            return self.id
        return self.handle.casefold().lstrip("@") if self.handle else None


NOBODY = Author()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One public text, by anybody, the brand included.

    `thread` is the external id of the conversation's root (the post itself for a root).
    `reply_to` and `quotes` are external ids on the same network.
    `rating` is 1 to 5. `posted_at` is the network's time, UTC; `indexed_at` is the network's own
    time of seeing it where `posted_at` is only declared by a client (Bluesky).
    `reply_token` is what answering needs besides the id.
    """

    key: PostKey
    kind: PostKind = PostKind.POST
    thread: str
    reply_to: str | None = None
    quotes: tuple[str, ...] = ()
    title: str | None = None
    text: str
    lang: str | None = None
    rating: float | None = None
    author: Author = NOBODY
    via: str | None = None
    visibility: str | None = None
    reply_token: str | None = None
    url: str | None = None
    posted_at: datetime
    indexed_at: datetime | None = None
    edited_at: datetime | None = None
    reach: int | None = None
    can_reply: bool | None = None
    cannot_reply_because: str | None = None

    @property
    def is_root(self) -> bool:
        return self.thread == self.key.external_id

    def never_later_than(self, seen_at: datetime) -> Post:
        """The same post, its times capped at when it was seen: nothing is posted in the future."""
        edited = min(self.edited_at, seen_at) if self.edited_at else None
        return replace(self, posted_at=min(self.posted_at, seen_at), edited_at=edited)


@dataclass(frozen=True, slots=True)
class Gone:
    """A post that its author (or the network) deleted: at a known time, or between two looks."""

    key: PostKey
    before: datetime
    """When it was deleted, or the first look that no longer found it."""
    after: datetime | None = None
    """The last look that still found it; None when `before` is the network's own time."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that could not be read: counted and shown, never lost. `where` is a line or an id."""

    where: str
    reason: str
    sample: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A range that a cap or a quota cut off, in the network's own ids or times."""

    reason: str
    from_: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a page cost: calls made, and money in millionths of the source's currency."""

    calls: int = 0
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some items and the cursor to go on from after them. Repeats are allowed, missing items are not."""

    items: tuple[Post | Gone | Rejected, ...]
    cursor: Cursor
    gap: Gap | None = None
    cost: Cost = Cost()


class StreamKind(StrEnum):
    """What a stream is read for."""

    MENTIONS = "mentions"
    SEARCH = "search"
    OWN = "own"
    """The brand's own timeline: reading it past a due time is what proves a silence."""
    ALL = "all"
    """Customers' posts and the brand's answers in one stream (files, review sites, forums)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One thing that a source reads, with a cursor and a fate of its own. `name` is unique in the source."""

    name: str
    kind: StreamKind
    network: str
    every: timedelta = timedelta(minutes=1)

    @property
    def shows_answers(self) -> bool:
        return self.kind in (StreamKind.OWN, StreamKind.ALL)
