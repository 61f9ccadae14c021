"""What was looked at and what could not be: "0 complaints" and "could not look" are different statements.

A stream is *watched* while its looks come about as often as planned. Between two such spells nobody
looked, for a reason; what was posted then is read afterwards, late, unless a gap says that it was cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

MISSED = 5
"""So many looks in a row that are missing interrupt a watch …"""
SHORTEST_BLIND = timedelta(minutes=15)
"""… but nothing shorter than this does: a restart is no outage."""

FAILURES_UNTIL_TOLD = 5
"""So many looks in a row that failed are no passing trouble: the operators hear of it."""
USUAL_SINCE = timedelta(days=28)
"""So far back from its last news goes what a stream's usual silences are measured by."""
ENOUGH_NEWS = 20
"""With fewer looks that brought something, nothing is known of what is usual."""
UNUSUAL = 2
"""Silence so many times as long as the longest before is unusual …"""
SHORTEST_SILENCE = timedelta(hours=6)
"""… and nothing shorter than this is."""


class Why(StrEnum):
    """Why nobody saw what a stream had to show."""

    FAILING = "failing"
    """The source could not be read."""
    NOT_LOOKED = "not_looked"
    """The program did not run, or did not come to it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A time in which a stream was looked at regularly: from a first look to a last, so many."""

    began_at: datetime
    ended_at: datetime
    looks: int
    every: timedelta
    """How often it was to be looked at, as of the last look."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A row of looks that failed. `ended_at` None: it still lasts."""

    began_at: datetime
    ended_at: datetime | None
    failures: int
    problem: str


@dataclass(frozen=True, slots=True)
class Blind:
    """A time in which nobody saw what came. `problem` is the last that the source said against it."""

    since: datetime
    until: datetime
    why: Why
    problem: str | None = None

    @property
    def lasted(self) -> timedelta:
        return self.until - self.since


def patience(every: timedelta) -> timedelta:
    """A look that is so much later than the last one interrupts the watch."""
    return max(MISSED * every, SHORTEST_BLIND)


def blind(
    watches: Sequence[Watch], outages: Sequence[Outage], since: datetime, until: datetime
) -> tuple[Blind, ...]:
    """The times between `since` and `until` in which nobody looked, oldest first.

    What lies before the first watch is not among them: the stream was not watched yet. It depends on
    what was known at `until` alone: a look that comes later takes nothing back.
    """
    known = [one for one in watches if one.began_at <= until]
    holes = [(one.ended_at, after.began_at) for one, after in pairwise(known)]
    if known and until - known[-1].ended_at > patience(known[-1].every):
        holes.append((known[-1].ended_at, until))
    found = ((max(begin, since), min(end, until)) for begin, end in holes)
    return tuple(_blind(begin, end, outages) for begin, end in found if begin < end)


def _blind(since: datetime, until: datetime, outages: Iterable[Outage]) -> Blind:
    for one in outages:
        if one.began_at < until and (one.ended_at is None or one.ended_at > since):
            return Blind(since, until, Why.FAILING, one.problem)
    return Blind(since, until, Why.NOT_LOOKED)


@dataclass(frozen=True, slots=True)
class Silence:
    """A stream that has brought nothing new since a time, though it is read; `usual`: its longest before."""

    since: datetime
    usual: timedelta


def silence(news: Sequence[datetime], read_through: datetime) -> Silence | None:
    """Whether a stream is silent against its own past. `news`: when it brought something new, ascending.

    Time in which it could not be read is no silence: it counts up to `read_through` only.
    """
    times = sorted(set(news))
    if len(times) < ENOUGH_NEWS:
        return None
    usual = max(after - before for before, after in pairwise(times))
    is_unusual = read_through - times[-1] > max(UNUSUAL * usual, SHORTEST_SILENCE)
    return Silence(times[-1], usual) if is_unusual else None
