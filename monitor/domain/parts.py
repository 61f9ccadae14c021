"""What waits are divided into besides the report's groups: by hour, by lag, by age, by lateness, by time.

A division holds the waits themselves: every number of it is the length of a list that can be opened,
and the parts of a division add up to what was divided.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from monitor.domain.hours import BusinessHours
from monitor.domain.report import Counted, Group, Period, group_of, midnight
from monitor.domain.sla import BREACHES

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = 24
_MINUTES_A_DAY = HOURS * 60

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_BY_DAY = 16
"""Days up to which a period is cut into days; up to `_BY_WEEK` into weeks, longer ones into months."""
_BY_WEEK = 120
_A_DAY = timedelta(days=1)


class Division(StrEnum):
    """What the waits may be divided by; names parts as in `arrival=Mon 09`."""

    ARRIVAL = "arrival"
    LAG = "lag"
    AGE = "age"
    LATENESS = "late"
    BEGAN = "began"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Part:
    """Some waits under a name."""

    name: str
    waits: tuple[Counted, ...]

    @property
    def n(self) -> int:
        return len(self.waits)

    @property
    def names(self) -> list[tuple[int, int]]:
        """Case and number of each."""
        return [one.name for one in self.waits]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When customers began to wait: one part for every hour of the week, Monday first.

    `staffed` says of each such hour which share of it is open in a week without holidays; `in_hours`
    are the waits that really began in an opening, holidays and exceptions counted.
    """

    parts: tuple[Part, ...]
    staffed: tuple[float, ...]
    in_hours: tuple[Counted, ...]
    n: int

    @property
    def share_in_hours(self) -> float | None:
        return len(self.in_hours) / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Slice:
    """The waits that began in a stretch of the period."""

    since: datetime
    until: datetime
    day: date
    """The local day with which it begins."""
    group: Group


LAGS = (
    ("under 1 min", _MINUTE),
    ("1–5 min", 5 * _MINUTE),
    ("5–15 min", 15 * _MINUTE),
    ("15–60 min", _HOUR),
    ("1–4 h", 4 * _HOUR),
    ("over 4 h", None),
)
AGES = (
    ("under 4 h", 4 * _HOUR),
    ("4–24 h", _DAY),
    ("1–3 d", 3 * _DAY),
    ("3–7 d", 7 * _DAY),
    ("over 7 d", None),
)
LATE = (
    ("under 1 h", _HOUR),
    ("1–4 h", 4 * _HOUR),
    ("4–24 h", _DAY),
    ("1–3 d", 3 * _DAY),
    ("over 3 d", None),
)


def lags(waits: Iterable[Counted]) -> tuple[Part, ...]:
    """By how long the post was up before it was seen."""
    return _spans(waits, LAGS, lambda one: one.lag)


def ages(backlog: Iterable[Counted]) -> tuple[Part, ...]:
    """What is still open, by how long the customer has waited."""
    return _spans(backlog, AGES, lambda one: one.waited)


def lateness(waits: Iterable[Counted]) -> tuple[Part, ...]:
    """The breached by how far beyond the due time the answer came, or is still missing."""
    breached = (one for one in waits if one.state in BREACHES)
    return _spans(breached, LATE, _late)


def _late(one: Counted) -> float:
    return one.waited - (one.wait.due_at - one.wait.started_at).total_seconds()


def _spans(
    waits: Iterable[Counted],
    bins: Sequence[tuple[str, float | None]],
    measured: Callable[[Counted], float],
) -> tuple[Part, ...]:
    edges = [edge for _, edge in bins if edge is not None]
    found: list[list[Counted]] = [[] for _ in bins]
    for one in waits:
        found[bisect_right(edges, measured(one))].append(one)
    return tuple(Part(name, tuple(its)) for (name, _), its in zip(bins, found, strict=True))


def arrivals(
    waits: Iterable[Counted], zone: tzinfo, staffed: BusinessHours, at: datetime
) -> Arrivals:
    """When customers began to wait, by the clock of `zone`; an hour that comes twice counts twice.

    The staffed hours are told by that clock, too, as it differs from their own `at` that moment.
    """
    found: Mapping[tuple[int, int], list[Counted]] = defaultdict(list)
    inside = []
    for one in waits:
        began = one.wait.started_at
        local = began.astimezone(zone)
        found[local.weekday(), local.hour].append(one)
        if staffed.is_open(began):
            inside.append(one)
    return Arrivals(
        tuple(
            Part(f"{weekday} {hour:02d}", tuple(found.get((day, hour), ())))
            for day, weekday in enumerate(WEEKDAYS)
            for hour in range(HOURS)
        ),
        tuple(_staffed(staffed, _ahead(zone, staffed, at))),
        tuple(inside),
        sum(map(len, found.values())),
    )


def _ahead(zone: tzinfo, hours: BusinessHours, at: datetime) -> int:
    """Minutes by which the clock of `zone` is ahead of the calendar's."""
    here, there = (at.astimezone(one).replace(tzinfo=None) for one in (zone, ZoneInfo(hours.zone)))
    return (here - there) // timedelta(minutes=1)


def _staffed(hours: BusinessHours, ahead: int) -> Iterator[float]:
    """The share of each hour of a plain week that is open, by a clock that much ahead of its own."""
    week = len(WEEKDAYS) * _MINUTES_A_DAY
    openings = [
        (first + start, last + start)
        for day, intervals in enumerate(hours.weekly)
        for start in (day * _MINUTES_A_DAY + ahead + turn for turn in (-week, 0, week))
        for first, last in intervals
    ]
    for since in range(0, week, 60):
        open_ = (min(last, since + 60) - max(first, since) for first, last in openings)
        yield sum(max(0, one) for one in open_) / 60


def over_time(group: Group, period: Period, zone: tzinfo) -> tuple[Slice, ...]:
    """The group's waits by when they began: days, weeks from Monday or months, as the period is long."""
    first = period.since.astimezone(zone).date()
    last = (period.until - timedelta(microseconds=1)).astimezone(zone).date()
    starts = [first, *_cuts(first, last)]
    edges = [period.since, *(midnight(day, zone) for day in starts[1:]), period.until]
    inner = edges[1:-1]
    counted: list[list[Counted]] = [[] for _ in starts]
    beside: list[list[Counted]] = [[] for _ in starts]
    for into, waits in ((counted, group.waits), (beside, group.unconfirmed)):
        for one in waits:
            into[bisect_right(inner, one.wait.started_at)].append(one)
    return tuple(
        Slice(
            edges[place],
            edges[place + 1],
            day,
            group_of(day.isoformat(), counted[place], beside[place]),
        )
        for place, day in enumerate(starts)
    )


def _cuts(first: date, last: date) -> Iterator[date]:
    """The days with which a new slice begins, after the first."""
    length = (last - first).days + 1
    for number in range(1, length):
        day = first + number * _A_DAY
        if (
            length <= _BY_DAY
            or (length <= _BY_WEEK and day.weekday() == 0)
            or (length > _BY_WEEK and day.day == 1)
        ):
            yield day
