"""Sample: some of what was let pass goes to people each week, so that what was missed is measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from monitor.domain.sampling import WEEK, begin_of, draw, week_of
from monitor.store import brands, samples
from monitor.store.engine import Database

EVERY = timedelta(hours=1)
"""How often the running week is drawn again: what came since may take another post's place."""
LATE = timedelta(days=1)
"""After its end a week stays open for so long: what came last has to be judged."""


class Sample:
    """Draws `size` posts a week and brand. People see them while the customer still waits.

    The draw is by hash: what is drawn of a week that is over does not depend on when was looked.
    """

    name: ClassVar[str] = "sample"

    def __init__(self, database: Database, *, names: Sequence[str], size: int) -> None:
        self._database = database
        self._names = frozenset(names)
        self._size = size
        self._drawn_at: datetime | None = None

    def due(self, now: datetime) -> Sequence[str]:
        """Brand and week: the running one, the last, and others that were not drawn for good."""
        if self._size == 0 or (
            self._drawn_at is not None and self._drawn_at <= now < self._drawn_at + EVERY
        ):
            return []
        self._drawn_at = now
        with self._database.reading() as conn:
            names = brands.names(conn)
            recent = {week_of(now), week_of(now - WEEK)}
            return [
                f"{one}:{week}"
                for one, week in samples.to_draw(conn, recent)
                if names[one] in self._names
            ]

    def handle(self, item: str, now: datetime) -> None:
        """Draw the week, and close it if it is over for long enough."""
        number, _, week = item.partition(":")
        brand_id = int(number)
        with self._database.writing() as conn:
            if samples.is_closed(conn, brand_id, week):
                return
            everything = samples.candidates(conn, brand_id, week)
            drawn = draw(everything, week, brands.name(conn, brand_id), self._size)
            is_over = now >= begin_of(week) + WEEK + LATE
            samples.write(conn, brand_id, week, everything, drawn, now if is_over else None)
