"""Intake: what the sources bring becomes posts and mentions, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from monitor.domain.errors import SourceError
from monitor.domain.identity import Brand
from monitor.domain.post import Page, Stream
from monitor.ports import Clock, Source
from monitor.store import brands, coverage, posts
from monitor.store.coverage import Place
from monitor.store.engine import Database
from monitor.store.posts import Counts


@dataclass(frozen=True, slots=True)
class Feed:
    """A configured source and whom it is read for. `once`: to its end, then never again (`import`).

    `every` says how often to look, where the source's own habit is not wanted.
    """

    name: str
    source: Source
    brands: tuple[Brand, ...]
    once: bool = False
    every: timedelta | None = None


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


class Intake:
    """Reads each stream when it is due, and keeps its cursor, its ledger and its troubles.

    `clock` tells when a page came, as a look takes time; without it that is the look's beginning.
    """

    name: ClassVar[str] = "intake"

    def __init__(
        self,
        database: Database,
        feeds: Sequence[Feed],
        *,
        clock: Clock | None = None,
        tombstone_secret: bytes = b"",
    ) -> None:
        self._database = database
        self._feeds = feeds
        self._clock = clock
        self._secret = tombstone_secret
        self._readings: dict[str, _Reading] = {}
        self._brand_ids: dict[str, int] = {}

    def due(self, now: datetime) -> Sequence[str]:
        """The streams to be read, as `source/stream`, the longest waiting first."""
        if not self._readings:
            self.begin(now)
            with self._database.writing() as conn:
                coverage.retire_others(conn, [one.number for one in self._readings.values()])
        keys = {one.number: key for key, one in self._readings.items()}
        with self._database.reading() as conn:
            return [keys[number] for number in coverage.due(conn, now) if number in keys]

    def handle(self, item: str, now: datetime) -> None:
        """Read one stream to its end. What the source says against it is written to the stream's row."""
        self.look(item, now)

    def look(
        self, item: str, now: datetime, on_page: Callable[[Counts], object] | None = None
    ) -> Look:
        """The same, telling what it brought: page by page to `on_page`, and all in all."""
        one = self._readings[item]
        counts = Counts()
        try:
            with self._database.reading() as conn:
                place = coverage.place(conn, one.number)
            for page in one.feed.source.pages(one.stream, place.cursor):
                stored = self._store(one, page, place, now)
                counts += stored
                if on_page is not None:
                    on_page(stored)
        except SourceError as problem:
            with self._database.writing() as conn:
                coverage.record_failure(conn, one.number, problem, now)
            return Look(counts, problem)
        with self._database.writing() as conn:
            next_poll_at = None if one.feed.once else now + (one.feed.every or one.stream.every)
            coverage.record_end(conn, one.number, now, next_poll_at)
        return Look(counts)

    def begin(self, now: datetime) -> Sequence[str]:
        """Make the rows of streams and brands where they are new. Returns all streams' keys."""
        with self._database.writing() as conn:
            self._brand_ids = brands.ensure(
                conn, (brand.name for feed in self._feeds for brand in feed.brands)
            )
            for feed in self._feeds:
                names = [brand.name for brand in feed.brands]
                for stream in feed.source.streams():
                    number = coverage.ensure_stream(conn, feed.name, stream, names, now)
                    self._readings[f"{feed.name}/{stream.name}"] = _Reading(number, feed, stream)
        return list(self._readings)

    def _store(self, one: _Reading, page: Page, place: Place, now: datetime) -> Counts:
        of_feed = [(self._brand_ids[brand.name], brand) for brand in one.feed.brands]
        seen_at = max(now, self._clock()) if self._clock else now
        with self._database.writing() as conn:
            counts = posts.store_page(
                conn,
                stream_id=one.number,
                brands=of_feed,
                page=page,
                seen_at=seen_at,
                tombstone_secret=self._secret,
            )
            coverage.record_page(
                conn, one.number, page, counts, since=place.read_through or now, until=now
            )
        return counts
