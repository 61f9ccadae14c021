"""Subscribe: programs that keep pace with cases hear of breaches; all else is written when it happens.

That a wait was not answered in time is no event of its case: it becomes true as time passes and the
brand's own posts are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from monitor.domain.sla import was_read
from monitor.domain.subscription import breach
from monitor.store import brands, cases, mentions, readings, subscriptions
from monitor.store.engine import Database

EVERY = timedelta(seconds=15)
"""How often is looked whether something was breached."""
_WHO = "subscribers"


class Subscribe:
    """Keeps who subscribed as the config has it, and tells them of open waits that are breached."""

    name: ClassVar[str] = "subscribe"

    def __init__(self, database: Database, wanted: Mapping[str, Sequence[str]]) -> None:
        """`wanted`: by place, as policies write it, the names of the brands."""
        self._database = database
        self._wanted = dict(wanted)
        self._looked_at: datetime | None = None

    def due(self, now: datetime) -> Sequence[str]:
        """That others subscribed, or the cases that are breached and not told."""
        with self._database.reading() as conn:
            if subscriptions.differ(conn, self._pairs(conn)):
                return [_WHO]
            looked_at = self._looked_at
            if not self._wanted or (looked_at is not None and looked_at <= now < looked_at + EVERY):
                return ()
            self._looked_at = now
            return [str(one) for one in self._breached(conn, now)]

    def handle(self, item: str, now: datetime) -> None:
        """Keep who subscribed, or tell of a case. Twice is once."""
        with self._database.writing() as conn:
            if item == _WHO:
                brands.ensure(conn, (one for names in self._wanted.values() for one in names))
                subscriptions.keep(conn, self._pairs(conn), now)
                return
            case_id = int(item)
            cases.lock(conn, case_id)
            row, wait = cases.row(conn, case_id), cases.load(conn, case_id).open_wait
            if row is not None and wait is not None and wait.due_at <= now:
                told = [breach(wait)]
                subscriptions.write(conn, told, brand_id=row.brand_id, case_id=case_id, now=now)

    def _pairs(self, conn: Any) -> list[tuple[str, int]]:
        known = {name: number for number, name in brands.names(conn).items()}
        return [
            (audience, known.get(name, 0))
            for audience, names in self._wanted.items()
            for name in names
        ]

    def _breached(self, conn: Any, now: datetime) -> Sequence[int]:
        """Where silence is proved: the brand's own posts were read past the due time, and matched."""
        to_match = mentions.answers_to_match(conn)
        late = [
            one
            for one in subscriptions.unheard(conn, now)
            if one.brand_id not in to_match or one.due_at < to_match[one.brand_id]
        ]
        read = {
            one: readings.read_through(conn, one, now) for one in {row.brand_id for row in late}
        }
        return [
            row.case_id for row in late if was_read(row.network, row.due_at, read[row.brand_id])
        ]
