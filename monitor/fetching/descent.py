"""Reads a listing from the newest down to known ground, on the network's own order.

The order is what the network sorts by: ids, or its own seconds. A look goes down until everything is
older than what an earlier look covered, less an overlap for what came late; what is known there is not
brought again. A look that broke off goes on where it stopped, and then another begins at the top.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeAlias

from monitor.domain.cursor import held
from monitor.domain.errors import SourceError
from monitor.domain.finding import Finding, Standing
from monitor.domain.post import Cost, Cursor, Gap, Gone, Page, Post, Rejected, Stream
from monitor.fetching.shapes import Seconds, shaped

_VERSION = 1

Item: TypeAlias = Post | Gone | Rejected


class Spot(NamedTuple):
    """Where a listing goes on: things at most so high in its order, after `skip` pages of them.

    `token`: the network's own name for that place, if it has one.
    """

    at: int
    skip: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of a listing as the wire has it.

    `order`: its place in the network's order; `posted`: seconds of the epoch; None: it does not say.
    `mark`: what changes when the thing does, and not when people vote on it.
    """

    name: str
    order: int | None
    posted: float | None
    mark: int
    said: Any


@dataclass(frozen=True, slots=True)
class Leaf:
    """One answer of a listing. `further`: where it goes on; None: there is no more.

    `capped`: why there is no more, if that is not the end of what there is. `calls`: what it took.
    """

    things: Sequence[Thing]
    further: Spot | None
    capped: str | None = None
    calls: int = 1


class Listing(Protocol):
    """Something that a network lists, newest first."""

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """What is there from `spot` (None: the top) down; nothing below `floor` is needed.

        Raises SourceError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """The ground that is known.

    `horizon`: nothing posted before is ever brought, seconds of the epoch. `covered`: everything up
    to here was seen, if it was there in time; 0 before the first look at a listing by ids. `known`:
    order and mark by a hash of the name, which may tell whose it is, down to the overlap.
    `top` and `spot` belong to a look that is under way: what will be covered at its end, and where
    it goes on.
    """

    horizon: Seconds
    covered: int
    known: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    top: int | None = None
    spot: Spot | None = None

    def is_new(self, thing: Thing) -> bool:
        """Whether it was not seen like this before."""
        known = self.known.get(_called(thing))
        return known is None or known[1] != thing.mark


FillIn: TypeAlias = Callable[[Sequence[Thing]], tuple[Sequence[Thing], int]]
"""The things with what was asked about them together, and how many calls that took. Raises SourceError."""


def as_listed(things: Sequence[Thing]) -> tuple[Sequence[Thing], int]:
    """Nothing is left out."""
    return things, 0


@dataclass(frozen=True, slots=True)
class Descent:
    """How one stream's listing is read."""

    listing: Listing
    read: Callable[[Thing], Item | None]
    """None: it is not one to be brought. Raises SourceError."""
    overlap: int
    """In the listing's order: so far below what is covered a look reads again."""
    is_timed: bool
    """Whether the order is seconds of the epoch: then nothing is covered that is later than now."""
    calls_to_read: int = 0
    """How many calls it takes to read a thing that is new."""
    fill_in: FillIn = as_listed
    """Adds what the listing leaves out of new things."""

    def pages(self, place: Place, now: datetime) -> Iterator[Page]:
        """What is new, each page with the cursor to go on from. Raises SourceError."""
        items: list[Item] = []
        calls = 0
        is_whole = place.top is None
        while True:
            floor = place.covered - self.overlap
            leaf = self.listing.leaf(floor, place.spot)
            calls += leaf.calls
            read: list[Thing] = []
            fresh, asked = self.fill_in(self._fresh(leaf, place, floor))
            calls += asked
            for thing in fresh:
                calls += self.calls_to_read
                try:
                    item = self.read(thing)
                except SourceError:
                    # what a whole page costs may be more than a budget: what was read is kept
                    if items:
                        yield Page(tuple(items), write(_with(place, read)), cost=Cost(calls))
                    raise
                read.append(thing)
                items += [] if item is None else [item]
            before, place = place, self._after(leaf, place, floor, now)
            is_end = place.top is None
            gap = _gap(leaf, before, floor) if is_end else None
            if items or gap or (is_end and is_whole):
                yield Page(tuple(items), write(place), gap, Cost(calls))
                items, calls = [], 0
            if is_end and is_whole:
                return
            is_whole = is_whole or is_end

    def _fresh(self, leaf: Leaf, place: Place, floor: int) -> Sequence[Thing]:
        """What is new in it; a leaf may reach below known ground."""
        return [
            thing
            for thing in leaf.things
            if place.is_new(thing)
            and (thing.order is None or thing.order >= floor)
            and (thing.posted is None or thing.posted >= place.horizon)
        ]

    def _after(self, leaf: Leaf, place: Place, floor: int, now: datetime) -> Place:
        orders = [thing.order for thing in leaf.things if thing.order is not None]
        top = place.top
        if top is None:
            newest = max(orders, default=place.covered)
            latest = min(newest, int(now.timestamp())) if self.is_timed else newest
            top = max(place.covered, latest)
        listed = _with(place, leaf.things).known
        known = {name: one for name, one in listed.items() if one[0] >= top - self.overlap}
        spot = leaf.further
        if spot is None or spot.at < floor or _is_beyond(leaf, place):
            return Place(place.horizon, top, known)
        return replace(place, known=known, top=top, spot=spot)


