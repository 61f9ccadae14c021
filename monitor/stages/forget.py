"""Forget: what was kept long enough is purged, and the way it went is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from monitor.domain.keeping import Keep, Purge
from monitor.store import keeping
from monitor.store.engine import Database

BATCH = 500
EVERY = timedelta(hours=1)
"""How often is looked whether something has been kept long enough."""
BREATH = timedelta(seconds=1)
"""Between two batches: others want to write, too."""
REST = "rest"
"""The item that ends a round: notes, samples, and what deleted words left in the write-ahead log."""


class Forget:
    """Purges words and names by age, and words of which their network did not say that they stand.

    A round is made once an hour, batch by batch. Cases that are open keep their words, unless their
    network can be asked and does not answer.
    """

    name: ClassVar[str] = "forget"

    def __init__(self, database: Database, keep: Keep) -> None:
        self._database = database
        self._keep = keep
        self._looked_at: datetime | None = None
        self._pause = EVERY

    def due(self, now: datetime) -> Sequence[str]:
        """A batch of posts for each reason, as `reason:ids`; when there is none, what ends the round."""
        if self._looked_at is not None and self._looked_at <= now < self._looked_at + self._pause:
            return []
        with self._database.reading() as conn:
            found = {
                reason: keeping.due(conn, reason, self._keep, now, BATCH)
                for reason in keeping.OF_POSTS
            }
        items = [f"{reason}:{','.join(map(str, ids))}" for reason, ids in found.items() if ids]
        self._looked_at = now
        self._pause = BREATH if items else EVERY
        return items or [REST]

    def handle(self, item: str, now: datetime) -> None:
        """Purge one batch, in one transaction; what is to be kept by now is left alone."""
        reason, _, ids = item.partition(":")
        with self._database.writing() as conn:
            if reason == REST:
                keeping.purge_rest(conn, self._keep, now)
            else:
                numbers = [int(one) for one in ids.split(",")]
                keeping.purge(conn, Purge(reason), numbers, self._keep, now)
        if reason == REST:
            self._database.empty_log()


def purge_all(database: Database, keep: Keep, now: datetime) -> Mapping[Purge, int]:
    """Purge all that was kept long enough, batch by batch. Returns how much, by reason."""
    found: Counter[Purge] = Counter()
    for reason in keeping.OF_POSTS:
        is_more = True
        while is_more:
            with database.writing() as conn:
                ids = keeping.due(conn, reason, keep, now, BATCH)
                found[reason] += keeping.purge(conn, reason, ids, keep, now)
            is_more = len(ids) == BATCH
    with database.writing() as conn:
        found.update(keeping.purge_rest(conn, keep, now))
    database.empty_log()
    return found
