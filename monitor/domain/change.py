"""What changed against the period before, and whether the numbers are enough to say so.

An arrow is drawn only where the 95 % interval of the difference leaves no change out, and only from
`FEWEST` waits on either side: below, chance alone moves everything. Both periods are looked at from
the same distance (the one before as it stood so much earlier), or the older one would always look better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from math import hypot

from monitor.domain.bands import median
from monitor.domain.chance import Between, wilson
from monitor.domain.report import Group, Period, Report, Share, curve, midnight
from monitor.domain.sla import BREACHES

FEWEST = 30
"""Waits on either side below which no arrow is drawn."""

_DAY = timedelta(days=1)


class Measure(StrEnum):
    """What is compared."""

    WAITS = "waits"
    """How many began, a day. The difference is the ratio less 1."""
    WITHIN = "within"
    """The share within the SLA. The difference is of shares."""
    MEDIAN = "median"
    """By when half are answered. The difference is in seconds."""
    BREACHES = "breaches"
    """How many were breached, a day. The difference is the ratio less 1."""


class Direction(StrEnum):
    """What may be said of a change."""

    UP = "up"
    DOWN = "down"
    UNCLEAR = "unclear"
    """It may be chance: the interval holds no change at all."""
    TOO_FEW = "too_few"


_CLEAR = (Direction.UP, Direction.DOWN)


@dataclass(frozen=True, slots=True)
class Change:
    """One measure, before and now. `difference` is None where none can be had."""

    measure: Measure
    before: float | None
    now: float | None
    n_before: int
    n: int
    difference: Between | None

    @property
    def direction(self) -> Direction:
        if min(self.n_before, self.n) < FEWEST:
            return Direction.TOO_FEW
        if self.difference is None or self.difference.low <= 0 <= self.difference.high:
            return Direction.UNCLEAR
        return Direction.UP if self.difference.low > 0 else Direction.DOWN

    @property
    def is_better(self) -> bool | None:
        """Whether customers gained; None where nothing is to be said, or it is only more or less work."""
        direction = self.direction
        if direction not in _CLEAR or self.measure is Measure.WAITS:
            return None
        return (direction is Direction.UP) is (self.measure is Measure.WITHIN)


def previous(period: Period, zone: tzinfo) -> Period:
    """The period before: the month before a whole month, else as many local days, else as long a time."""
    since, until = (at.astimezone(zone) for at in (period.since, period.until))
    if any(midnight(at.date(), zone) != at for at in (since, until)):
        return Period(period.since - (period.until - period.since), period.since)
    first, after = since.date(), until.date()
    month_before = (first - _DAY).replace(day=1)
    is_month = first.day == 1 and after == (first + 31 * _DAY).replace(day=1)
    begin = month_before if is_month else first - (after - first)
    return Period(midnight(begin, zone), period.since)


def seen_from(period: Period, before: Period, as_of: datetime) -> datetime:
    """The moment that is as far from the period before as `as_of` is from the period."""
    return as_of - (period.until - before.until)


def changes(now: Report, before: Report) -> tuple[Change, ...]:
    """All measures of the two reports' totals."""
    return tuple(_changes(now, before))


def _changes(now: Report, before: Report) -> Sequence[Change]:
    old, new = before.total.figures, now.total.figures
    breached = [_breached(one.total) for one in (before, now)]
    return (
        _rate(Measure.WAITS, before, now, [_begun(one.total) for one in (before, now)]),
        _share(old.within, new.within),
        _median(before.total, now.total),
        _rate(Measure.BREACHES, before, now, breached),
    )


def _begun(group: Group) -> list[datetime]:
    return [one.wait.started_at for one in group.waits]


def _breached(group: Group) -> list[datetime]:
    return [one.wait.started_at for one in group.waits if one.state in BREACHES]


def _rate(
    measure: Measure, before: Report, now: Report, found: Sequence[Sequence[datetime]]
) -> Change:
    """By the share that falls into the later period (Przyborowski & Wilenski), a burst counted as one thing.

    Complaints come in bursts: where a day's number varies more than chance alone would have it, the
    interval is that of so many fewer (quasi-Poisson).
    """
    old, new = map(len, found)
    days_before, days_now = (_days(one) for one in (before, now))
    together = old + new
    difference = None
    if together and days_before and days_now:
        bursts = max(_bursts(before, found[0]), _bursts(now, found[1]))
        share = wilson(new / together, together / bursts)
        scale = days_before / days_now
        value, low, high = (
            (one / (1 - one)) * scale - 1 if one < 1 else float("inf")
            for one in (share.value, share.low, share.high)
        )
        difference = Between(value, low, high) if old else None
    return Change(
        measure,
        old / days_before if days_before else None,
        new / days_now if days_now else None,
        old,
        new,
        difference,
    )


def _days(report: Report) -> float:
    """How much of the period has been, in days."""
    return max(timedelta(), min(report.period.until, report.as_of) - report.period.since) / _DAY


def _bursts(report: Report, began: Sequence[datetime]) -> float:
    """How many times as much the days' numbers vary as chance alone would have it; at least 1."""
    whole = int(_days(report))
    counts = Counter((at - report.period.since) // _DAY for at in began)
    numbers = [counts[day] for day in range(whole)]
    if whole <= 1 or not any(numbers):
        return 1.0
    mean = sum(numbers) / whole
    return max(1.0, sum((one - mean) ** 2 for one in numbers) / (whole - 1) / mean)


def _share(old: Share, new: Share) -> Change:
    n_before, n = (one.met + one.breached for one in (old, new))
    difference = None
    if old.value is not None and new.value is not None:
        difference = _difference(wilson(new.value, n), wilson(old.value, n_before))
    return Change(Measure.WITHIN, old.value, new.value, n_before, n, difference)


def _median(old: Group, new: Group) -> Change:
    before, now = (median(curve(one.waits)) for one in (old, new))
    difference = _difference(now, before) if before and now else None
    values = [one.figures.response.median for one in (old, new)]
    was, is_ = (None if one is None else one.total_seconds() for one in values)
    n_before, n = (one.figures.response.n for one in (old, new))
    return Change(Measure.MEDIAN, was, is_, n_before, n, difference)


def _difference(now: Between, before: Between) -> Between:
    """Of two figures with intervals (Newcombe 1998; the same as MOVER): keeps their asymmetry."""
    value = now.value - before.value
    below = hypot(now.value - now.low, before.high - before.value)
    above = hypot(now.high - now.value, before.value - before.low)
    return Between(value, value - below, value + above)
