"""One look at one stream: page by page down to where the look before began."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.errors import SourceError
from monitor.domain.post import Cost, Gap, Page, Post, Rejected
from monitor.domain.quoting import quoted
from monitor.ports import Clock
from monitor.sources.x import cursor, snowflake, wire
from monitor.sources.x.budget import Budget
from monitor.sources.x.calls import Answer, NoAnswerError, RefusedError
from monitor.sources.x.cursor import Place
from monitor.sources.x.refusals import source_error
from monitor.sources.x.wire import Account, Reading

_BAD_REQUEST = 400
_FLOOR_KEPT = timedelta(days=5)
"""A quiet stream's floor is drawn along so far behind now: search refuses one of seven days."""
_NEARLY = 0.8
"""Of what X cuts off at a cap it shows fewer: what was deleted or is protected is missing."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What X offers of a stream. `cap`: only so many of the newest posts; `days`: only the last days.

    `least` posts are the fewest that a page can be asked for, `share` of the day's money the most.
    """

    least: int
    cap: int | None = None
    days: int | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the config sets. What is younger than `overlap` is read again: X may index more of it."""

    page_size: int
    max_pages: int
    overlap: timedelta
    look_back: timedelta


@dataclass(frozen=True, slots=True)
class Fares:
    """What one post of a page, one that it refers to, and one person cost, in micros."""

    post: int
    other: int = 0
    user: int = 0

    @property
    def most(self) -> int:
        """What a post can cost with all that comes with it."""
        return self.post + self.other + self.user

    def of(self, reading: Reading) -> Iterator[tuple[int, Iterable[str]]]:
        """What is charged for a page: price and names, kind by kind."""
        yield self.post, (f"post {one}" for one in reading.posts)
        yield self.other, (f"post {one}" for one in reading.others)
        yield self.user, (f"user {one}" for one in reading.users)


class Walk:
    """A look. `ask` gets `since_id`, the continuation and a number of posts; it raises as `Calls.ask`."""

    def __init__(
        self,
        stream: str,
        ask: Callable[[int | None, str | None, int], Answer],
        *,
        account: Account,
        reach: Reach,
        bounds: Bounds,
        fares: Fares,
        budget: Budget,
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._ask = ask
        self._account = account
        self._reach = reach
        self._bounds = bounds
        self._fares = fares
        self._budget = budget
        self._clock = clock

    def pages(self, since: str | None) -> Iterator[Page]:
        """Read on from a cursor. Raises SourceError."""
        if since is None:
            place = Place(snowflake.id_at(self._clock() - self._bounds.look_back))
        else:
            place, spent = cursor.read(since)
            self._budget.recall(spent)
        resumed = place.next is not None
        while True:
            try:
                answer, place, gap = self._answer(place)
                reading, cost = self._read(answer)
            finally:
                self._budget.release(self._stream)
            place, gap = self._advance(place, reading, answer.at, gap)
            written = cursor.write(place, self._budget.spent())
            yield Page((*self._above(reading), *reading.items), written, gap, cost)
            if place.next is None and not resumed:
                return
            if place.next is None:
                resumed = False  # an earlier look's end is reached: now for what is newer than that

    def _answer(self, place: Place) -> tuple[Answer, Place, Gap | None]:
        """The next page; where X does not take the place any more, the page from where it does."""
        gap: Gap | None = None
        while True:
            size = self._budget.room(
                self._stream,
                self._fares.most,
                self._reach.least,
                self._bounds.page_size,
                share=self._reach.share,
            )
            try:
                return self._ask(place.floor, place.next, size), place, gap
            except RefusedError as refused:
                if refused.status == _BAD_REQUEST and place.next is not None:
                    place = Place(place.floor)  # a continuation that X forgot
                elif self._is_too_old(refused, place):
                    gap = Gap(
                        f"X searches the last {self._reach.days} days only",
                        from_=str(place.floor),
                    )
                    place = Place(None)
                else:
                    raise source_error(refused, self._stream) from refused
            except NoAnswerError as nothing:
                raise source_error(nothing, self._stream) from nothing

    def _is_too_old(self, refused: RefusedError, place: Place) -> bool:
        return (
            refused.status == _BAD_REQUEST
            and self._reach.days is not None
            and place.floor is not None
            and "since_id" in refused.said
        )

    def _read(self, answer: Answer) -> tuple[Reading, Cost]:
        reading = listed(answer, self._account, self._stream)
        cost = self._budget.charge(self._stream, *self._fares.of(reading))
        return reading, cost

    def _above(self, reading: Reading) -> Iterator[Post | Rejected]:
        """What the page's posts reply to, unless it is older than what a first look would bring."""
        oldest = self._clock() - self._bounds.look_back
        for one in reading.parents:
            if isinstance(one, Rejected) or one.posted_at >= oldest:
                yield one

    def _advance(
        self, place: Place, reading: Reading, at: datetime | None, gap: Gap | None
    ) -> tuple[Place, Gap | None]:
        """The place after a page: behind it, or, after the last one, a new floor to start above."""
        # By X's own clock where it tells it. So no id from the future can hide what comes after it.
        settled = snowflake.id_at((at or self._clock()) - self._bounds.overlap) - 1
        newest = None if reading.newest is None else min(reading.newest, settled)
        after = place.after(newest=newest, next_=reading.next, items=len(reading.posts))
        if after.next is not None and after.pages < self._bounds.max_pages:
            return after, gap
        oldest = None if reading.oldest is None else str(reading.oldest)
        floor_said = None if place.floor is None else str(place.floor)
        if after.next is not None:
            reason = f"more than {self._bounds.max_pages} pages were new"
            gap = Gap(reason, from_=floor_said, to=oldest)
        elif self._reach.cap is not None and after.items >= self._reach.cap * _NEARLY:
            reason = f"X shows the newest {self._reach.cap} at most: older ones may be missing"
            gap = Gap(reason, from_=floor_said, to=oldest)
        known = [one for one in (place.floor, after.ceiling) if one is not None]
        if at is not None and after.ceiling is None and place.pages == 0:
            # nothing new in a look that this page began: one taken up again days later must not skip
            known.append(snowflake.id_at(at - _FLOOR_KEPT))
        return Place(max(known, default=None)), gap


def listed(answer: Answer, account: Account, where: str) -> Reading:
    """A page of a listing, read. Raises SourceError."""
    try:
        refused = wire.refusal(answer.body)
        if refused is None:
            return wire.read(answer.body, account)
    except ValueError as error:
        raise SourceError(f"{where}: X's answer can't be read: {quoted(error)}") from error
    raise SourceError(f"{where}: X says: {quoted(refused)}", permanent=True)


def listing(
    method: Callable[..., Any], calls_ask: Callable[..., Answer], token: str, **fixed: Any
) -> Callable[[int | None, str | None, int], Answer]:
    """A way to ask for a page. `token` is what this endpoint calls the continuation."""

    def ask(since_id: int | None, continuation: str | None, size: int) -> Answer:
        said = {"since_id": since_id, token: continuation, "max_results": size, **fixed}
        return calls_ask(
            method, **{name: value for name, value in said.items() if value is not None}
        )

    return ask
