"""How far a listing was read, as the text that a stream's cursor is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitor.domain.cursor import held
from monitor.domain.post import Cursor
from monitor.fetching.shapes import Seconds, shaped

_VERSION = 1
_MOST_SEEN = 3000
"""A look that breaks off day after day may forget what it saw long ago: that comes twice then."""


@dataclass(frozen=True, slots=True)
class Place:
    """The ground that is known. Times are seconds of the epoch.

    `horizon`: nothing older is ever brought. `read_at`: when the last whole look began; `newest`:
    the youngest thing it saw. `known`: name and mark of all things that it listed. `seen`: the same
    of a look that has not come to its end yet.
    """

    horizon: Seconds
    read_at: Seconds | None = None
    newest: float | None = None
    known: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)

    @property
    def covered(self) -> float:
        """Everything before it was seen, if it was there in time.

        The earlier of two clocks, ours and the network's: neither one that runs ahead nor a post
        dated next year may hide anything.
        """
        if self.read_at is None or self.newest is None:
            return self.horizon
        return max(min(self.read_at, self.newest), self.horizon)

    @property
    def read_before(self) -> datetime | None:
        """When the last whole look began."""
        return None if self.read_at is None else datetime.fromtimestamp(self.read_at, UTC)

    def floor(self, overlap: timedelta) -> float:
        """So far back a look reads, for what came late."""
        return max(self.covered - overlap.total_seconds(), self.horizon)

    def is_new(self, name: str, mark: int) -> bool:
        """Whether the thing was not seen like this before."""
        return self.seen.get(name, self.known.get(name)) != mark

    def partly(self, listed: Mapping[str, int]) -> Place:
        """The place in the middle of a look: what it saw is not brought again."""
        earlier = {name: mark for name, mark in self.seen.items() if name not in listed}
        return replace(self, seen=dict([*earlier.items(), *listed.items()][-_MOST_SEEN:]))

    def wholly(self, listed: Mapping[str, int], began: datetime, newest: float | None) -> Place:
        """The place after a look."""
        return Place(self.horizon, began.timestamp(), newest, dict(listed))


def write(place: Place) -> Cursor:
    """The place as a cursor."""
    return json.dumps({"reddit": _VERSION, **asdict(place)}, separators=(",", ":"))


def read(cursor: Cursor) -> Place:
    """The place that a cursor holds.

    Raises:
        SourceError: it is no cursor of this source.

    """
    return held(
        cursor,
        "the source reddit",
        lambda said: shaped({_VERSION: Place}[said.pop("reddit")], said),
    )
