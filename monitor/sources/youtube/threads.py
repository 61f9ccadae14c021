"""A comment and the replies to it, as one thing that a listing shows.

YouTube knows no replies to replies: who means somebody in particular begins with their @handle. So the
handle tells which comment of the thread a reply answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor.domain.post import Post, PostKey, Rejected
from monitor.fetching import fields
from monitor.reviewing import reviews
from monitor.reviewing.look import Listed, Whole
from monitor.reviewing.reviews import Raw
from monitor.sources.youtube import comments
from monitor.sources.youtube.comments import Whose

_NAME_GOES_ON = re.compile(r"[\w.·-]")

Replies = tuple[Post | Rejected, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """One comment below a video. `shown`: of its `total` replies those that the listing shows."""

    top: Post
    shown: Replies
    total: int
    whose: Whose
    all_replies: Callable[[Whose], tuple[Sequence[Any], int]]
    """Asks for every reply; with how many calls. Raises SourceError."""

    @property
    def id(self) -> str:
        return self.top.key.external_id

    @property
    def mark(self) -> str:
        """Of a long thread the replies that are not shown are noticed by their number."""
        return reviews.digest(repr((self.top, sorted(map(repr, self.shown)), self.total)))

    @property
    def moved_at(self) -> datetime:
        """When it was begun: by that threads are sorted."""
        return self.top.posted_at

    @property
    def last_at(self) -> datetime:
        """When anybody wrote or changed something in it, as far as it is shown."""
        told = [self.top, *(one for one in self.shown if isinstance(one, Post))]
        return max(one.edited_at or one.posted_at for one in told)

    def whole(self) -> Whole:
        """All of it, each reply with whom it answers."""
        replies, calls = self.shown, 0
        if self.total > len(self.shown):
            raws, calls = self.all_replies(self.whose)
            listed = read_replies(raws, self.whose)
            # what is held back is shown with its thread, and not listed
            replies = (
                *listed,
                *(one for one in self.shown if _name(one) not in map(_name, listed)),
            )
        told = addressed(self.id, self.top.author.handle, replies)
        return Whole((self.top, *told), calls)

    def lost_since(self, mark: str) -> Sequence[PostKey]:
        """Which replies are gone is told by looking them up."""
        del mark
        return ()


@dataclass(frozen=True, slots=True)
class Reader:
    """How threads are read. `mute`: why none could be answered; `status`: what was asked for."""

    all_replies: Callable[[Whose], tuple[Sequence[Any], int]]
    mute: str | None
    status: str = "published"

    def listed(self, body: Any) -> Listed:
        """A page. Raises ValueError: it is none."""
        told = body if isinstance(body, dict) else {}
        token = told.get("nextPageToken")
        items = reviews.read_each(told.get("items"), self.read)
        return Listed(items, token if isinstance(token, str) and token else None)

    def whose(self, raw: Raw) -> Whose:
        """What a thread says of all that is in it."""
        snippet = fields.table(raw["snippet"])
        is_closed = snippet.get("canReply") is False
        mute = self.mute or (comments.CLOSED if is_closed else None)
        number = comments.identifier(raw)
        return Whose(number, comments.video_of(snippet), mute, self.status)

    def read(self, raw: Raw) -> Thread:
        """A thread. Raises KeyError, ValueError, TypeError, AttributeError, OverflowError: none."""
        whose, snippet = self.whose(raw), raw["snippet"]
        top = comments.read(snippet["topLevelComment"], whose)
        if top.key.external_id != whose.thread:
            raise ValueError("the thread's first comment is another one")
        inner = raw.get("replies")
        listed = inner.get("comments") if isinstance(inner, dict) else None
        shown = read_replies(listed if isinstance(listed, list) else [], whose)
        total = fields.number_or_none(snippet, "totalReplyCount") or 0
        return Thread(top, shown, total, whose, self.all_replies)


def read_replies(raws: Sequence[Any], whose: Whose) -> Replies:
    """Replies of one thread, as far as they can be read."""
    return tuple(reviews.read_one(raw, lambda one: comments.read(one, whose)) for raw in raws)


def addressed(top: str, handle: str | None, replies: Replies) -> Replies:
    """The replies, oldest first, each with the comment that it answers: by the handle it begins with.

    `top`, `handle`: the thread's first comment and its author.
    """
    latest = {} if handle is None else {handle.casefold(): top}
    found: list[Post | Rejected] = [one for one in replies if isinstance(one, Rejected)]
    told = [one for one in replies if isinstance(one, Post)]
    for one in sorted(told, key=lambda post: (post.posted_at, post.key)):
        meant = [name for name in latest if begins_with(one.text, name)]
        above = latest[max(meant, key=len)] if meant else top
        found.append(replace(one, reply_to=above))
        if one.author.handle:
            latest[one.author.handle.casefold()] = one.key.external_id
    return tuple(found)


def _name(one: Post | Rejected) -> str:
    return one.where if isinstance(one, Rejected) else one.key.external_id


def begins_with(text: str, handle: str) -> bool:
    """Whether it is to whom that handle names."""
    begin = text.lstrip().casefold()
    name = f"@{handle.casefold().lstrip('@')}"
    return begin.startswith(name) and not _NAME_GOES_ON.match(begin[len(name) :])
