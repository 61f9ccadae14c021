"""Whether what is judged now looks like what was judged before: the population stability index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

ALARM = 0.25
"""The usual reading: below 0.1 nothing moved, from 0.25 on it is another population."""
ENOUGH = 200
"""Posts on each side; fewer move the index by chance alone."""
_FLOOR = 0.5
"""Posts that an empty bin counts as, or one rare language would be infinitely new."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a distribution moved. `index` is None where there are too few posts to say."""

    what: str
    index: float | None
    n: int
    """Posts now."""
    n_before: int
    most: tuple[tuple[str, float, float], ...]
    """The bins that moved most: name, share before, share now."""

    @property
    def is_alarming(self) -> bool:
        return self.index is not None and self.index >= ALARM


def drift(what: str, before: Mapping[str, int], now: Mapping[str, int]) -> Drift:
    """Compare two counts by bin."""
    n_before, n = sum(before.values()), sum(now.values())
    if min(n_before, n) < ENOUGH:
        return Drift(what, None, n, n_before, ())
    index = 0.0
    moved = []
    for name in sorted(before.keys() | now.keys()):
        old = max(before.get(name, 0), _FLOOR) / n_before
        new = max(now.get(name, 0), _FLOOR) / n
        by = (new - old) * log(new / old)
        index += by
        moved.append((by, name))
    moved.sort(reverse=True)
    return Drift(
        what,
        index,
        n,
        n_before,
        tuple(
            (name, before.get(name, 0) / n_before, now.get(name, 0) / n) for _, name in moved[:3]
        ),
    )
