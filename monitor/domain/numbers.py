"""The report with what a manager asks besides: over time, when, how old, how late, what changed, what comes.

All of it is a function of (period, as_of) like the report itself, and every part holds its waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from monitor.domain import change, outlook, parts
from monitor.domain.change import Change
from monitor.domain.hours import BusinessHours
from monitor.domain.outlook import Outlook
from monitor.domain.parts import Arrivals, Division, Part, Slice
from monitor.domain.report import By, Counted, Report


class UnknownPartError(ValueError):
    """There is no such group or part; the message names those that there are."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A report, the report of the period before, and what is open now, whenever it began."""

    report: Report
    before: Report
    backlog: tuple[Counted, ...]
    """Confirmed, and open at `as_of`."""
    zone: ZoneInfo
    staffed: BusinessHours

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        return change.changes(self.report, self.before)

    @cached_property
    def over_time(self) -> tuple[Slice, ...]:
        return parts.over_time(self.report.total, self.report.period, self.zone)

    @cached_property
    def arrivals(self) -> Arrivals:
        return parts.arrivals(
            self.report.total.waits, self.zone, self.staffed, self.report.period.since
        )

    @cached_property
    def lags(self) -> tuple[Part, ...]:
        return parts.lags(self.report.total.waits)

    @cached_property
    def ages(self) -> tuple[Part, ...]:
        return parts.ages(self.backlog)

    @cached_property
    def lateness(self) -> tuple[Part, ...]:
        return parts.lateness(self.report.total.waits)

    @cached_property
    def outlook(self) -> Outlook:
        return outlook.outlook(self.backlog, self.report.total.waits, self.report.as_of)

    def waits_of(self, asked: str | None) -> Sequence[Counted]:
        """The waits behind a figure, the unconfirmed too: `network=x`, `arrival=Mon 09`, `age=1–3 d`.

        Raises:
            UnknownPartError: there is no such figure.

        """
        if asked is None:
            return (*self.report.total.waits, *self.report.total.unconfirmed)
        by, _, name = asked.partition("=")
        found = self._parts(by)
        if name not in found:
            known = ", ".join(found) or "none"
            raise UnknownPartError(f"{asked}: there are {known}")
        return found[name]

    def _parts(self, by: str) -> dict[str, tuple[Counted, ...]]:
        if by in set(By):
            groups = self.report.groups[By(by)]
            return {one.name: (*one.waits, *one.unconfirmed) for one in groups}
        match by:
            case Division.BEGAN:
                slices = (one.group for one in self.over_time)
                return {one.name: (*one.waits, *one.unconfirmed) for one in slices}
            case Division.AHEAD:
                ahead = self.outlook.ahead
                return {one.name: tuple(it.counted for it in one.waits) for one in ahead}
            case Division.ARRIVAL:
                found = self.arrivals.parts
            case Division.LAG:
                found = self.lags
            case Division.AGE:
                found = self.ages
            case Division.LATENESS:
                found = self.lateness
            case _:
                raise UnknownPartError(f"{by}: say {'=…, '.join([*By, *Division])}=…")
        return {one.name: one.waits for one in found}
