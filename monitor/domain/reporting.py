"""When the manager's report is due by schedule, and of which period it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from monitor.domain.report import Period, days

_DAY = timedelta(days=1)
_LOOK_BACK = 4
"""Periods whose reports may have been missed; older ones are nobody's question any more."""


class Every(StrEnum):
    """How often."""

    WEEK = "week"
    """On Mondays, of the week before."""
    MONTH = "month"
    """On the first, of the month before."""

    def begin(self, day: date) -> date:
        """The first day of the week or month that the day is in."""
        if self is Every.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1)

    def before(self, begin: date) -> date:
        """The first day of the one before."""
        return self.begin(begin - _DAY)


@dataclass(frozen=True, slots=True)
class Issue:
    """One report of a schedule. `as_of` is when it is due: it says the same however late it leaves."""

    period: Period
    day: date
    """The local day on which it is due."""
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A report by schedule: what for, for whom, and in which language.

    `brands` are names; each has a report of its own. `audiences` are as policies write them.
    `language`: None is that of the place where it goes. `attached` are the formats that lie beside the page.
    """

    every: Every
    at: time
    zone: str
    brands: tuple[str, ...]
    audiences: tuple[str, ...]
    language: str | None
    attached: tuple[str, ...] = ()

    def issue(self, day: date) -> Issue:
        """The report that is due on that day, the first of a week or month.

        A time that a clock change skips is due as much later; one that it repeats, the first time.
        """
        zone = ZoneInfo(self.zone)
        begin = self.every.begin(day)
        as_of = datetime.combine(begin, self.at, zone).astimezone(UTC)
        return Issue(days(self.every.before(begin), begin, zone), begin, as_of)

    def due(self, now: datetime) -> Iterator[Issue]:
        """What is due by `now`, the newest first, as far as anybody still wants it."""
        day = self.every.begin(now.astimezone(ZoneInfo(self.zone)).date())
        found = 0
        while found < _LOOK_BACK:
            issue = self.issue(day)
            if issue.as_of <= now:
                found += 1
                yield issue
            day = self.every.before(day)
