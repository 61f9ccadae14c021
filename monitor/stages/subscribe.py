"""Subscribe: programs that keep pace with cases hear of breaches; all else is written when it happens.

That a wait was not answered in time is no event of its case: it becomes true as time passes and the
brand's own posts are read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from monitor.domain.errors import ConfigError
from monitor.domain.identity import ANY_NETWORK
from monitor.domain.subscription import breach
from monitor.store import brands, cases, coverage, mentions, subscriptions
from monitor.store.engine import Database

EVERY = timedelta(seconds=15)
"""How often is looked whether something was breached."""
_WHO = "subscribers"


class Subscribe:
    """Keeps who subscribed as the config has it, and tells them of open waits that are breached."""

    name: ClassVar[str] = "subscribe"

    def __init__(
        self,
        database: Database,
        wanted: Mapping[str, Sequence[str]],
        *,
        programs: Collection[str] | None = None,
    ) -> None:
        """`wanted`: by place, as policies write it, the names of the brands.

        `programs`: the notifiers behind which programs read; None: whoever is wanted is one.

        Raises:
            ConfigError: people would hear of every case, each time in a message of its own.

        """
        for audience in wanted:
            if programs is not None and audience.partition(":")[0] not in programs:
                raise ConfigError(
                    f'[[subscriptions]] tell = "{audience}": only programs subscribe, by a notifier of '
                    'use = "webhook"; people are told by [[policies]]'
                )
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
        busy = mentions.brands_with_answers_to_match(conn)
        late = [one for one in subscriptions.unheard(conn, now) if one.brand_id not in busy]
        read = {one: coverage.read_through(conn, one) for one in {row.brand_id for row in late}}
        return [
            row.case_id
            for row in late
            if any(
                through is not None and through >= row.due_at
                for through in map(read[row.brand_id].get, (row.network, ANY_NETWORK))
            )
        ]
