"""Gather: of many alarms at once one message stands for all, and names each case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from monitor.domain.notice import NoticeKind
from monitor.domain.storm import Gathering, Limits, gather
from monitor.store import storms
from monitor.store.engine import Database
from monitor.store.storms import Place


class Gather:
    """Takes alarms out of the outbox that nobody tried to tell yet, and writes what tells them together.

    Args:
        database: where the outbox is.
        limits: how many alarms are a storm.
        one_by_one: the notifiers for whom nothing is gathered; "" is the one that serves who names none.

    """

    name: ClassVar[str] = "gather"

    def __init__(
        self, database: Database, limits: Limits, *, one_by_one: Collection[str] = ()
    ) -> None:
        self._database = database
        self._limits = limits
        self._one_by_one = frozenset(one_by_one)

    def due(self, now: datetime) -> Sequence[str]:
        """The places where something is to be gathered."""
        since = now - self._limits.window
        with self._database.reading() as conn:
            return [
                f"{one.brand_id}:{one.kind}:{one.audience}"
                for one in storms.places(conn, since, self._limits.alarms)
                if self._is_gathered(one) and self._decide(conn, one, now)
            ]

    def handle(self, item: str, now: datetime) -> None:
        """Gather what waits at one place."""
        brand_id, kind, audience = item.split(":", 2)
        place = Place(int(brand_id), NoticeKind(kind), audience)
        with self._database.writing() as conn:
            storms.lock(conn, place)
            for one in self._decide(conn, place, now):
                storms.write(conn, place, one, now)

    def _is_gathered(self, place: Place) -> bool:
        return place.audience.partition(":")[0] not in self._one_by_one

    def _decide(self, conn: Any, place: Place, now: datetime) -> tuple[Gathering, ...]:
        since = now - self._limits.window
        return gather(
            storms.alarms(conn, place, since),
            storms.opened(conn, place, since),
            self._limits,
            now,
        )
