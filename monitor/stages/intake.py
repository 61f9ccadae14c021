"""Intake: what the sources bring becomes posts and mentions, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import structlog

from monitor.domain.coverage import FAILURES_UNTIL_TOLD
from monitor.domain.errors import SourceError
from monitor.domain.identity import Brand
from monitor.domain.notice import Reason
from monitor.domain.post import Page, Stream
from monitor.domain.storable import admitted
from monitor.log import in_a_line
from monitor.ports import Clock, Refreshes, Source
from monitor.store import alarms, brands, coverage, outbox, posts
from monitor.store.concerning import Watched
from monitor.store.coverage import Place, Spell
from monitor.store.engine import Connection, Database
from monitor.store.posts import Counts

log = structlog.get_logger()

MOST_SAID = 200
"""Characters kept of what an unforeseen error says."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A configured source and whom it is read for. `once`: to its end, then never again (`import`).

    `every` says how often to look, where the source's own habit is not wanted. `options`: a fingerprint
    of what the config says of it; when that is another, what rests is looked at.
    """

    name: str
    source: Source
    brands: tuple[Brand, ...]
    once: bool = False
    every: timedelta | None = None
    options: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a stream brought, and what ended it early, if anything did."""

    counts: Counts
    problem: SourceError | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    number: int
    feed: Feed
    stream: Stream

    @property
    def key(self) -> str:
        return f"{self.feed.name}/{self.stream.name}"