def _with(place: Place, things: Sequence[Thing]) -> Place:
    """The place with things that are known now; what tells no order is remembered where it stood."""
    orders = [thing.order for thing in things if thing.order is not None]
    lowest = min(orders, default=place.covered)
    listed = {
        _called(thing): (lowest if thing.order is None else thing.order, thing.mark)
        for thing in things
    }
    return replace(place, known={**place.known, **listed})


def _called(thing: Thing) -> str:
    """How a thing is remembered."""
    return hashlib.blake2b(thing.name.encode(errors="replace"), digest_size=8).hexdigest()


def _is_beyond(leaf: Leaf, place: Place) -> bool:
    """Whether a first look came to what is older than anybody wants to see.

    A later one has its floor: old posts that were imported on top must not end it.
    """
    ages = [thing.posted for thing in leaf.things if thing.posted is not None]
    return place.covered == 0 and bool(ages) and max(ages) < place.horizon


def _gap(leaf: Leaf, place: Place, floor: int) -> Gap | None:
    """What a cap cut off above known ground."""
    orders = [thing.order for thing in leaf.things if thing.order is not None]
    lowest = min(orders, default=place.spot.at if place.spot else floor)
    if leaf.capped is None or lowest <= max(floor, place.covered) or _is_beyond(leaf, place):
        return None
    return Gap(leaf.capped, str(place.covered), str(lowest))


def below(things: Sequence[Thing], spot: Spot | None, floor: int, most_pages: int) -> Spot:
    """Where a listing goes on that can be asked for what is at most as high as something.

    Pages are turned only among things of one height, `most_pages` of them: what is beyond them then
    can't be had.
    """
    orders = [thing.order for thing in things if thing.order is not None]
    lowest = min(orders, default=spot.at if spot else floor)
    if spot is None or lowest < spot.at:
        return Spot(lowest)
    skip = spot.skip + 1
    return Spot(lowest, skip) if skip < most_pages else Spot(lowest - 1)


class Looks:
    """The listings of one source, each of them a stream, and how each goes on from a cursor."""

    def __init__(
        self, source: str, made: Iterable[tuple[Stream, Descent]], look_back: timedelta
    ) -> None:
        """`look_back`: so far back the first look at each goes."""
        self._source = source
        self._look_back = look_back
        self._made = {stream.name: (stream, look) for stream, look in made}

    @property
    def streams(self) -> tuple[Stream, ...]:
        """In the order in which they were made."""
        return tuple(stream for stream, _ in self._made.values())

    @property
    def listings(self) -> dict[str, Listing]:
        """By the names of their streams."""
        return {name: look.listing for name, (_, look) in self._made.items()}

    def pages(self, stream: Stream, since: Cursor | None, now: datetime) -> Iterator[Page]:
        """A look at a stream. Raises SourceError."""
        _, look = self._made[stream.name]
        horizon = (now - self._look_back).timestamp()
        first = Place(horizon, int(horizon) if look.is_timed else 0)
        yield from look.pages(read(since, self._source, lambda: first), now)

    def tried(self, now: datetime) -> Iterator[Finding]:
        """Whether each can be read: one answer of each listing, whatever that costs."""
        for name, listing in self.listings.items():
            try:
                listing.leaf(int(now.timestamp()), None)
            except SourceError as error:
                yield Finding(f"{name}: {error}", Standing.FAILS)
            else:
                yield Finding(f"{name}: can be read")


def write(place: Place) -> Cursor:
    """The place as a cursor."""
    return json.dumps({"descent": _VERSION, **asdict(place)}, separators=(",", ":"))


def read(cursor: Cursor | None, source: str, first: Callable[[], Place]) -> Place:
    """The place that a cursor holds; without one, the first.

    Raises:
        SourceError: it is no cursor of this source.

    """
    if cursor is None:
        return first()
    return held(cursor, f"the source {source}", _held)


def _held(said: Any) -> Place:
    return shaped({_VERSION: Place}[said.pop("descent")], said)


def when(seconds: float) -> datetime:
    """A time in UTC from seconds of the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
