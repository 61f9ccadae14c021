"""Reads a listing from the newest down to known ground, page by page.

Every page can be gone on from: what came above it meanwhile is the next look's. A look that is behind by
more pages than the config allows stops there, and says what it left out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import mastodon

from monitor.domain.post import Cost, Gap, Page, Post, Rejected
from monitor.fetching import CallError
from monitor.sources.mastodon import cursor, statuses
from monitor.sources.mastodon.calls import Asks, Calls, Counted
from monitor.sources.mastodon.cursor import Place, Row, order

Read = Callable[[Any, Asks], Post | Rejected | None]
"""Makes of one thing as the server writes it what it is for us; None: nothing that anybody said."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which page of a listing is asked for."""

    since: str | None
    """Only what is newer."""
    until: str | None
    """Only what is older."""
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Look:
    """How one stream is read. `ask` is the library's call, `inside` names the list in its answer."""

    ask: Callable[[mastodon.Mastodon, Span], object]
    read: Read
    overlap: timedelta
    size: int
    most: int
    """Pages."""
    inside: str | None = None

    def pages(self, calls: Calls, place: Place, now: datetime) -> Iterator[Page]:
        """What is new, each page with the cursor to go on from. Raises CallError."""
        if place.began is not None:  # an earlier look broke off: it is ended first
            place = yield from self._to_its_end(calls, place)
        yield from self._to_its_end(calls, place.beginning(now))

    def _to_its_end(self, calls: Calls, place: Place) -> Generator[Page, None, Place]:
        counted, told = Counted(calls), 0
        floor = place.floor(self.overlap)
        while True:
            things = self.listed(counted, place, floor)
            rows = [statuses.row(thing) for thing in things]
            wanted = [
                thing
                for thing, row in zip(things, rows, strict=True)
                if place.is_new(row) and _is_wanted(row, place, floor)
            ]
            # the older first: what it says of a thread spares a question about its answer
            read = [self.read(thing, counted) for thing in reversed(wanted)]
            items = tuple(item for item in read if item is not None)
            before, place = place, place.after(rows, self.overlap)
            cost, told = Cost(calls=counted.made - told), counted.made
            has_ended = _has_ended(rows, before, floor)
            if has_ended or place.pages >= self.most:
                gap = None if has_ended else self._gap(place, floor)
                place = place.ended(self.overlap, cut_off=gap is not None)
                yield Page(items, cursor.write(place), gap, cost)
                return place
            yield Page(items, cursor.write(place), cost=cost)

    def listed(self, calls: Asks, place: Place, floor: str | None) -> Sequence[Any]:
        """The things of one page. Raises CallError."""
        span = Span(floor, place.lowest, place.offset, self.size)
        answer = calls.ask(lambda client: self.ask(client, span))
        if self.inside is not None:
            answer = answer.get(self.inside) if isinstance(answer, dict) else None
        if not isinstance(answer, list):
            raise CallError("the server answered with something that is no listing")
        return answer

    def _gap(self, place: Place, floor: str | None) -> Gap:
        since = floor or datetime.fromtimestamp(place.horizon, UTC).isoformat(timespec="seconds")
        reason = (
            f"more than max_pages ({self.most}) of {self.size} waited; older ones were not seen"
        )
        return Gap(reason, since, place.lowest)


def _is_wanted(row: Row, place: Place, floor: str | None) -> bool:
    """Whether it is above what is known, below which a search lists on, and not too old."""
    is_above = floor is None or row.id is None or order(row.id) > order(floor)
    return is_above and (row.at is None or row.at >= place.horizon)


def _has_ended(rows: Sequence[Row], before: Place, floor: str | None) -> bool:
    """Whether a page shows nothing further down, or comes to known ground."""
    ids = [row.id for row in rows if row.id is not None]
    if before.lowest is not None:
        ids = [one for one in ids if order(one) < order(before.lowest)]
    if not ids:
        return True
    if floor is not None:
        return any(order(one) <= order(floor) for one in ids)
    times = [row.at for row in rows if row.at is not None]
    return bool(times) and all(at < before.horizon for at in times)
