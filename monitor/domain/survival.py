"""How long customers wait, counting those who still wait: Kaplan–Meier and Aalen–Johansen.

The mean of the answered alone flatters whoever leaves the hard ones unanswered. Here an open wait says
what it knows, that it lasted at least so long. All durations are on the wall clock, in seconds inside.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

Duration: TypeAlias = timedelta | float
"""A span, or its seconds."""

FEWEST_FOR_A_FORECAST = 30
"""Waits still at risk below which a forecast is noise, and not shown."""

_Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution
_ROUNDING = 1e-12  # products of fractions miss ½ by some 1e-16; a quantile must not


class End(StrEnum):
    """How a wait stands when it is counted."""

    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Forecast:
    """P(answered in time), and how many waits at that age it rests on."""

    probability: float
    at_risk: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The product-limit estimate S(t) = P(wait > t) (Kaplan & Meier 1958).

    Parallel tuples, one entry a time at which waits were answered: `times` in seconds, `at_risk`
    just before, `survival` just after, `greenwood` the sum of d/(n(n-d)) up to then, so that the
    variance is survival² · greenwood. `durations` are those of all waits, in order; `n_open` of them
    are open. After the longest one the curve stays level: there it is an upper bound.
    """

    times: tuple[float, ...]
    at_risk: tuple[int, ...]
    survival: tuple[float, ...]
    greenwood: tuple[float, ...]
    durations: tuple[float, ...]
    n_open: int

    @property
    def n(self) -> int:
        return len(self.durations)

    def survival_at(self, age: Duration) -> float:
        """P(wait > age)."""
        return _at(self.times, self.survival, age, 1.0)

    def probability_answered_by(self, age: Duration) -> float:
        """P(wait <= age)."""
        return 1.0 - self.survival_at(age)

    def variance_at(self, age: Duration) -> float:
        """Greenwood's variance of S; 0 where nobody or everybody is answered."""
        survival = self.survival_at(age)
        spread = _at(self.times, self.greenwood, age, 0.0)
        return survival**2 * spread if survival > 0 else 0.0

    def band_at(self, age: Duration) -> tuple[float, float]:
        """95 % band of S, by log(-log S), which keeps it within 0 and 1.

        Where S is 1 or 0 the band is that point: the formula says nothing there.
        """
        survival = self.survival_at(age)
        if survival in (0.0, 1.0):
            return survival, survival
        spread = math.sqrt(_at(self.times, self.greenwood, age, 0.0))
        factor = math.exp(_Z95 * spread / -math.log(survival))
        return survival**factor, survival ** (1 / factor)

    def quantile(self, p: float) -> float | None:
        """The shortest time in seconds by which a share `p` is answered: min{t: S(t) <= 1 - p}.

        None: not reached, so many are unanswered. Raises ValueError unless 0 < p <= 1.
        """
        step = bisect_left(self.survival, _share(p) - 1, key=operator.neg)
        return self.times[step] if step < len(self.times) else None

    def forecast(self, age: Duration, due: Duration) -> Forecast | None:
        """P(answered by `due` | open at `age`) = 1 - S(due) / S(age), both counted from the start.

        0 when `due` is past. None when fewer than 30 waits lasted longer than `age`.
        """
        at_risk = self.n - bisect_right(self.durations, _seconds(age))
        if at_risk < FEWEST_FOR_A_FORECAST:
            return None
        in_time = 1.0 - min(1.0, self.survival_at(due) / self.survival_at(age))
        return Forecast(in_time, at_risk)


@dataclass(frozen=True, slots=True)
class Incidence:
    """Cumulative incidence of being answered, where a withdrawal ends a wait (Aalen & Johansen 1978).

    Parallel tuples, one entry a time at which waits ended: `times` in seconds, `answered` =
    P(answered by then). To count withdrawals as open would promise answers to posts that are no more.
    """

    times: tuple[float, ...]
    answered: tuple[float, ...]
    n: int
    n_open: int
    n_withdrawn: int

    def probability_answered_by(self, age: Duration) -> float:
        """P(wait <= age and it ended with an answer)."""
        return _at(self.times, self.answered, age, 0.0)

    def quantile(self, p: float) -> float | None:
        """The shortest time in seconds by which a share `p` of all is answered; as on a Curve."""
        step = bisect_left(self.answered, _share(p))
        return self.times[step] if step < len(self.times) else None


def kaplan_meier(waits: Iterable[tuple[Duration, bool]]) -> Curve:
    """Estimate from (how long, whether answered then); False: open, and lasted at least so long.

    Of equal durations the answers come before the open ones, which were still at risk. Raises
    ValueError on a negative duration.
    """
    ends = [(_seconds(duration), answered) for duration, answered in waits]
    durations = sorted([time for time, _ in ends])
    answers = Counter(sorted([time for time, answered in ends if answered]))
    at_risk: list[int] = []
    survival: list[float] = []
    greenwood: list[float] = []
    share, spread = 1.0, 0.0
    for time, answered in answers.items():
        left = len(durations) - bisect_left(durations, time)
        share *= (left - answered) / left
        spread += answered / (left * (left - answered)) if answered < left else math.inf
        at_risk.append(left)
        survival.append(share)
        greenwood.append(spread)
    return Curve(
        times=tuple(answers),
        at_risk=tuple(at_risk),
        survival=tuple(survival),
        greenwood=tuple(greenwood),
        durations=tuple(durations),
        n_open=len(ends) - answers.total(),
    )


def aalen_johansen(waits: Iterable[tuple[Duration, End]]) -> Incidence:
    """Estimate from (how long, how it stands then). Ties and errors as with `kaplan_meier`."""
    ends = [(_seconds(duration), end) for duration, end in waits]
    durations = sorted([time for time, _ in ends])
    answer, still_open = End.ANSWERED, End.OPEN  # an enum's members are slow to reach on 3.11
    answers = Counter(sorted([time for time, end in ends if end is answer]))
    closings = Counter(sorted([time for time, end in ends if end is not still_open]))
    incidence: list[float] = []
    share, total = 1.0, 0.0
    for time, closed in closings.items():
        left = len(durations) - bisect_left(durations, time)
        total += share * answers.get(time, 0) / left
        share *= (left - closed) / left
        incidence.append(total)
    return Incidence(
        times=tuple(closings),
        answered=tuple(incidence),
        n=len(ends),
        n_open=len(ends) - closings.total(),
        n_withdrawn=closings.total() - answers.total(),
    )


def _seconds(duration: Duration) -> float:
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
    if not seconds >= 0:  # nan, too
        raise ValueError(f"a wait cannot last {duration}")
    return seconds


def _at(times: tuple[float, ...], values: tuple[float, ...], age: Duration, start: float) -> float:
    """The value of a right-continuous step function that is `start` before the first time."""
    steps = bisect_right(times, _seconds(age))
    return values[steps - 1] if steps else start


def _share(p: float) -> float:
    if not 0 < p <= 1:
        raise ValueError(f"a quantile is asked for a share above 0 and up to 1, not {p}")
    return p - _ROUNDING
