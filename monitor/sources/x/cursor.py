"""How far a stream was read, as the text that its cursor is.

X shows the newest first, a page at a time, above the id that one names. So a look goes down to `floor`,
and notes as `ceiling` the newest post of its first page (or an earlier id, if X may still index posts
between that and now). Only when it has arrived at the floor does the ceiling become the next look's
floor. Every page in between can be gone on from by `next`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from monitor.domain.cursor import held
from monitor.domain.post import Cursor
from monitor.sources.x.budget import Spent

_VERSION = 2
"""Of what the text holds; another one's keys would not be found."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a stream. Ids are numbers: their order is the order of writing.

    `floor` None: as far back as X goes. `pages` and `items` count what this look brought so far.
    """

    floor: int | None
    ceiling: int | None = None
    next: str | None = None
    pages: int = 0
    items: int = 0

    def after(self, *, newest: int | None, next_: str | None, items: int) -> Place:
        """The place behind one more page. The first page that has posts says what the ceiling is."""
        return replace(
            self,
            ceiling=self.ceiling if self.ceiling is not None else newest,
            next=next_,
            pages=self.pages + 1,
            items=self.items + items,
        )


def write(place: Place, spent: Spent) -> Cursor:
    """Place and expense as a cursor."""
    said = {
        "v": _VERSION,
        "floor": _text(place.floor),
        "ceiling": _text(place.ceiling),
        "next": place.next,
        "pages": place.pages,
        "items": place.items,
        "day": spent.day.isoformat(),
        "spent": spent.of,
    }
    return json.dumps(said, separators=(",", ":"))


def read(cursor: Cursor) -> tuple[Place, Spent]:
    """Raises SourceError: it is no cursor of this source."""
    return held(cursor, "the source x", _parts)


def _parts(said: Any) -> tuple[Place, Spent]:
    place = Place(
        _number(said["floor"]),
        _number(said["ceiling"]),
        None if said["next"] is None else str(said["next"]),
        int(said["pages"]),
        int(said["items"]),
    )
    spent = {str(name): (int(one[0]), int(one[1])) for name, one in said["spent"].items()}
    return place, Spent(date.fromisoformat(said["day"]), spent)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
