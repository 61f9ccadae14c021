"""What X charges, and how much of it a day may cost.

Prices of pay-per-use, in millionths of a dollar, as X published them in August 2026. X counts a post
or a person that is read again on the same day (UTC) once; so does this.

    cursors ──> Budget <── Together
    over restarts, what    what all workers spend,
    one program spent      each call before it is made
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from threading import Lock

from monitor.domain.errors import SourceError
from monitor.domain.post import Cost
from monitor.fetching import Together
from monitor.ports import Clock

POST_READ = 5_000
OWNED_READ = 1_000
"""A post of the mentions or the timeline of the account that owns the app."""
USER_READ = 10_000
REPLY = 10_000
"""To somebody who mentioned the account."""
REPLY_WITH_LINK = 200_000

DOLLAR = 1_000_000
LESS_URGENT = 0.8
"""The share of a day's money at which search and looking up again stop: what is left is for mentions
and the own timeline, without which answers would go unseen and people be told of a silence that is none."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a source spent on a day: calls and micros, by what they were for.

    It is kept whole in the cursor of every stream, so that after a restart the first stream that is
    read knows also what those spent that rest, and what looking up and answering cost.
    """

    day: date
    of: Mapping[str, tuple[int, int]] = field(default_factory=dict)


class Budget:
    """Counts calls and money of the day (UTC), of all a source's streams and all workers; safe in threads."""

    def __init__(self, *, micros: int | None, calls: int | None, clock: Clock) -> None:
        """`micros` and `calls` are a day's; None: as many as it takes."""
        self._micros = micros
        self._calls = calls
        self._clock = clock
        self._lock = Lock()
        self._spent: dict[str, tuple[int, int]] = {}
        self._held: dict[str, int] = {}
        self._all_micros = Together("micros", is_limited=micros is not None)
        self._all_calls = Together("calls", is_limited=calls is not None)
        self._booked: dict[str, int] = {}
        """Of what is held back, what other workers know of today."""
        self._billed: set[str] = set()
        self._day = date.min

    def recall(self, spent: Spent) -> None:
        """What a cursor says was spent, perhaps before a restart."""
        with self._lock:
            if spent.day != self._today():
                return
            for name, (calls, micros) in spent.of.items():
                known = self._spent.get(name, (0, 0))
                self._spent[name] = max(calls, known[0]), max(micros, known[1])

    def spent(self) -> Spent:
        """What was spent today."""
        with self._lock:
            return Spent(self._today(), dict(self._spent))

    def room(self, stream: str, price: int, least: int, most: int, *, share: float = 1.0) -> int:
        """How many things of this price may be asked for in one call, between `least` and `most`.

        Their price is held back from the other streams until `charge` or `release`. `share` of the
        day's money is what this stream may use up, together with all others.

        Raises:
            SourceError: not even `least`; says when the next day begins.

        """
        now = self._clock().astimezone(UTC)
        with self._lock:
            self._turn(now.date())
            self._let_go(stream)
            calls = sum(calls for calls, _ in self._spent.values()) + len(self._held)
            is_over = self._calls is not None and calls >= self._calls
            if is_over or not self._all_calls.add(1, self._calls):
                raise self._used_up(f"{calls if is_over else self._calls} calls", now)
            self._booked[stream] = 0
            if self._micros is None:
                affordable = most
            else:
                affordable = self._book(stream, price, least, most, int(self._micros * share), now)
            self._held[stream] = price * affordable
            return affordable

    def _book(
        self, stream: str, price: int, least: int, most: int, limit: int, now: datetime
    ) -> int:
        """How many things fit, their price counted with what all workers spend."""
        own = sum(micros for _, micros in self._spent.values())
        while True:
            known = self._all_micros.spent
            used = max(own + sum(self._held.values()), known)
            affordable = min(most, (limit - used) // max(price, 1))
            if affordable < least:
                self._let_go(stream)
                said = f"${max(own, known) / DOLLAR:.2f} of ${(self._micros or 0) / DOLLAR:.2f}"
                raise self._used_up(said, now)
            if self._all_micros.add(price * affordable, limit):
                self._booked[stream] = price * affordable
                return affordable  # else another worker was faster

    def release(self, stream: str) -> None:
        """What was held back for a call that did not come about."""
        with self._lock:
            self._let_go(stream)

    def _let_go(self, stream: str) -> None:
        self._held.pop(stream, None)
        booked = self._booked.pop(stream, None)
        if booked is not None:
            self._all_micros.add(-booked)
            self._all_calls.add(-1)

    def charge(self, stream: str, *priced: tuple[int, Iterable[str]], once: int = 0) -> Cost:
        """Count one call that brought things, each (price, their names), and cost `once` besides."""
        with self._lock:
            self._today()
            self._held.pop(stream, None)
            micros = once
            for price, names in priced:
                fresh = set(names) - self._billed
                micros += price * len(fresh)
                self._billed |= fresh
            before = self._spent.get(stream, (0, 0))
            self._spent[stream] = before[0] + 1, before[1] + micros
            booked = self._booked.pop(stream, None)
            self._all_micros.add(micros - (booked or 0))
            self._all_calls.add(1 if booked is None else 0)
        return Cost(calls=1, micros=micros)

    def _today(self) -> date:
        day = self._clock().astimezone(UTC).date()
        self._turn(day)
        return day

    def _turn(self, day: date) -> None:
        if day != self._day:
            self._day = day
            self._spent.clear()
            self._billed.clear()
            self._booked.clear()  # the day before's: what such a call brings is counted to this one

    def _used_up(self, what: str, now: datetime) -> SourceError:
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return SourceError(
            f"the day's budget is used up ({what}): reading goes on at 00:00 UTC, "
            "or with a higher budget_usd_per_day or budget_calls_per_day",
            retry_after=midnight - now,
            out_of_budget=True,
        )
