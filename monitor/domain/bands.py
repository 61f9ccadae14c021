"""How sure the curves of survival are: 95 % bands of the share answered, and the interval of a median.

Bands are pointwise, by log(-log) of what is estimated, which keeps them within 0 and 1; variances are
Greenwood's (Kaplan–Meier) and the one of that kind for a cumulative incidence (Collett, Modelling
Survival Data in Medical Research). All in one pass: a report has curves of ten thousand steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log, sqrt
from typing import NamedTuple

from monitor.domain.chance import Between, Z
from monitor.domain.survival import Curve, Incidence

HALF = 0.5
_ROUNDING = 1e-12  # sums of fractions miss 1 by some 1e-16


class Step(NamedTuple):
    """From `time` (seconds) on so great a share is answered, with the 95 % band of that."""

    time: float
    share: float
    low: float
    high: float


def band(estimate: Curve | Incidence) -> tuple[Step, ...]:
    """The share answered at each time at which it grows."""
    if isinstance(estimate, Incidence):
        return tuple(_of_incidence(estimate))
    return tuple(_of_curve(estimate))


def median(estimate: Curve | Incidence) -> Between | None:
    """The median in seconds with its interval (Brookmeyer & Crowley 1982); None: an end is not reached."""
    steps = band(estimate)
    value = estimate.quantile(HALF)
    low = next((one.time for one in steps if one.high >= HALF), None)
    high = next((one.time for one in steps if one.low >= HALF), None)
    if value is None or low is None or high is None:
        return None
    return Between(value, low, high)


def _of_curve(curve: Curve) -> Iterator[Step]:
    spread = 0.0
    counts = zip(curve.times, curve.survival, curve.answered, curve.at_risk, strict=True)
    for time, survival, answered, at_risk in counts:
        if survival <= 0:
            yield Step(time, 1.0, 1.0, 1.0)
            continue
        spread += answered / (at_risk * (at_risk - answered))
        low, high = _around(survival, survival * sqrt(spread))
        yield Step(time, 1 - survival, 1 - high, 1 - low)


def _of_incidence(incidence: Incidence) -> Iterator[Step]:
    # sums of a, a·F and a·F², where a = d/(n(n-d)): (F(t) - F)² a, summed, follows from them
    plain = linear = square = second = third = crossed = 0.0
    share = 1.0
    shares = zip(incidence.times, incidence.answered, incidence.counts, strict=True)
    for time, total, (answered, closed, left) in shares:
        if closed < left:  # where all end, what follows changes nothing more
            part = closed / (left * (left - closed))
            plain, linear = plain + part, linear + part * total
            square += part * total * total
        second += share * share * answered * (left - answered) / left**3
        weight = share * answered / left**2
        third, crossed = third + weight, crossed + weight * total
        share *= (left - closed) / left
        if answered:
            first = plain * total * total - 2 * linear * total + square
            variance = max(0.0, first + second - 2 * (third * total - crossed))
            yield Step(time, total, *_around(total, sqrt(variance)))


def _around(share: float, deviation: float) -> tuple[float, float]:
    """The band of a share; where it is 0 or 1 the formula says nothing, and the band is that point."""
    if not _ROUNDING < share < 1 - _ROUNDING:
        return share, share
    factor = exp(Z * deviation / (share * -log(share)))
    return share**factor, share ** (1 / factor)
