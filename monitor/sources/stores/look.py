"""One look at a store's reviews: newest first, page by page, as far back as the window reaches.

A response does not move its review to the top, so everything within the window is read by every look;
what did not change since the last one is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.post import Cost, Gap, Gone, Page, Post, PostKey, Rejected
from monitor.fetching import CallError
from monitor.sources.stores import cursor
from monitor.sources.stores.cursor import Place
from monitor.sources.stores.reviews import RESPONSE, Review


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a listing. `next` is what to ask for the following one with; None: there is none."""

    items: tuple[Review | Rejected, ...]
    next: str | None

    @property
    def reviews(self) -> tuple[Review, ...]:
        """Those that could be read."""
        return tuple(one for one in self.items if isinstance(one, Review))


class ForgottenError(CallError):
    """The store does not know the continuation any more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the config sets: how far back every look goes, and how many pages one may have."""

    window: timedelta
    look_back: timedelta
    max_pages: int


def pages(
    ask: Callable[[str | None], Listed], since: str | None, bounds: Bounds, now: datetime
) -> Iterator[Page]:
    """Read on from a cursor. Raises CallError, and SourceError if it is no cursor of ours."""
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
        items = tuple(_news(listed, place, now))
        place, gap = _after(place, listed, bounds, now)
        yield Page(items, cursor.write(place), gap, Cost(calls=calls))
        if place.next is None and not resumed:
            return
        if place.next is None:
            resumed = False  # the end of an earlier look: now for what changed since it began


def _news(listed: Listed, place: Place, now: datetime) -> Iterator[Post | Gone | Rejected]:
    """What a page has that was not seen like this before."""
    for one in listed.items:
        name, mark = _marked(one)
        before = place.mark_of(name)
        if before == mark:
            continue
        if isinstance(one, Rejected):
            yield one
            continue
        if _is_over(one, place.horizon_at):
            continue
        yield from one.posts
        if one.response is None and before is not None and before.startswith("r"):
            yield Gone(PostKey(one.review.key.network, f"{one.id}{RESPONSE}"), now)


def _after(place: Place, listed: Listed, bounds: Bounds, now: datetime) -> tuple[Place, Gap | None]:
    floor = max(place.horizon_at, now - bounds.window)
    marks = dict(map(_marked, listed.items))
    is_below = bool(listed.reviews) and all(_is_over(one, floor) for one in listed.reviews)
    if listed.next is None or is_below:
        return place.wholly(marks), None
    if place.pages + 1 < bounds.max_pages:
        return place.partly(marks, listed.next), None
    oldest = min((one.moved_at for one in listed.reviews), default=None)
    gap = Gap(
        f"more than {bounds.max_pages} pages of reviews are within the window",
        from_=floor.isoformat(),
        to=oldest.isoformat() if oldest else None,
    )
    return place.broken_off(marks), gap


def _marked(one: Review | Rejected) -> tuple[str, str]:
    """What to know an item again by: also one that can't be read is told of once, not by every look."""
    if isinstance(one, Review):
        return one.id, one.mark
    return f"{one.where} {one.sample}", "?"


def _is_over(one: Review, floor: datetime) -> bool:
    """Whether neither the review nor its response is as young as that."""
    return all((post.edited_at or post.posted_at) < floor for post in one.posts)
