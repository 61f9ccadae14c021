"""Whether a topic is above its own past: an exact test, which says how sure it is.

Complaints of the last hour are compared with those of the same hour of the days before, so that a shop's
day and night do not look like news. If nothing had changed, each complaint of both together would be one
of the last hour's with the chance 1 : (days + 1), so the last hour's number is binomial (Przyborowski and
Wilenski, Biometrika 1940). That counts in how little is known where the past is short. What it takes for
granted is that complaints come one by one: cases are counted, not posts, as a thread brings many of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, lgamma, log

WINDOW = timedelta(hours=1)
DAYS = 28
FEWEST_DAYS = 7
"""Of a past that can be compared with."""
FEWEST = 5
"""Complaints: below that it is no news, however sure."""
LEVEL = 1e-5
"""The chance of an alarm for nothing, at each look, of which there is one every five minutes: with ten topics
there is less than one a month, as such looks see nearly the same."""


@dataclass(frozen=True, slots=True)
class Surge:
    """A topic above its own past: `now` complaints in the last hour, `past` in `days` such hours before."""

    topic: str
    now: int
    past: int
    days: int
    chance: float
    """Of as many, or more, if nothing had changed."""

    @property
    def usual(self) -> float:
        """Complaints that such an hour had."""
        return self.past / self.days


def surge(topic: str, now: int, past: int, days: int) -> Surge | None:
    """The surge, if it is one."""
    if now < FEWEST or days < FEWEST_DAYS:
        return None
    chance = at_least(now, now + past, 1 / (days + 1))
    return Surge(topic, now, past, days, chance) if chance < LEVEL else None


def at_least(successes: int, trials: int, chance: float) -> float:
    """The probability of so many successes or more in a binomial experiment."""
    if successes <= 0:
        return 1.0
    one, other = log(chance), log(1 - chance)
    ways = lgamma(trials + 1)
    return min(
        1.0,
        sum(
            exp(ways - lgamma(k + 1) - lgamma(trials - k + 1) + k * one + (trials - k) * other)
            for k in range(successes, trials + 1)
        ),
    )


def past_windows(now: datetime, since: datetime) -> list[tuple[datetime, datetime]]:
    """The same hour of the days before, as far as the brand was watched."""
    ends = (now - timedelta(days=day) for day in range(1, DAYS + 1))
    return [(end - WINDOW, end) for end in ends if end - WINDOW >= since]
