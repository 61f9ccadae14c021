"""What will be late if people go on as they did: the forecast of breaches for the next hours.

P(late | open at age a) = S(due) / S(a), from how long the period's customers waited; a customer who
withdraws is left out of it, as nobody can be late for him. Below 30 waits that lasted so long there
is no forecast, and the wait is counted as one without.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from monitor.domain.judgement import Severity
from monitor.domain.report import Counted
from monitor.domain.sla import State
from monitor.domain.survival import Curve, End, product_limit

HORIZONS = tuple(timedelta(hours=number) for number in (1, 4, 8, 24))
_EXACT = 1000
"""Waits up to which the number's distribution is worked out; beyond, the normal one is as good."""
_Z95, _TAIL = 1.959964, 0.025


@dataclass(frozen=True, slots=True)
class Likely:
    """A wait that is not due yet; `late` is the chance that it will be, None: too few to say."""

    counted: Counted
    late: float | None
    at_risk: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """What falls due within `span`. `low` and `high` hold the number of breaches with 95 % chance.

    They tell the chance of the draw alone, if the curve is right. `expected` is of those that a forecast
    can be made for; None: there is none.
    """

    span: timedelta
    waits: tuple[Likely, ...]
    expected: float | None
    low: int
    high: int

    @property
    def name(self) -> str:
        """`4 h`."""
        return f"{self.span // timedelta(hours=1)} h"

    @property
    def without(self) -> int:
        """Of how many there is no forecast."""
        return sum(one.late is None for one in self.waits)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The waits that are open and not due, the likeliest to be late first, and what that adds up to."""

    waits: tuple[Likely, ...]
    ahead: tuple[Ahead, ...]


def outlook(backlog: Iterable[Counted], history: Sequence[Counted], as_of: datetime) -> Outlook:
    """The forecast at `as_of`, from how long customers waited; by severity where that are enough."""
    whole = _curve(history)
    by_severity = {
        severity: _curve([one for one in history if one.wait.severity is severity])
        for severity in Severity
    }
    likely = [_likely(one, by_severity, whole) for one in backlog if one.state is State.PENDING]
    likely.sort(key=lambda one: (-(one.late or 0.0), one.counted.wait.due_at, one.counted.name))
    ahead = (
        _ahead(span, [one for one in likely if one.counted.wait.due_at <= as_of + span])
        for span in HORIZONS
    )
    return Outlook(tuple(likely), tuple(ahead))


def _curve(history: Iterable[Counted]) -> Curve:
    known = [
        (one.waited, one.end is End.ANSWERED) for one in history if one.state is not State.DISMISSED
    ]
    waited, answered = zip(*known, strict=True) if known else ((), ())
    return product_limit(waited, answered)


def _likely(one: Counted, by_severity: Mapping[Severity, Curve], whole: Curve) -> Likely:
    wait = one.wait
    target = wait.due_at - wait.started_at
    for curve in (by_severity[wait.severity], whole):
        found = curve.forecast(one.waited, target)
        if found is not None:
            return Likely(one, 1 - found.probability, found.at_risk)
    return Likely(one, None, 0)


def _ahead(span: timedelta, waits: Sequence[Likely]) -> Ahead:
    chances = [one.late for one in waits if one.late is not None]
    expected = sum(chances) if chances or not waits else None
    low, high = _between(chances)
    return Ahead(span, tuple(waits), expected, low, high)


def _between(chances: Sequence[float]) -> tuple[int, int]:
    """The number of breaches that 95 % of draws have (a sum of unequal coins)."""
    if len(chances) > _EXACT:
        mean = sum(chances)
        half = _Z95 * sum(one * (1 - one) for one in chances) ** 0.5
        return max(0, round(mean - half)), min(len(chances), round(mean + half))
    shares = [1.0]
    for one in chances:
        shares = [*_next(shares, one)]
    return _reached(shares, _TAIL), _reached(shares, 1 - _TAIL)


def _next(shares: Sequence[float], chance: float) -> Iterator[float]:
    """The distribution of a sum with one more coin in it."""
    before = 0.0
    for one in shares:
        yield one * (1 - chance) + before * chance
        before = one
    yield before * chance


def _reached(shares: Sequence[float], tail: float) -> int:
    """The number up to which so great a share of the draws lies."""
    totals = enumerate(accumulate(shares))
    return next((number for number, total in totals if total >= tail), len(shares) - 1)
