"""The world: everything that happens in the simulated days, in the order in which it can be seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from operator import attrgetter

from monitor.simulator import ids
from monitor.simulator.script import Label, Severity, read_story
from monitor.simulator.timeline import Placed, place

_SHOWN = attrgetter("visible_at", "posted_at", "network", "external_id")
"""The order of seeing; of two things seen in one second the older comes first."""
_ASKS = (Label.COMPLAINT, Label.QUESTION)


class What(StrEnum):
    """What befell a post."""

    POSTED = "posted"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a checker may know and a monitor has to find out.

    `answered_at`: when a person of the shop answered this complaint or question for good (an
    answer that was deleted again does not count); None: never, or nothing was asked.
    `repost_of`: the external id of the post that this one repeats.
    `tells`: the situations this post plays a part in ("sarcasm", "late answer").
    """

    label: Label
    severity: Severity | None
    answered_at: datetime | None
    withdrawn_at: datetime | None
    repost_of: str | None
    tells: tuple[str, ...]

    @property
    def is_complaint(self) -> bool:
        return self.label is Label.COMPLAINT


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One post, edit or deletion. Times are UTC and never later than `visible_at`.

    `author` is a handle, or None where the network hides it. `reply_to` is None for a reply that
    names only its thread. An edit carries the whole post as it now is.
    """

    what: What
    visible_at: datetime
    network: str
    external_id: str
    thread_id: str
    reply_to: str | None
    author: str | None
    author_id: str | None
    via: str | None
    text: str
    title: str | None
    rating: int | None
    url: str | None
    lang: str
    posted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    truth: Truth

    @property
    def key(self) -> tuple[str, str]:
        """Network and the network's own id."""
        return self.network, self.external_id


class World:
    """The simulated days around `start`, which stands for Monday 08:00 in the shop's own zone.

    The same start and seed give the same world; another seed moves times and ids, not words.
    """

    def __init__(self, start: datetime, seed: int) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of the world needs a time zone")
        self.start = start
        self.seed = seed
        self._happenings = tuple(sorted(_all(start, seed), key=_SHOWN))

    @property
    def ends_at(self) -> datetime:
        """When the last thing becomes visible."""
        return self._happenings[-1].visible_at

    def happenings(self) -> Sequence[Happening]:
        """All that ever happens, by the time it becomes visible."""
        return self._happenings

    def until(self, moment: datetime) -> Iterator[Happening]:
        """What has become visible by `moment`, that instant included."""
        return islice(
            self._happenings,
            bisect_right(self._happenings, moment, key=attrgetter("visible_at")),
        )


def _all(start: datetime, seed: int) -> Iterator[Happening]:
    placed = tuple(place(read_story(), start, seed))
    named = {post.line.name: post.external_id for post in placed if post.line.name}
    threads: dict[tuple[str, str], list[Placed]] = {}
    for post in placed:
        threads.setdefault((post.line.network, post.thread_id), []).append(post)
    for thread in threads.values():
        for post in thread:
            yield from _life(post, thread, named)


def _life(post: Placed, thread: Sequence[Placed], named: Mapping[str, str]) -> Iterator[Happening]:
    """A post and what befalls it later; nothing befalls it before it can be seen."""
    posted = _posted(post, _truth(post, thread, named))
    yield posted
    shown_after = post.visible_at - post.posted_at + timedelta(seconds=1)
    if post.line.edit and post.edited_at:
        yield replace(
            posted,
            what=What.EDITED,
            visible_at=post.edited_at + shown_after,
            edited_at=post.edited_at,
            text=post.line.edit.text,
            rating=post.line.edit.rating,
            truth=replace(posted.truth, label=post.line.edit.label, severity=None),
        )
    if post.deleted_at:
        yield replace(
            posted,
            what=What.DELETED,
            visible_at=post.deleted_at + shown_after,
            deleted_at=post.deleted_at,
        )


def _posted(post: Placed, truth: Truth) -> Happening:
    line = post.line
    return Happening(
        what=What.POSTED,
        visible_at=post.visible_at,
        network=line.network,
        external_id=post.external_id,
        thread_id=post.thread_id,
        reply_to=post.reply_to,
        author=line.by,
        author_id=ids.author_id(line.network, line.by),
        via=line.via,
        text=line.text,
        title=line.title,
        rating=line.rating,
        url=ids.url(line.network, post.external_id, post.thread_id, line.by),
        lang=line.lang,
        posted_at=post.posted_at,
        edited_at=None,
        deleted_at=None,
        truth=truth,
    )


def _truth(post: Placed, thread: Sequence[Placed], named: Mapping[str, str]) -> Truth:
    line = post.line
    return Truth(
        label=line.label,
        severity=line.severity,
        answered_at=_answered_at(post, thread),
        withdrawn_at=None if line.is_brand else post.deleted_at,
        repost_of=named[line.repost_of] if line.repost_of else None,
        tells=line.tells,
    )


def _answered_at(asked: Placed, thread: Sequence[Placed]) -> datetime | None:
    """When the shop first answered whoever asked; a reply to somebody else is no answer."""
    if asked.line.label not in _ASKS:
        return None
    answers = (
        post.posted_at
        for post in thread
        if post.line.label is Label.BRAND
        and post.deleted_at is None
        and post.posted_at > asked.posted_at
        and post.answered_author == asked.line.by
    )
    return min(answers, default=None)
