"""The weekly sample of what was let pass, and how many complaints it says were missed.

A post's place in the draw is a hash of the week, the brand and its key: whoever draws, whenever, draws
the same. Half of the sample comes from the few posts with the higher scores, where misses are dense; an
estimate weighs the two parts by their sizes, so that this makes it narrower and not wrong.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf

from monitor.domain.chance import Between, total, wilson

WEEK = timedelta(days=7)
NEAR = 0.05
"""P(complaint) from which a post that was let pass counts as a near one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that was let pass in the week."""

    post_id: int
    key: str
    score: float

    @property
    def is_near(self) -> bool:
        return self.score >= NEAR


@dataclass(frozen=True, slots=True)
class Part:
    """One part (near or far) of one week: how many were let pass, looked at, and found to be missed."""

    week: str
    is_near: bool
    population: int
    looked_at: int
    missed: int


@dataclass(frozen=True, slots=True)
class Missed:
    """How many complaints were missed. `estimate` is None while nobody has looked at any post."""

    population: int
    """Posts let pass in the weeks of which some were looked at."""
    looked_at: int
    found: int
    estimate: Between | None
    """Complaints among `population`, with the 95 % interval."""
    unknown: int
    """Posts let pass in weeks, or parts of weeks, of which nobody looked at any."""


def week_of(at: datetime) -> str:
    """The ISO week of a moment, in UTC: `2026-W19`."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02d}"


def begin_of(week: str) -> datetime:
    """Monday, 00:00 UTC. Raises ValueError for what is no week."""
    return datetime.strptime(f"{week}-1", "%G-W%V-%u").replace(tzinfo=UTC)


def draw(candidates: Iterable[Candidate], week: str, brand: str, size: int) -> list[Candidate]:
    """`size` of the candidates at most, near and far in equal numbers as far as there are as many."""
    near: list[Candidate] = []
    far: list[Candidate] = []
    for one in candidates:
        (near if one.is_near else far).append(one)
    for part in (near, far):
        part.sort(key=lambda one: _place(week, brand, one.key))
    of_near = min(len(near), max((size + 1) // 2, size - len(far)))
    return [*near[:of_near], *far[: size - of_near]]


def _place(week: str, brand: str, key: str) -> bytes:
    return hashlib.blake2b(f"{week}\0{brand}\0{key}".encode(), digest_size=8).digest()


def estimate(parts: Sequence[Part]) -> Missed:
    """What the parts of some weeks say together. Weeks are weighed by what was let pass in them."""
    known: dict[bool, list[Part]] = defaultdict(list)
    for one in parts:
        if one.looked_at:
            known[one.is_near].append(one)
    strata = [_stratum(of) for of in known.values()]
    found = sum(one.missed for of in known.values() for one in of)
    population = sum(one.population for of in known.values() for one in of)
    sure = total(strata) if strata else None
    return Missed(
        population=population,
        looked_at=sum(one.looked_at for of in known.values() for one in of),
        found=found,
        estimate=None
        if sure is None
        else Between(sure.value, max(sure.low, found), min(sure.high, population)),
        unknown=sum(one.population for one in parts) - population,
    )


def _stratum(parts: Sequence[Part]) -> tuple[float, Between]:
    """The size of the weeks' same part, and the share missed in it."""
    size = sum(one.population for one in parts)
    looked_at = sum(one.looked_at for one in parts)
    share = sum(one.population * one.missed / one.looked_at for one in parts) / size
    # Kish: weeks of unequal weight say less than as many posts drawn alike would
    effective = size * size / sum(one.population**2 / one.looked_at for one in parts)
    left = 1 - looked_at / size  # what was looked at is known, not estimated
    return size, wilson(share, effective / left if left > 0 else inf)