class Intake:
    """Reads each stream when it is due, and keeps its cursor, its ledger and its troubles.

    `clock` tells when a page came, as a look takes time; without it that is the look's beginning.
    `operators` is the audience that hears of a source that fails, and that it works again.
    """

    name: ClassVar[str] = "intake"

    def __init__(
        self,
        database: Database,
        feeds: Sequence[Feed],
        *,
        clock: Clock | None = None,
        operators: str | None = None,
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._clock = clock
        self._operators = operators
        self._readings: dict[str, _Reading] = {}
        self._watched: dict[str, Watched] = {}
        """By feed, the brands that it is read for."""

    def due(self, now: datetime) -> Sequence[str]:
        """The streams to be read, as `source/stream`, the longest waiting first."""
        if not self._readings:
            self._begin(now, alone=True)
        keys = {one.number: key for key, one in self._readings.items()}
        with self._database.reading() as conn:
            return [keys[number] for number in coverage.due(conn, now) if number in keys]

    def handle(self, item: str, now: datetime) -> None:
        """Read one stream to its end. What the source says against it is written to the stream's row."""
        self.look(item, now)

    def failed(self, item: str, error: Exception, now: datetime) -> None:
        """What a source did not foresee: the stream rests and is read again, like any that fails."""
        if item not in self._readings:
            raise error
        self._fail(self._readings[item], SourceError(in_a_line(error)[:MOST_SAID]), now)

    def look(
        self, item: str, now: datetime, on_page: Callable[[Counts], object] | None = None
    ) -> Look:
        """The same, telling what it brought: page by page to `on_page`, and all in all."""
        one = self._readings.get(item)
        if one is None:  # a job of a worker with another config: who knows the stream will read it
            log.info("stream_not_here", source=item)
            return Look(Counts())
        counts, with_gap = Counts(), False
        try:
            with self._database.reading() as conn:
                place = coverage.place(conn, one.number)
            for page in one.feed.source.pages(one.stream, place.cursor):
                stored = self._store(one, page, place, now)
                counts += stored
                with_gap = with_gap or page.gap is not None
                if on_page is not None:
                    on_page(stored)
        except SourceError as problem:
            self._fail(one, problem, now)
            return Look(counts, problem)
        next_poll_at = None if one.feed.once else now + (one.feed.every or one.stream.every)
        with self._database.writing() as conn:
            failing_since = coverage.record_end(
                conn, one.number, now, next_poll_at, with_gap=with_gap
            )
            if failing_since is not None:
                self._tell_that_it_works(conn, one, failing_since, now)
        return Look(counts)

    def begin(self, now: datetime) -> Sequence[str]:
        """Make the rows of streams and brands where they are new. Returns all streams' keys."""
        self._begin(now, alone=False)
        return list(self._readings)

    def _begin(self, now: datetime, *, alone: bool) -> None:
        """`alone`: other streams than these are read no longer."""
        readings: dict[str, _Reading] = {}
        with self._database.writing() as conn:
            brand_ids = brands.ensure(
                conn, (brand.name for feed in self._feeds for brand in feed.brands)
            )
            for feed in self._feeds:
                ids = [brand_ids[brand.name] for brand in feed.brands]
                for stream in feed.source.streams():
                    number = coverage.ensure_stream(
                        conn, feed.name, stream, ids, now, options=feed.options
                    )
                    one = _Reading(number, feed, stream)
                    readings[one.key] = one
            if alone:
                coverage.retire_others(conn, [one.number for one in readings.values()])
        # only now that the rows are there: what was rolled back is begun anew
        self._watched = {
            feed.name: Watched((brand_ids[brand.name], brand) for brand in feed.brands)
            for feed in self._feeds
        }
        self._readings = readings

    def _store(self, one: _Reading, page: Page, place: Place, now: datetime) -> Counts:
        seen_at = max(now, self._clock()) if self._clock else now
        page = admitted(page)
        with self._database.writing() as conn:
            counts = posts.store_page(
                conn,
                stream_id=one.number,
                brands=self._watched[one.feed.name],
                page=page,
                seen_at=seen_at,
                can_ask=isinstance(one.feed.source, Refreshes),
            )
            coverage.record_page(
                conn, one.number, page, counts, since=place.read_through or now, until=now
            )
        if counts.rejected:
            log.warning("items_rejected", source=one.key, number=counts.rejected)
        return counts

    def _fail(self, one: _Reading, problem: SourceError, now: datetime) -> None:
        with self._database.writing() as conn:
            spell = coverage.record_failure(
                conn,
                one.number,
                problem,
                now,
                again=not one.feed.once,
                options=one.feed.options,
            )
            if spell.permanent or spell.failures >= FAILURES_UNTIL_TOLD:
                self._tell_that_it_fails(conn, one, spell, now)

    def _tell_that_it_fails(
        self, conn: Connection, one: _Reading, spell: Spell, now: datetime
    ) -> None:
        why = "it will not mend by itself" if spell.permanent else f"{spell.failures} looks failed"
        days = _days(spell.since, now)
        lines = [
            "complaints there are not seen until it can be; it is tried again in any case",
            "the digest and `complaint-monitor check` say why",
        ]
        if days:
            lines.insert(0, f"it began at {spell.since:%Y-%m-%d %H:%M} UTC")
        alarms.write(
            conn,
            self._operators,
            _notice_key("failing", one, spell.since, days),
            Reason.SOURCE_FAILING,
            f"the source {one.key} cannot be read: {why}",
            lines,
            now,
        )

    def _tell_that_it_works(
        self, conn: Connection, one: _Reading, since: datetime, now: datetime
    ) -> None:
        days = range(_days(since, now) + 1)
        keys = [_notice_key("failing", one, since, day) for day in days]
        if any(outbox.entry(conn, key) is not None for key in keys):
            key = _notice_key("working", one, since)
            headline = f"the source {one.key} can be read again"
            alarms.write(conn, self._operators, key, Reason.SOURCE_WORKING, headline, [], now)


def _notice_key(word: str, one: _Reading, since: datetime, day: int = 0) -> str:
    """One notice a row of failures, and one more for each day of it: `since` is when it began."""
    later = f":{day}" if day else ""
    return f"{word}:{one.number}:{since.isoformat()}{later}"


def _days(since: datetime, now: datetime) -> int:
    """Whole days of a row of failures; none where the clock was set back meanwhile."""
    return max((now - since).days, 0)
