"""The business clock: opening hours of a place, and arithmetic in the time that passes while open.

An instant is open when the clock on the wall shows an open time then. So a day of a clock change
needs no rule of its own: an hour that the clock skips is not counted, one that it repeats is counted
twice. All arithmetic is on UTC instants; the wall is asked only to draw up the openings of a UTC day,
once a day and calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Self, TypeAlias
from zoneinfo import ZoneInfo

from monitor.domain.errors import MonitorError

Intervals: TypeAlias = tuple[tuple[int, int], ...]
"""Half-open, in minutes from local midnight, in order and apart. 1440 is the day's end."""

_Openings: TypeAlias = tuple[tuple[datetime, datetime], ...]

_MIDNIGHT = time(tzinfo=UTC)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MINUTES_A_DAY = 24 * 60
_DAYS_A_WEEK = 7
_LONGEST_CLOSURE = 2 * 366  # days; longer than any season or year of holidays


class NeverOpensError(MonitorError):
    """A calendar stays closed for two years on end: no due time can be had from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """When a place is open.

    `zone` is an IANA name. `weekly` has the intervals of Monday to Sunday. On `holidays` (named by
    `holidays_version`) it is closed. `exceptions` are dated intervals, in order of their days, that
    hold in spite of both. Raises ValueError on an unknown zone or intervals out of order.
    """

    zone: str
    weekly: tuple[Intervals, ...]
    holidays: frozenset[date] = frozenset()
    holidays_version: str = ""
    exceptions: tuple[tuple[date, Intervals], ...] = ()
    # What was drawn up already: a memo, invisible from outside, that makes a call some µs.
    _drawn: dict[date, _Openings] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        _zone(self.zone)
        if len(self.weekly) != _DAYS_A_WEEK:
            raise ValueError(f"weekly: {len(self.weekly)} days instead of 7, Monday to Sunday")
        days = [day for day, _ in self.exceptions]
        if any(earlier >= later for earlier, later in pairwise(days)):
            raise ValueError("exceptions: each day once, in order")
        for intervals in (*self.weekly, *(intervals for _, intervals in self.exceptions)):
            _check(intervals)

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The instant at which `span` of open time has passed since `start`, in UTC.

        It always lies within an opening, closing time included: what runs out at closing time is
        due then and not at the next opening, and a span of zero from closed time is the next
        opening. A negative span goes back like `subtract`. Raises NeverOpensError.
        """
        if span < timedelta():
            return self.subtract(start, -span)
        at = _utc(start)
        for opens, closes in self._openings_after(at):
            begins = max(opens, at)
            if span <= closes - begins:
                return begins + span
            span -= closes - begins
        raise self._never(at)

    def subtract(self, end: datetime, span: timedelta) -> datetime:
        """The instant from which `span` of open time passes until `end`: the mirror of `add`."""
        if span < timedelta():
            return self.add(end, -span)
        at = _utc(end)
        for opens, closes in self._openings_before(at):
            ends = min(closes, at)
            if span <= ends - opens:
                return ends - span
            span -= ends - opens
        raise self._never(at)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open time from `start` to `end`; negative if `end` is the earlier one."""
        if end < start:
            return -self.between(end, start)
        since, until = _utc(start), _utc(end)
        passed = timedelta()
        day, last = since.date(), until.date()
        while day <= last:
            for opens, closes in self._openings(day):
                if opens < until and closes > since:
                    passed += min(closes, until) - max(opens, since)
            day += _DAY
        return passed

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at that instant; at closing time it is not."""
        moment = _utc(at)
        return any(opens <= moment < closes for opens, closes in self._openings(moment.date()))

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself if it is open then, else when it next opens, in UTC. Raises NeverOpensError."""
        moment = _utc(at)
        for opens, closes in self._openings_after(moment):
            if closes > moment:
                return max(opens, moment)
        raise self._never(moment)

    def closed(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches from `start` to `end` in which it is closed, in order, in UTC."""
        at, until = _utc(start), _utc(end)
        for opens, closes in self._openings_after(at):
            if opens >= until:
                break
            if opens > at:
                yield at, opens
            at = max(at, closes)
        if at < until:
            yield at, until

    def intervals(self, day: date) -> Intervals:
        """What holds on a local day: its exception, else nothing on a holiday, else the week's."""
        for exception, intervals in self.exceptions:
            if exception == day:
                return intervals
        return () if day in self.holidays else self.weekly[day.weekday()]

    def to_json(self) -> dict[str, Any]:
        """Plain data, the same for equal calendars, keys in order: to be stored and hashed."""
        return {
            "exceptions": {
                day.isoformat(): [list(one) for one in intervals]
                for day, intervals in self.exceptions
            },
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
            "holidays_version": self.holidays_version,
            "weekly": [[list(one) for one in intervals] for intervals in self.weekly],
            "zone": self.zone,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The calendar that `to_json` wrote. Raises KeyError or ValueError on anything else."""
        return cls(
            zone=plain["zone"],
            weekly=tuple(_intervals(day) for day in plain["weekly"]),
            holidays=frozenset(map(date.fromisoformat, plain["holidays"])),
            holidays_version=plain["holidays_version"],
            exceptions=tuple(
                (date.fromisoformat(day), _intervals(intervals))
                for day, intervals in sorted(plain["exceptions"].items())
            ),
        )

    def _openings(self, day: date) -> _Openings:
        """What is open in a UTC day, as UTC instants in order."""
        drawn = self._drawn.get(day)
        if drawn is None:
            drawn = self._drawn[day] = tuple(self._draw(day))
        return drawn

    def _draw(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        midnight = datetime.combine(day, _MIDNIGHT)
        for since, until, offset in _stretches(_zone(self.zone), midnight, midnight + _DAY):
            local = (since + offset).date()
            while (dawn := datetime.combine(local, _MIDNIGHT) - offset) < until:
                for first, last in self.intervals(local):
                    opens = max(dawn + timedelta(minutes=first), since)
                    closes = min(dawn + timedelta(minutes=last), until)
                    if opens < closes:
                        yield opens, closes
                local += _DAY

    def _openings_after(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings that close at `at` or later; ends where two years are closed."""
        # One that closes at midnight sharp belongs to the UTC day before.
        day, closed = (at - _SECOND).date(), 0
        while closed < _LONGEST_CLOSURE:
            openings = self._openings(day)
            closed = 0 if openings else closed + 1
            for opening in openings:
                if opening[1] >= at:
                    yield opening
            day += _DAY

    def _openings_before(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings that open at `at` or earlier, latest first; ends where two years are closed."""
        day, closed = at.date(), 0
        while closed < _LONGEST_CLOSURE:
            openings = self._openings(day)
            closed = 0 if openings else closed + 1
            for opening in reversed(openings):
                if opening[0] <= at:
                    yield opening
            day -= _DAY

    def _never(self, at: datetime) -> NeverOpensError:
        return NeverOpensError(
            f"the business hours in {self.zone} have no opening within two years "
            f"of {at:%Y-%m-%d}: give at least one weekday an interval"
        )


def always(zone: str) -> BusinessHours:
    """Open round the clock, every day; `zone` only says whose days."""
    return BusinessHours(zone=zone, weekly=(((0, _MINUTES_A_DAY),),) * _DAYS_A_WEEK)


def _stretches(
    zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Part a UTC day where the zone's clock is changed, giving each part's offset from UTC.

    No zone has changed its clock twice within a day. The change is found by bisection, as zoneinfo
    does not tell its transitions; they are on whole seconds.
    """
    low, high = since, until - _SECOND
    before, after = _offset(zone, low), _offset(zone, high)
    if before == after:
        yield since, until, before
        return
    while high - low > _SECOND:
        middle = low + (high - low) // (2 * _SECOND) * _SECOND
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    yield since, high, before
    yield high, until, after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    wall = at.astimezone(zone).replace(tzinfo=UTC)
    return wall - at


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"zone: {name!r} is no IANA time zone such as Europe/Bucharest") from error


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC)


def _check(intervals: Intervals) -> None:
    edges = [0, *(edge for interval in intervals for edge in interval), _MINUTES_A_DAY]
    ordered = all(earlier <= later for earlier, later in pairwise(edges))
    if not ordered or any(first == last for first, last in intervals):
        raise ValueError(
            f"intervals: {intervals} are not apart and in order within 0 to 1440 minutes"
        )


def _intervals(plain: list[list[int]]) -> Intervals:
    return tuple((first, last) for first, last in plain)
