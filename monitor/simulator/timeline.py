"""Lays the story on the clock: when each post is written and seen, and the id a network gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from monitor.simulator import ids
from monitor.simulator.script import Line

ROOT_JITTER = timedelta(minutes=3)
REPLY_JITTER = timedelta(minutes=10)
REPLY_JITTER_SHARE = 0.08
"""A reply comes up to this share, but no more than `REPLY_JITTER`, sooner or later than written."""

SEEN_WITHIN = {
    "x": timedelta(seconds=20),
    "reddit": timedelta(seconds=45),
    "google_play": timedelta(minutes=6),
    "app_store": timedelta(minutes=10),
    "reviews": timedelta(minutes=4),
    "forum": timedelta(seconds=5),
}
"""The longest time after which a network shows a post to readers, by network."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of the story with its times (UTC, whole seconds) and the network's names for it."""

    line: Line
    parent: Placed | None
    external_id: str
    thread_id: str
    posted_at: datetime
    visible_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None

    @property
    def reply_to(self) -> str | None:
        """The parent's id where the network tells it."""
        return None if self.parent is None or self.line.top_level else self.parent.external_id

    @property
    def answered_author(self) -> str | None:
        """Whom this speaks to: the next author up the chain who is not the shop."""
        above = self.parent
        while above and above.line.is_brand:
            above = above.parent
        return above.line.by if above else None


def place(lines: Iterable[Line], start: datetime, seed: int) -> Iterator[Placed]:
    """Every post of the story, a parent always before its replies."""
    for line in lines:
        yield from _place(line, None, start.astimezone(UTC), seed)


def _place(line: Line, parent: Placed | None, start: datetime, seed: int) -> Iterator[Placed]:
    chance = Random(f"{seed}/{line.path}")
    jitter = min(REPLY_JITTER, line.after * REPLY_JITTER_SHARE) if parent else ROOT_JITTER
    since = parent.posted_at if parent else start
    posted_at = _whole_second(since + line.after + jitter * chance.uniform(-1, 1))
    hidden_for = line.indexed_after or SEEN_WITHIN[line.network] * chance.random()
    visible_at = _whole_second(posted_at + hidden_for)
    if parent and not parent.line.indexed_after:  # only a late index shows a reply before its post
        visible_at = max(visible_at, parent.visible_at)
    external_id = ids.post_id(line, parent.external_id if parent else None, posted_at, chance)
    placed = Placed(
        line=line,
        parent=parent,
        external_id=external_id,
        thread_id=parent.thread_id if parent else external_id,
        posted_at=posted_at,
        visible_at=visible_at,
        edited_at=_whole_second(posted_at + line.edit.after) if line.edit else None,
        deleted_at=_whole_second(posted_at + line.deleted_after) if line.deleted_after else None,
    )
    yield placed
    for reply in line.replies:
        yield from _place(reply, placed, start, seed)


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
