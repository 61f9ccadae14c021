"""Reads a listing from the newest down to known ground, page by page.

Reddit's own "only what is newer than this one" (`before`) finds nothing once that one is deleted, so
it is never asked. A look goes down until everything is older than what an earlier look covered, less
an overlap for what came late; what is known there is not brought again. A look that broke off begins
again at the top, and skips what it had seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.domain.post import Cost, Gap, Gone, Page, Post, Rejected
from monitor.fetching import CallError
from monitor.sources.reddit import cursor, things
from monitor.sources.reddit.calls import Asks, Counted
from monitor.sources.reddit.cursor import Place

_EARLIER = slice(-2, -5, -1)
"""The things to go on from if Reddit has forgotten the last one."""
_SURE = 5
"""One thing out of order does not end a look: so many at a page's end must be on known ground."""
_NEARLY = 0.8
"""A listing that is cut off is shorter than its cap: what was removed is missing in it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Something that Reddit lists newest first; it shows `cap` things and no more."""

    path: str
    params: dict[str, str] = field(default_factory=dict)
    cap: int = 1000

    def pages(self, calls: Asks, size: int) -> Iterator[tuple[list[Any], bool]]:
        """The things, page by page, and whether there may be more. Raises CallError."""
        names: list[str] = []
        after: str | None = None
        while True:
            children, further = self._page(calls, size, after)
            if after and not children:
                children, further = self._page_from_before(calls, size, names[_EARLIER])
            fresh = [name for name in map(things.name_of, children) if name not in names]
            names += fresh
            has_more = bool(further and fresh)
            yield children, has_more
            if not has_more:
                return
            after = further

    def _page_from_before(
        self, calls: Asks, size: int, earlier: list[str]
    ) -> tuple[list[Any], str | None]:
        """The page after one of some earlier things; each of them has at least one behind it.

        Nothing followed the last thing, though Reddit had announced more: it was deleted meanwhile,
        or it was the end after all. If nothing follows the earlier ones either, Reddit is in trouble,
        and what is behind must not be taken for seen.
        """
        for name in earlier:
            children, further = self._page(calls, size, name)
            if children:
                return children, further
        if earlier:
            raise CallError("Reddit's listing broke off")
        return [], None

    def _page(self, calls: Asks, size: int, after: str | None) -> tuple[list[Any], str | None]:
        asked: dict[str, str | int] = {**self.params, "limit": size}
        if after:
            asked["after"] = after
        answer = calls.get(self.path, **asked)
        try:
            children, further = answer["data"]["children"], answer["data"].get("after")
        except (KeyError, TypeError, AttributeError) as error:
            raise CallError("Reddit answered with something that is no listing") from error
        if not isinstance(children, list):
            raise CallError("Reddit answered with a listing without things")
        return children, further


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a listing."""

    listing: Listing
    wanted: Callable[[Any], bool]
    """Whether a thing as Reddit writes it is one to bring."""
    mute: str | None
    overlap: timedelta
    size: int

    def pages(self, calls: Asks, place: Place, now: datetime) -> Iterator[Page]:
        """What is new, each page with the cursor to go on from. Raises CallError."""
        counted = Counted(calls)
        listed: dict[str, int] = {}
        shown: dict[str, float | None] = {}
        items: list[Post | Gone | Rejected] = []
        floor, told = place.floor(self.overlap), 0
        reached = False
        for children, has_more in self.listing.pages(counted, self.size):
            for child in filter(things.is_public, children):
                items.extend(self._item(child, place, now, listed))
            made = {things.name_of(child): things.created_of(child) for child in children}
            shown |= made
            ages = [age for age in made.values() if age is not None]
            reached = bool(ages) and all(age < floor for age in ages[-_SURE:])
            if reached or not has_more:
                break
            if items:
                spent = Cost(calls=counted.made - told)
                yield Page(tuple(items), cursor.write(place.partly(listed)), cost=spent)
                told = counted.made
                items.clear()
        newest = max((age for age in shown.values() if age is not None), default=place.newest)
        yield Page(
            tuple(items),
            cursor.write(place.wholly(listed, now, newest)),
            None if reached else self._gap(place, shown),
            Cost(calls=counted.made - told),
        )

    def _item(
        self, child: Any, place: Place, now: datetime, listed: dict[str, int]
    ) -> Iterator[Post | Gone | Rejected]:
        name, mark, made = things.name_of(child), things.mark_of(child), things.created_of(child)
        is_new = name not in listed and place.is_new(name, mark)
        listed[name] = mark
        if not is_new or (made is not None and made < place.horizon):
            return
        item = things.read(child, now=now, seen_at=place.read_before, mute=self.mute)
        if not isinstance(item, Post) or self.wanted(child):
            yield item

    def _gap(self, place: Place, shown: dict[str, float | None]) -> Gap | None:
        """What the cap cut off: the look came to the listing's end and not to known ground.

        `shown` is all that was listed, private messages too, which count. Its last things tell where
        the look ended: one further up may be known and out of order, dated next year or long ago.
        """
        last = list(shown.items())[-_SURE:]
        ages = [age for _, age in last if age is not None]
        is_capped = len(shown) >= self.listing.cap * _NEARLY
        if not is_capped or not ages or any(name in place.known for name, _ in last):
            return None
        oldest = min(ages)
        if oldest <= place.covered:
            return None
        return Gap(
            f"Reddit lists {self.listing.cap} things and no more; older ones were not seen",
            _iso(place.covered),
            _iso(oldest),
        )


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
