"""Rota: the calendars that say who is on call are read again, so that a step needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import structlog

from monitor.domain.notice import Reason
from monitor.rotas.reading import RotaReader
from monitor.rotas.shifts import RotaError
from monitor.store import alarms, rotas
from monitor.store.engine import Database
from monitor.store.rotas import OnDuty, Standing

_log = structlog.get_logger(__name__)


class Rota:
    """Reads each rota when a program begins, and so often again. What fails leaves what was known."""

    name: ClassVar[str] = "rota"

    def __init__(
        self,
        database: Database,
        readers: Mapping[str, tuple[RotaReader, timedelta]],
        *,
        operators: str | None,
    ) -> None:
        """`readers`: by name, each with how often it is read."""
        self._database = database
        self._readers = dict(readers)
        self._operators = operators
        self._seen: set[str] = set()
        """Those that this process had read once: its config may be another than the one before."""

    def due(self, now: datetime) -> Sequence[str]:
        """Those that nobody tried for their time, and those that the config has no more."""
        with self._database.reading() as conn:
            known = rotas.standings(conn)
        due = [name for name in self._readers if self._is_due(name, known.get(name), now)]
        self._seen.update(due)
        return [*due, *(name for name in known if name not in self._readers)]

    def _is_due(self, name: str, known: Standing | None, now: datetime) -> bool:
        if known is None or name not in self._seen:
            return True
        every = self._readers[name][1]
        return not known.tried_at <= now < known.tried_at + every

    def handle(self, item: str, now: datetime) -> None:
        """Read one, then keep it; or forget one that nobody can be on call by any more."""
        if item not in self._readers:
            with self._database.writing() as conn:
                rotas.forget(conn, item)
            return
        try:
            found = self._readers[item][0].read(now)
        except RotaError as error:
            self._failed(item, error, now)
            return
        kept = [OnDuty(one.begins_at, one.ends_at, who) for one in found for who in one.people]
        with self._database.writing() as conn:
            rotas.keep(conn, item, kept, now)

    def _failed(self, item: str, error: RotaError, now: datetime) -> None:
        _log.warning("rota_unread", rota=item, problem=str(error))
        with self._database.writing() as conn:
            rotas.failed(conn, item, str(error), now)
            known = rotas.standings(conn).get(item)
            read_at = known.read_at if known else None
            alarms.write(
                conn,
                self._operators,
                f"rota:{item}:{now.date()}",
                Reason.ROTA_UNREAD,
                f"the rota {item} can't be read",
                [
                    str(error),
                    f"what it said at {read_at:%Y-%m-%d %H:%M} UTC goes on"
                    if read_at
                    else "nobody is known to be on call: its steps tell the policy's own place",
                    "`complaint-monitor policy rota` tries it",
                ],
                now,
            )
