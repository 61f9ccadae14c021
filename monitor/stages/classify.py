"""Classify: every stored customer post gets a judgement, in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from monitor.ports import Classifier
from monitor.store import cross_brand, failures, posts
from monitor.store.engine import Connection, Database

BATCH = 128
ROUND = 8 * BATCH


class Classify:
    """Judges what waits. A batch that fails is split until the one bad post stands alone."""

    name: ClassVar[str] = "classify"

    def __init__(self, database: Database, classifier: Classifier) -> None:
        self._database = database
        self._classifier = classifier

    def due(self, now: datetime) -> Sequence[str]:
        """Batches of post ids, joined by commas."""
        with self._database.reading() as conn:
            failed = failures.failed(conn, self.name)
            alone = {int(one) for one in failed if "," not in one}
            waiting = cross_brand.to_judge(conn, ROUND + len(alone))
        free = [one for one in waiting if one not in alone]
        retry = [
            one
            for one in failed
            if "," not in one and not failures.rests(failed, one, now) and int(one) in waiting
        ]
        return [*retry, *_batches(free, failed.keys())]

    def handle(self, item: str, now: datetime) -> None:
        """Judge one batch. The model runs outside any transaction."""
        ids = [int(one) for one in item.split(",")]
        with self._database.reading() as conn:
            found = posts.load_posts(conn, ids)
        known = [one for one in ids if one in found]
        judgements = self._classifier.classify([found[one] for one in known])
        with self._database.writing() as conn:
            posts.save_judgements(
                conn, list(zip(known, judgements, strict=True)), judged_at=now, of=found
            )
            self._forget_parted(conn)

    def failed(self, item: str, error: Exception, now: datetime) -> None:
        """A post that fails by itself is set aside as such, and a batch of which it was the last is over."""
        if "," not in item:
            with self._database.writing() as conn:
                self._forget_parted(conn, alone=item)
        raise error

    def _forget_parted(self, conn: Connection, *, alone: str | None = None) -> None:
        """A batch that failed is remembered until each of its posts is judged or stands alone."""
        failed = failures.failed(conn, self.name)
        batches = [one for one in failed if "," in one]
        if not batches:
            return
        by_themselves = {*failed, alone}.difference(batches)
        waiting = cross_brand.to_judge(conn, ROUND + len(by_themselves))
        left = set(map(str, waiting)) - by_themselves
        for batch in batches:
            if left.isdisjoint(batch.split(",")):
                failures.clear(conn, self.name, batch)


def _batches(waiting: Sequence[int], failed: Collection[str]) -> Iterator[str]:
    """What is left of batches that failed, in parts, and apart from it all else: none takes in what comes."""
    left = dict.fromkeys(waiting)
    for one in sorted(failed, key=len, reverse=True):
        ids = [int(part) for part in one.split(",")]
        if len(ids) > 1:
            yield from _split(ids, failed, left)
            for number in ids:
                left.pop(number, None)
    free = list(left)
    for start in range(0, len(free), BATCH):
        yield _key(free[start : start + BATCH])


def _split(batch: Sequence[int], failed: Collection[str], left: Collection[int]) -> Iterator[str]:
    """What is left of the batch; where it failed, of its halves (and theirs) one after another."""
    rest = [one for one in batch if one in left]
    if len(rest) > 1 and (_key(batch) in failed or _key(rest) in failed):
        middle = len(batch) // 2
        yield from _split(batch[:middle], failed, left)
        yield from _split(batch[middle:], failed, left)
    elif rest:
        yield _key(rest)


def _key(ids: Sequence[int]) -> str:
    return ",".join(map(str, ids))
