"""How far a listing was read, as the text that a stream's cursor is.

Ids are in the server's order, but a status that another server delivers late gets an id of the time that
it claims: it appears far below the newest one. So the ground that is known is not all up to the newest
id, but up to one that was the newest an overlap ago: a *rung*, dated by our own clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.cursor import held
from monitor.domain.post import Cursor
from monitor.fetching.shapes import Seconds, shaped

_VERSION = 1
_MOST_SEEN = 3000
"""What a busy overlap brought beyond that comes twice."""
_NOTHING = "0"
"""An id before all ids."""
_RUNGS = 6
"""In an overlap: more would make the cursor longer, fewer the overlap."""


def order(id_: str) -> tuple[int, str]:
    """What sorts ids: numbers that grow longer, and ULIDs, which are all of one length."""
    return len(id_), id_


@dataclass(frozen=True, slots=True)
class Row:
    """What a place has to know of one thing that was listed. `at`: seconds of the epoch, if it says."""

    id: str | None
    name: str
    mark: int
    at: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """The ground that is known, and how far a look has come. Times are seconds of the epoch.

    `horizon`: nothing older is ever brought. `read_at`: when the last whole look began. `rungs`: when
    one began, and the newest id it saw, oldest first. `known`: name and mark of all that the last whole
    look listed; `seen`: the same of the present one, which goes down from `ceiling` and has come to
    `lowest`; `seed` is the newest of its ids that are an overlap old.
    """

    horizon: Seconds
    read_at: Seconds | None = None
    rungs: tuple[tuple[float, str], ...] = ()
    known: Mapping[str, int] = field(default_factory=dict)
    began: Seconds | None = None
    ceiling: str | None = None
    lowest: str | None = None
    seed: str | None = None
    offset: int = 0
    pages: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)

    def beginning(self, now: datetime) -> Place:
        """The same, a look having begun."""
        return replace(self, began=now.timestamp())

    def floor(self, overlap: timedelta) -> str | None:
        """The id down to which a look reads; None: to the horizon, nothing being known.

        What comes from now on, or came since the last whole look, is late by an overlap at most.
        """
        settled = (self.read_at or 0.0) - overlap.total_seconds()
        old = [id_ for at, id_ in self.rungs if at <= settled]
        return old[-1] if old else next((id_ for _, id_ in self.rungs), None)

    def is_new(self, row: Row) -> bool:
        """Whether the thing was not seen like this before."""
        return self.seen.get(row.name, self.known.get(row.name)) != row.mark

    def after(self, rows: Sequence[Row], overlap: timedelta) -> Place:
        """The place behind one more page."""
        ids = [row.id for row in rows if row.id is not None]
        settled = (self.began or 0.0) - overlap.total_seconds()
        old = [row.id for row in rows if row.id and row.at is not None and row.at < settled]
        fresh = {row.name: row.mark for row in rows}
        seen = [(name, mark) for name, mark in self.seen.items() if name not in fresh]
        return replace(
            self,
            ceiling=self.ceiling or max(ids, key=order, default=None),
            lowest=min([*ids, *filter(None, [self.lowest])], key=order, default=None),
            seed=self.seed or max(old, key=order, default=None),
            offset=self.offset + len(rows),
            pages=self.pages + 1,
            seen=dict([*seen, *fresh.items()][-_MOST_SEEN:]),
        )

    def ended(self, overlap: timedelta, *, cut_off: bool) -> Place:
        """The place after a whole look; `cut_off`: it did not come to the end of what there is.

        Of a first look that saw nothing old enough, all ground stays open for what comes late.
        """
        began, rungs = self.began or 0.0, list(self.rungs)
        if not rungs:
            first = self.seed or (self.lowest if cut_off else None) or _NOTHING
            rungs.append((began - overlap.total_seconds(), first))
        if self.ceiling is not None and order(self.ceiling) > order(rungs[-1][1]):
            next_at = rungs[-1][0] + overlap.total_seconds() / _RUNGS
            if len(rungs) == 1 or began >= next_at:
                rungs.append((began, self.ceiling))
        place = Place(self.horizon, began, tuple(rungs), self.seen)
        floor = order(place.floor(overlap) or _NOTHING)
        return replace(place, rungs=tuple(rung for rung in rungs if order(rung[1]) >= floor))


def write(place: Place) -> Cursor:
    """The place as a cursor."""
    said: dict[str, Any] = {"mastodon": _VERSION, "horizon": place.horizon}
    said |= {"read_at": place.read_at, "rungs": place.rungs, "known": place.known}
    if place.began is not None:
        said |= {"began": place.began, "ceiling": place.ceiling, "lowest": place.lowest}
        said |= {"seed": place.seed, "offset": place.offset, "pages": place.pages}
        said |= {"seen": place.seen}
    return json.dumps(said, separators=(",", ":"))


def read(cursor: Cursor) -> Place:
    """The place that a cursor holds.

    Raises:
        SourceError: it is no cursor of this source.

    """
    return held(cursor, "the source mastodon", _place)


def _place(said: Any) -> Place:
    return shaped({_VERSION: Place}[said.pop("mastodon")], said)
