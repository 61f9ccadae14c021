"""One look at a listing of reviews: newest first, page by page, as far back as the window reaches.

A response does not move its review to the top, so everything within the window is read by every look;
what did not change since the last one is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from monitor.domain.errors import SourceError
from monitor.domain.post import Cost, Gap, Gone, Page, Post, PostKey, Rejected
from monitor.reviewing import cursor
from monitor.reviewing.cursor import Place


class Shown(Protocol):
    """What a listing shows as one: a review and its response, a comment and the replies to it."""

    @property
    def id(self) -> str:
        """The same in every look."""
        ...

    @property
    def mark(self) -> str:
        """Differs where anything of it changed."""
        ...

    @property
    def moved_at(self) -> datetime:
        """By what the listing sorts."""
        ...

    @property
    def last_at(self) -> datetime:
        """When anybody wrote or changed anything of it last, as far as the listing shows it."""
        ...

    def whole(self) -> Whole:
        """All of it, which may take further calls. Raises what a call raises."""
        ...

    def lost_since(self, mark: str) -> Sequence[PostKey]:
        """What was there when it had that mark, and is not any more."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """Something that is shown, read. `calls`: so many more than the page took."""

    items: tuple[Post | Rejected, ...]
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a listing. `next` is what to ask for the following one with; None: there is none."""

    items: tuple[Shown | Rejected, ...]
    next: str | None

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Those that could be read."""
        return tuple(one for one in self.items if not isinstance(one, Rejected))


class ForgottenError(SourceError):
    """The site does not know the continuation any more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the config sets: how far back every look goes, and how many pages one may have."""

    window: timedelta
    look_back: timedelta
    max_pages: int


def pages(
    ask: Callable[[str | None], Listed], since: str | None, bounds: Bounds, now: datetime
) -> Iterator[Page]:
    """Read on from a cursor. Raises what `ask` raises, and SourceError if it is no cursor of ours."""
    first = Place(int((now - bounds.look_back).timestamp()))
    place = first if since is None else cursor.read(since)
    resumed = place.next is not None
    while True:
        calls = 1
        try:
            listed = ask(place.next)
        except ForgottenError:
            if place.next is None:
                raise
            place, resumed, calls = place.again(), False, 2
            listed = ask(None)
        items, more_calls = _news(listed, place, now)
        place, gap = _after(place, listed, bounds, now)
        yield Page(items, cursor.write(place), gap, Cost(calls=calls + more_calls))
        if place.next is None and not resumed:
            return
        if place.next is None:
            resumed = False  # the end of an earlier look: now for what changed since it began


def _news(
    listed: Listed, place: Place, now: datetime
) -> tuple[tuple[Post | Gone | Rejected, ...], int]:
    """What a page has that was not seen like this before, and how many calls it took to read that."""
    news: list[Post | Gone | Rejected] = []
    calls = 0
    for one in listed.items:
        name, mark = _marked(one)
        before = place.mark_of(name)
        if before == mark:
            continue
        if isinstance(one, Rejected):
            news.append(one)
        elif one.last_at >= place.horizon_at:
            whole = one.whole()
            calls += whole.calls
            news += whole.items
            news += [Gone(key, now) for key in (one.lost_since(before) if before else ())]
    return tuple(news), calls


def _after(place: Place, listed: Listed, bounds: Bounds, now: datetime) -> tuple[Place, Gap | None]:
    floor = max(place.horizon_at, now - bounds.window)
    marks = dict(map(_marked, listed.items))
    is_below = bool(listed.shown) and all(one.last_at < floor for one in listed.shown)
    if listed.next is None or is_below:
        return place.wholly(marks), None
    if place.pages + 1 < bounds.max_pages:
        return place.partly(marks, listed.next), None
    oldest = min((one.moved_at for one in listed.shown), default=None)
    gap = Gap(
        f"more than {bounds.max_pages} pages of reviews are within the window",
        from_=floor.isoformat(),
        to=oldest.isoformat() if oldest else None,
    )
    return place.broken_off(marks), gap


def _marked(one: Shown | Rejected) -> tuple[str, str]:
    """What to know an item again by: also one that can't be read is told of once, not by every look."""
    if isinstance(one, Rejected):
        return f"{one.where} {one.sample}", "?"
    return one.id, one.mark
