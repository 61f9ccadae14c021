"""How sure a share is that few observations give: intervals without any library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf, sqrt

Z = 1.959964
"""95 %, both sides."""


@dataclass(frozen=True, slots=True)
class Between:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(share: float, n: float) -> Between:
    """Wilson's score interval of a share seen among `n`; `n` may be an effective, broken number.

    An infinite `n` (everything was looked at) leaves nothing open, none at all everything.
    """
    if n <= 0:
        return Between(share, 0.0, 1.0)
    if isinf(n):
        return Between(share, share, share)
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return Between(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def total(parts: Sequence[tuple[float, Between]]) -> Between:
    """A total over strata, each (size, share): the intervals are added as variances are (MOVER).

    Zou and Donner, Statistics in Medicine 2008. Keeps the strata's asymmetry, which adding
    standard errors would lose where shares are near 0.
    """
    value = sum(size * share.value for size, share in parts)
    below = sqrt(sum((size * (share.value - share.low)) ** 2 for size, share in parts))
    above = sqrt(sum((size * (share.high - share.value)) ** 2 for size, share in parts))
    return Between(value, max(0.0, value - below), value + above)
