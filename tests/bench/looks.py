"""When a Reddit was asked what is new, place by place: how many looks those are, and how late."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.serving import Answer, Asked

Looks = Mapping[str, Sequence[float]]
"""By listing, when it was asked for, oldest first (seconds of the epoch)."""


class Noted(RedditServer):
    """A Reddit that notes when each subreddit's listings were asked for from their top, and its log-ins."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.log_ins: Counter[str] = Counter()
        """By what was sent to log in: the credential."""
        self._looks: defaultdict[str, list[float]] = defaultdict(list)

    def serve(self, asked: Asked) -> Answer:
        with self.lock:
            if asked.path.startswith("/r/") and "after" not in asked.query:
                self._looks[asked.path].append(time.time())  # noqa: TID251 - on Slack's clock
            if asked.path.endswith("/access_token"):
                self.log_ins[asked.headers.get("authorization", "")] += 1
        return super().serve(asked)

    def looks(self) -> Looks:
        """All so far."""
        with self.lock:
            return {place: list(times) for place, times in self._looks.items()}


def number(looks: Looks, since: float, until: float) -> int:
    """How many there were in a time."""
    return sum(since <= one <= until for times in looks.values() for one in times)


def doubled(looks: Looks, every: float, since: float, until: float) -> int:
    """How many came before half of `every` was over since the look before."""
    return sum(gap < every / 2 for gap in _gaps(looks, since, until))


def late(looks: Looks, every: float, since: float, until: float) -> list[float]:
    """How many seconds after it was due each look of a time came, and those are that had not come yet."""
    came = [gap - every for gap in _gaps(looks, since, until) if gap >= every / 2]
    due = [until - every - max(times) for times in looks.values()]
    return sorted([max(one, 0.0) for one in came] + [one for one in due if one > 0])


def next_after(looks: Looks, place: str, at: float) -> float | None:
    """When a place was looked at for the first time from then on."""
    return next((one for one in looks.get(place, ()) if one >= at), None)


def _gaps(looks: Looks, since: float, until: float) -> list[float]:
    """From each look to the next one of the same place, where that was in a time."""
    return [
        after - before
        for times in looks.values()
        for before, after in pairwise(times)
        if since <= after <= until
    ]
