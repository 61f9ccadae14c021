"""Listen: the operators hear of a stream that is not looked at, or silent against its own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from monitor.domain.coverage import FAILURES_UNTIL_TOLD
from monitor.domain.notice import Reason
from monitor.store import alarms, outbox, silences
from monitor.store.engine import Connection, Database
from monitor.store.silences import Listened

EVERY = timedelta(minutes=10)
"""How often is looked whether a stream is silent."""
LOOKS_MISSED = 20
"""So many looks that did not come to an end in a row are told of …"""
SHORTEST = timedelta(hours=1)
"""… if they took so long."""


@dataclass(frozen=True, slots=True)
class _Alarm:
    key: str
    headline: str
    lines: tuple[str, ...]


class Listen:
    """Tells once of each silence. What fails often enough is told of by intake, as it knows why.

    A program that was down is given time to look before it finds that nobody did.
    """

    name: ClassVar[str] = "listen"

    def __init__(self, database: Database, *, operators: str | None = None) -> None:
        self._database = database
        self._operators = operators
        self._began_at: datetime | None = None
        self._listened_at: datetime | None = None

    def due(self, now: datetime) -> Sequence[str]:
        """The silences that nobody was told of yet."""
        if self._operators is None or _is_recent(self._listened_at, now):
            return ()
        self._began_at = min(self._began_at or now, now)
        self._listened_at = now
        with self._database.reading() as conn:
            return list(self._untold(conn, now))

    def handle(self, item: str, now: datetime) -> None:
        """Write one alarm, unless the silence ended or was told of meanwhile."""
        with self._database.writing() as conn:
            one = self._untold(conn, now).get(item)
            if one is not None:
                reason = Reason.SOURCE_SILENT
                alarms.write(conn, self._operators, item, reason, one.headline, one.lines, now)

    def _untold(self, conn: Connection, now: datetime) -> Mapping[str, _Alarm]:
        found = [self._alarm(one, now) for one in silences.listened(conn, FAILURES_UNTIL_TOLD)]
        return {one.key: one for one in found if one and outbox.entry(conn, one.key) is None}

    def _alarm(self, one: Listened, now: datetime) -> _Alarm | None:
        if one.silence is not None:
            return _Alarm(
                f"silent:{one.number}:{one.silence.since.isoformat()}",
                f"the source {one.name} brings nothing new any more",
                (
                    f"the last came at {one.silence.since:%Y-%m-%d %H:%M} UTC",
                    f"it was never silent for longer than {_hours(one.silence.usual)} before",
                    "it can be read: perhaps nobody wrote, perhaps a search, token or site has changed",
                    "`complaint-monitor check` tries it",
                ),
            )
        since = max(one.looked_at, self._began_at or now)
        if one.is_told or now - since <= max(LOOKS_MISSED * one.every, SHORTEST):
            return None
        return _Alarm(
            f"unread:{one.number}:{one.looked_at.isoformat()}",
            f"no look at the source {one.name} has come to its end for {_hours(now - since)}",
            (
                f"the last one did at {one.looked_at:%Y-%m-%d %H:%M} UTC",
                "complaints there may not be seen; `complaint-monitor coverage` says what is known",
            ),
        )


def _hours(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min"


def _is_recent(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now < at + EVERY
