"""Refresh: networks are asked whether what is kept of them still stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import ClassVar, cast

import structlog

from monitor.domain.errors import SourceError
from monitor.domain.identity import Brand
from monitor.domain.keeping import Keep, LookUp
from monitor.domain.notice import Reason
from monitor.domain.post import Gone, Page, Post, PostKey, Rejected
from monitor.domain.storable import admitted
from monitor.log import in_a_line
from monitor.ports import Clock, Refreshes
from monitor.store import alarms, brands, looking, posts, tallies
from monitor.store.engine import Connection, Database
from monitor.store.looking import Asked, Place
from monitor.store.posts import Counts

log = structlog.get_logger()

BATCH = 100
"""Posts asked for at once: what X and Reddit look up in one call."""
ROUND = 500
LEASE = timedelta(minutes=15)
"""So long a look-up may take before the posts are asked for by somebody else: after a crash."""
PAUSE = timedelta(minutes=15)
"""After a failure that may pass."""
LONG_PAUSE = timedelta(hours=1)
"""Where asking again soon is of no use: a refusal, a post that the network does not show."""
QUIET = timedelta(minutes=1)
"""When nothing was due, so long nobody looks whether something is."""
VERY_LONG_PAUSE = timedelta(hours=6)
"""For a post on which a source breaks even when asked for it alone: others have their turn first."""
MOST_SAID = 200
"""Characters kept of what an unforeseen error says."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A configured source that can be asked for posts again, and whom it is read for."""

    name: str
    source: Refreshes
    brands: tuple[Brand, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a source told of the posts that it was asked for, and what ended it early, if anything did.

    `answers`: what came along with them, which nobody asked for.
    """

    items: Sequence[Post | Gone | Rejected]
    answers: Sequence[Post]
    problem: SourceError | None

    @property
    def keys(self) -> set[PostKey]:
        return {one.key for one in self.items if not isinstance(one, Rejected)}


class Refresh:
    """Looks posts up again, in batches, as long as their words are kept.

    What comes of it goes through intake's door: an edit is judged again, a deletion purges the words
    and withdraws the case. A batch that cannot be had rests alone. One on which a source breaks
    altogether is asked for in halves, down to a single post. If that breaks it, too, the source is
    told of as failing, and all that it is due to be asked for rests: it may be that post, or all.
    `clock` tells when an answer came, as asking takes time; without it that is the question's time.
    `operators` is the audience that hears of a source that breaks (None: only the log does).
    """

    name: ClassVar[str] = "refresh"

    def __init__(
        self,
        database: Database,
        sources: Sequence[Asking],
        keep: Keep,
        *,
        clock: Clock | None = None,
        operators: str | None = None,
    ) -> None:
        self._database = database
        self._sources = {one.name: one for one in sources}
        self._every = keep.look_up_every
        self._clock = clock
        self._operators = operators
        self._turns: Mapping[str, Lock] = {name: Lock() for name in self._sources}
        self._at_once: defaultdict[str, int] = defaultdict(lambda: BATCH)
        """Posts that each source is asked for at once: fewer after it broke."""
        self._quiet_at: datetime | None = None

    def due(self, now: datetime) -> Sequence[str]:
        """Post ids joined by commas: a batch of each source that is not being asked right now."""
        if self._quiet_at is not None and self._quiet_at <= now < self._quiet_at + QUIET:
            return []
        with self._database.reading() as conn:
            ids = looking.due(conn, now, self._every, ROUND)
            places = looking.places(conn, ids, self._sources)
        self._quiet_at = None if ids else now
        waiting: defaultdict[str, list[int]] = defaultdict(list)
        for one in ids:
            waiting[places[one].source if one in places else ""].append(one)
        return [
            ",".join(str(one) for one in its[: self._at_once[source]])
            for source, its in waiting.items()
            if not (source and self._turns[source].locked())
        ]

    def handle(self, item: str, now: datetime) -> None:
        """Look up one batch. The network is asked outside any transaction."""
        ids = _numbers(item)
        with self._database.writing() as conn:
            asked = looking.claim(conn, ids, now, self._every, LEASE)
            places = looking.places(conn, ids, self._sources)
            astray = [one for one in asked if one.id not in places]
            self._put_off(conn, "", LookUp.NO_SOURCE, astray, now + LONG_PAUSE, now)
        for name, source in self._sources.items():
            its = {one.key: one for one in asked if _source(places, one) == name}
            if its:
                with self._turns[name]:
                    told = _ask(source, its)
                self._store(source, its, places, told, now)
                self._at_once[name] = min(2 * self._at_once[name], BATCH)

    def failed(self, item: str, error: Exception, now: datetime) -> None:
        """What a source did not foresee: fewer posts are asked for at once, or all of them rest."""
        ids = _numbers(item)
        with self._database.writing() as conn:
            places = looking.places(conn, ids, self._sources)
            source = next(iter(places.values())).source if places else ""
            tallies.add_look_ups(conn, source, LookUp.FAILED, len(ids), now)
            self._at_once[source] = max(len(ids) // 2, 1)
            if len(ids) > 1:
                looking.put_off(conn, ids, now, now)
                return
            waiting = looking.due(conn, now, self._every, ROUND)
            of_all = looking.places(conn, waiting, self._sources)
            others = [one for one, place in of_all.items() if place.source == source]
            looking.put_off(conn, others, now + min(PAUSE, self._every), now)
            looking.put_off(conn, ids, now + min(VERY_LONG_PAUSE, self._every), now)
            self._tell(conn, source, error, now)

    def _tell(self, conn: Connection, source: str, error: Exception, now: datetime) -> None:
        """Once a day (UTC), however many posts it is about."""
        lines = [
            in_a_line(error)[:MOST_SAID],
            "it is asked again by itself; what it does not confirm for too long is purged",
            "`complaint-monitor keep` counts such look-ups as `failed`, and the log says where it broke",
        ]
        alarms.write(
            conn,
            self._operators,
            f"look-ups:{source}:{now.date()}",
            Reason.SOURCE_FAILING,
            f"the source {source} breaks when it is asked whether posts still stand",
            lines,
            now,
        )

    def _store(
        self,
        of: Asking,
        asked: Mapping[PostKey, Asked],
        places: Mapping[int, Place],
        told: _Told,
        now: datetime,
    ) -> None:
        seen_at = max(now, self._clock()) if self._clock else now
        with self._database.writing() as conn:
            ids = brands.ensure(conn, (one.name for one in of.brands))
            its_brands = [(ids[one.name], one) for one in of.brands]
            store = partial(
                posts.store_page,
                conn,
                brands=its_brands,
                seen_at=seen_at,
                can_ask=True,
            )
            counts = Counts()
            for stream, page in _pages(told.items, asked, places, now):
                counts += store(stream_id=stream, page=admitted(page))
            for stream, page in _pages(told.answers, asked, places, now):
                store(stream_id=stream, page=admitted(page))
            stand = sum(isinstance(one, Post) for one in told.items) - counts.edited
            for outcome, number in (
                (LookUp.STANDS, stand),
                (LookUp.EDITED, counts.edited),
                (LookUp.DELETED, counts.deleted),
            ):
                tallies.add_look_ups(conn, of.name, outcome, number, seen_at)
            keys = told.keys
            left = [one for key, one in asked.items() if key not in keys]
            outcome, pause = _why_not(told.problem)
            until = seen_at + min(pause, self._every)
            self._put_off(conn, of.name, outcome, left, until, seen_at)
        if told.problem is not None:
            log.warning(
                "not_looked_up",
                source=of.name,
                reason=outcome,
                number=len(left),
                problem=str(told.problem),
            )

    def _put_off(
        self,
        conn: Connection,
        source: str,
        outcome: LookUp,
        those: Sequence[Asked],
        until: datetime,
        now: datetime,
    ) -> None:
        if those:
            looking.put_off(conn, [one.id for one in those], until, now)
            tallies.add_look_ups(conn, source, outcome, len(those), now)


def _numbers(item: str) -> list[int]:
    return [int(one) for one in item.split(",")]


def _source(places: Mapping[int, Place], one: Asked) -> str | None:
    return places[one.id].source if one.id in places else None


def _ask(of: Asking, asked: Mapping[PostKey, Asked]) -> _Told:
    """What the source tells of the posts asked for and of answers to them, as far as it comes."""
    found: list[Post | Gone | Rejected] = []
    answers: list[Post] = []
    problem: SourceError | None = None
    try:
        # one by one into the lists: what came before an error is kept
        for one in of.source.refresh(list(asked)):
            if isinstance(one, Rejected) or one.key in asked:
                found.append(one)
            elif isinstance(one, Post) and _answered(one) in asked:
                answers.append(one)
    except SourceError as error:
        problem = error
    return _Told(found, answers, problem)


def _answered(one: Post) -> PostKey | None:
    return None if one.reply_to is None else PostKey(one.key.network, one.reply_to)


def _pages(
    told: Sequence[Post | Gone | Rejected],
    asked: Mapping[PostKey, Asked],
    places: Mapping[int, Place],
    now: datetime,
) -> Iterator[tuple[int, Page]]:
    """What was told, by the stream that had brought what was asked for; what is unreadable, by the first."""
    first = min(places[one.id].stream for one in asked.values())
    items: defaultdict[int, list[Post | Gone | Rejected]] = defaultdict(list)
    for one in told:
        match one:
            case Rejected():
                items[first].append(one)
            case Gone():
                its = asked[one.key]
                items[places[its.id].stream].append(_dated(one, its, now))
            case _:
                its = asked.get(one.key) or asked[cast("PostKey", _answered(one))]
                items[places[its.id].stream].append(one)
    for stream, those in sorted(items.items()):
        yield stream, Page(tuple(those), cursor="")


def _dated(one: Gone, asked: Asked, now: datetime) -> Gone:
    """A deletion dated by our own look: it came after the post was seen last. Networks' times stay."""
    if one.after is not None or one.before < now:
        return one
    return replace(one, after=min(asked.seen_at, one.before))


def _why_not(problem: SourceError | None) -> tuple[LookUp, timedelta]:
    """Why the rest was not told of, and how long it rests."""
    if problem is None:
        return LookUp.NOT_SHOWN, LONG_PAUSE
    told = problem.retry_after or timedelta()
    if problem.out_of_budget:
        return LookUp.OUT_OF_BUDGET, max(told, PAUSE)
    if problem.permanent:
        return LookUp.REFUSED, max(told, LONG_PAUSE)
    return LookUp.UNREACHABLE, max(told, PAUSE)
