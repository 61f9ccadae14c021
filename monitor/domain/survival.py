"""How long customers wait, counting those who still wait: Kaplan–Meier and Aalen–Johansen.

The mean of the answered alone flatters whoever leaves the hard ones unanswered. Here an open wait says
what it knows, that it lasted at least so long. All durations are on the wall clock, in seconds inside.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import accumulate, compress, count
from typing import TypeAlias

Duration: TypeAlias = timedelta | float
"""A span, or its seconds."""

FEWEST_FOR_A_FORECAST = 30
"""Waits still at risk below which a forecast is noise, and not shown."""

_Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution
_IS_POSSIBLE = (0.0).__le__  # nan is not, either
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

    Parallel tuples, one entry a time at which waits were answered: `times` in seconds, `answered` so
    many then, `at_risk` just before, `survival` just after. `durations` are those of all waits, in
    order; `n_open` of them are open. After the longest one the curve stays level: there it is an upper bound.
    """

    times: tuple[float, ...]
    answered: tuple[int, ...]
    at_risk: tuple[int, ...]
    survival: tuple[float, ...]
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
        return survival**2 * self._greenwood(age) if survival > 0 else 0.0

    def band_at(self, age: Duration) -> tuple[float, float]:
        """95 % band of S, by log(-log S), which keeps it within 0 and 1.

        Where S is 1 or 0 the band is that point: the formula says nothing there.
        """
        survival = self.survival_at(age)
        if survival in (0.0, 1.0):
            return survival, survival
        spread = math.sqrt(self._greenwood(age))
        factor = math.exp(_Z95 * spread / -math.log(survival))
        return survival**factor, survival ** (1 / factor)

    def _greenwood(self, age: Duration) -> float:
        """The sum of d/(n(n-d)) up to that age, where somebody is still left."""
        steps = bisect_right(self.times, _seconds(age))
        ends = zip(self.answered[:steps], self.at_risk[:steps], strict=True)
        return sum(answered / (left * (left - answered)) for answered, left in ends)

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
    counts: tuple[tuple[int, int, int], ...] = ()
    """At each time how many were answered, how many ended at all, and how many had lasted so long."""

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
    spans, answered = tuple(zip(*waits, strict=True)) or ((), ())
    return product_limit(_all_seconds(spans), answered)


def product_limit(waited: Sequence[float], answered: Iterable[bool]) -> Curve:
    """The same from two columns, in seconds that nobody doubts: a report has ten thousands of them."""
    durations = sorted(waited)
    answers = Counter(sorted(compress(waited, answered)))
    lasting = _lasting(durations)
    at_risk = [lasting[time] for time in answers]
    shares = [(n - ended) / n for n, ended in zip(at_risk, answers.values(), strict=True)]
    return Curve(
        times=tuple(answers),
        answered=tuple(answers.values()),
        at_risk=tuple(at_risk),
        survival=tuple(accumulate(shares, operator.mul)),
        durations=tuple(durations),
        n_open=len(durations) - answers.total(),
    )


def aalen_johansen(waits: Iterable[tuple[Duration, End]]) -> Incidence:
    """Estimate from (how long, how it stands then). Ties and errors as with `kaplan_meier`."""
    ends = list(waits)
    seconds = _all_seconds([duration for duration, _ in ends])
    lasting = _lasting(sorted(seconds))
    answer, still_open = End.ANSWERED, End.OPEN  # an enum's members are slow to reach on 3.11
    answers = Counter(sorted(compress(seconds, [end is answer for _, end in ends])))
    closings = Counter(sorted(compress(seconds, [end is not still_open for _, end in ends])))
    incidence: list[float] = []
    counts: list[tuple[int, int, int]] = []
    share, total = 1.0, 0.0
    for time, closed in closings.items():
        left = lasting[time]
        counts.append((answers.get(time, 0), closed, left))
        total += share * answers.get(time, 0) / left
        share *= (left - closed) / left
        incidence.append(total)
    return Incidence(
        times=tuple(closings),
        answered=tuple(incidence),
        n=len(ends),
        n_open=len(ends) - closings.total(),
        n_withdrawn=closings.total() - answers.total(),
        counts=tuple(counts),
    )


def _lasting(durations: Sequence[float]) -> Mapping[float, int]:
    """How many lasted at least so long, by duration; they come in order."""
    # from the longest down: of equal ones the last counts them all
    return dict(zip(reversed(durations), count(1), strict=False))


def _seconds(duration: Duration) -> float:
    return _all_seconds([duration])[0]


def _all_seconds(durations: Sequence[Duration]) -> list[float]:
    seconds = [one.total_seconds() if isinstance(one, timedelta) else one for one in durations]
    if not all(map(_IS_POSSIBLE, seconds)):
        wrong = next(one for one in seconds if not _IS_POSSIBLE(one))
        raise ValueError(f"a wait cannot last {wrong} s")
    return seconds


def _at(times: tuple[float, ...], values: tuple[float, ...], age: Duration, start: float) -> float:
    """The value of a right-continuous step function that is `start` before the first time."""
    steps = bisect_right(times, _seconds(age))
    return values[steps - 1] if steps else start


def _share(p: float) -> float:
    if not 0 < p <= 1:
        raise ValueError(f"a quantile is asked for a share above 0 and up to 1, not {p}")
    return p - _ROUNDING
