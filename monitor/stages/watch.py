"""Watch: whether scores and languages of what is judged stay what they were; the operators hear if not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from monitor.domain.drift import Drift, drift
from monitor.domain.notice import Reason
from monitor.domain.sampling import week_of
from monitor.store import alarms, cross_brand
from monitor.store.engine import Connection, Database

EVERY = timedelta(days=1)
RECENT = timedelta(days=7)
REFERENCE = timedelta(days=28)
"""The time before the recent days that they are compared with."""
_ITEM = "drift"


class Watch:
    """Compares the last week with the four before it once a day, and tells of a drift once a week."""

    name: ClassVar[str] = "watch"

    def __init__(self, database: Database, *, operators: str | None) -> None:
        self._database = database
        self._operators = operators
        self._looked_at: datetime | None = None

    def due(self, now: datetime) -> Sequence[str]:
        """One item a day."""
        looked = self._looked_at
        if looked is not None and looked <= now < looked + EVERY:
            return []
        self._looked_at = now
        return [_ITEM]

    def handle(self, item: str, now: datetime) -> None:
        """Look, and write what is to be told."""
        with self._database.writing() as conn:
            for one in drifts(conn, now):
                if one.is_alarming:
                    self._tell(conn, one, now)

    def _tell(self, conn: Connection, one: Drift, now: datetime) -> None:
        moved = [f"{name}: {before:.0%} before, {new:.0%} now" for name, before, new in one.most]
        alarms.write(
            conn,
            self._operators,
            f"drift:{one.what}:{week_of(now)}",
            Reason.DRIFTED,
            f"the {one.what} of posts are not what they were (index {one.index:.2f} of {one.n} posts)",
            [
                *moved,
                "`complaint-monitor model eval` says whether the model still fits",
                "`complaint-monitor model review` shows what it lets pass",
            ],
            now,
        )


def drifts(
    conn: Connection,
    now: datetime,
    *,
    recent: timedelta = RECENT,
    reference: timedelta = REFERENCE,
) -> list[Drift]:
    """Scores and languages of the recent time against the time before, of the model that judges now."""
    begin = now - recent
    found = []
    for what, counted in (("scores", cross_brand.scores), ("languages", cross_brand.languages)):
        by_model = counted(conn, begin, now)
        model = max(by_model, key=lambda one: (sum(by_model[one].values()), one), default="")
        before = counted(conn, begin - reference, begin)
        found.append(drift(what, _of(before, model), _of(by_model, model)))
    return found


def _of(by_model: Mapping[str, dict[str, int]], model: str) -> dict[str, int]:
    return by_model.get(model, {})
