"""Report: once a week or a month those who lead are told the figures, each brand's by themselves.

What is written holds the period and the moment only; the figures are gathered when the notice leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from monitor.domain.hours import BusinessHours
from monitor.domain.notice import Document, NoticeKind, Planned, Reason
from monitor.domain.report import Period
from monitor.domain.reporting import Issue, Plan
from monitor.render.tongue import ENGLISH, tongue
from monitor.store import brands, outbox, readings
from monitor.store.engine import Connection, Database


@dataclass(frozen=True, slots=True)
class _Told:
    """One brand's reports of one schedule to one audience."""

    brand_id: int
    plan: Plan
    audience: str
    is_rehearsed: bool
    """Such a report must not stand in for the one that people get."""

    def key(self, issue: Issue) -> str:
        """A period's key is written once, whatever the clock does and however often we start."""
        how = Reason.SHADOW.value if self.is_rehearsed else Reason.SCHEDULED.value
        plan = f"{self.plan.every}:{issue.day.isoformat()}"
        return f"{NoticeKind.REPORT}:{self.brand_id}:{plan}:{how}:{self.audience}"


class ScheduledReport:
    """Writes the reports that are due; one that starts late still sends the newest.

    Args:
        database: where the outbox is.
        plans: what is told to whom, and when.

    """

    name: ClassVar[str] = "report"

    def __init__(self, database: Database, plans: Sequence[Plan]) -> None:
        self._database = database
        self._plans = tuple(plans)
        self._written: set[str] = set()
        """Keys of the newest reports that are known to be there."""

    def due(self, now: datetime) -> Sequence[str]:
        """The keys of reports that are due and not written yet."""
        if not self._plans:
            return ()
        with self._database.reading() as conn:
            # asked of all brands at once: there may be thousands, and this is asked every second
            newest = {plan: _newest(plan, now) for plan in self._plans}
            keys = [one.key(issue) for one in self._all(conn) for issue in newest[one.plan]]
            left = [one for one in keys if one not in self._written]
            self._written = self._written.intersection(keys) | outbox.there(conn, left)
            return [one for one in left if one not in self._written]

    def handle(self, item: str, now: datetime) -> None:
        """Write it, and of what it makes superfluous that it is not told. Twice is once."""
        with self._database.writing() as conn:
            for one in self._all(conn, only=_brand_of(item)):
                issues = list(one.plan.due(now))
                if issues and one.key(issues[0]) == item:
                    self._write(conn, one, issues, now)

    def _all(self, conn: Connection, only: int | None = None) -> list[_Told]:
        """What is told to whom, of all brands or of one."""
        names = brands.names(conn).items()
        known = {name: number for number, name in names if only in (None, number)}
        begun = set(brands.begun(conn, known.values()))
        return [
            _Told(known[brand], plan, audience, known[brand] not in begun)
            for plan in self._plans
            for brand in plan.brands
            if brand in known
            for audience in plan.audiences
        ]

    def _write(self, conn: Connection, one: _Told, issues: Sequence[Issue], now: datetime) -> None:
        newest, *missed = issues
        since = brands.watched_since(conn, one.brand_id)
        unwritten = takewhile(lambda old: outbox.entry(conn, one.key(old)) is None, missed)
        for issue in (newest, *(old for old in unwritten if old.as_of >= since)):
            early = issue.as_of < since
            late = Reason.SCHEDULED if issue is newest else Reason.SUPERSEDED
            reason = Reason.BEFORE_FIRST_RUN if early else late
            planned = Planned(
                one.key(issue),
                NoticeKind.REPORT,
                one.audience,
                reason,
                issue.as_of,
                suppressed=reason is not Reason.SCHEDULED,
            )
            payload = {
                "since": issue.period.since.isoformat(),
                "until": issue.period.until.isoformat(),
                "as_of": issue.as_of.isoformat(),
                "language": one.plan.language,
                "attached": list(one.plan.attached),
            }
            outbox.write(
                conn, [planned], brand_id=one.brand_id, case_id=None, now=now, payload=payload
            )


def _brand_of(key: str) -> int:
    return int(key.split(":", 2)[1])


def _newest(plan: Plan, now: datetime) -> Sequence[Issue]:
    return [issue] if (issue := next(plan.due(now), None)) else []


def reports_of(
    zone: str, staffed: BusinessHours
) -> Callable[[Connection, int, Mapping[str, Any]], Document]:
    """What gathers the report that a notice speaks of, with what is known by then of its period."""

    def gathered(conn: Connection, brand_id: int, said: Mapping[str, Any]) -> Document:
        from monitor.render.report_document import document  # draws: loaded by who sends one

        since, until, as_of = (
            datetime.fromisoformat(said[one]) for one in ("since", "until", "as_of")
        )
        made = readings.numbers(
            conn,
            brand_id,
            period=Period(since, until),
            as_of=as_of,
            zone=ZoneInfo(zone),
            staffed=staffed,
        )
        return document(made, tongue(said["language"] or ENGLISH), said["attached"])

    return gathered
