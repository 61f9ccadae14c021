"""Surge: a topic that is above its own past is news by itself, told once a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.phrase import Phrase, as_data, phrase
from monitor.domain.surge import FEWEST, WINDOW, Surge, past_windows, surge
from monitor.store import brands, outbox, surges
from monitor.store.engine import Database

EVERY = timedelta(minutes=5)
"""How often is looked."""


class Surges:
    """Compares the last hour of each topic with the same hour of the days before."""

    name: ClassVar[str] = "surge"

    def __init__(self, database: Database, *, place: Callable[[str], str]) -> None:
        """`place`: who hears of it, by the brand's name."""
        self._database = database
        self._place = place
        self._looked_at: datetime | None = None

    def due(self, now: datetime) -> Sequence[str]:
        """The brands, when it is time, of which something is to be told."""
        if self._looked_at is not None and self._looked_at <= now < self._looked_at + EVERY:
            return ()
        self._looked_at = now
        with self._database.reading() as conn:
            busy = surges.busy(conn, now - WINDOW, now, FEWEST)
            return [str(one) for one in busy if any(self._untold(conn, one, now))]

    def handle(self, item: str, now: datetime) -> None:
        """Tell of a brand's surges, each in a message."""
        brand_id = int(item)
        with self._database.writing() as conn:
            for one in list(self._untold(conn, brand_id, now)):
                self._tell(conn, brand_id, one, now)

    def _untold(self, conn: Any, brand_id: int, now: datetime) -> Iterator[Surge]:
        recent = surges.topics(conn, brand_id, now - WINDOW, now)
        many = [topic for topic, number in recent.items() if number >= FEWEST]
        if not many:
            return
        windows = past_windows(now, brands.watched_since(conn, brand_id))
        past = [surges.topics(conn, brand_id, *one) for one in windows]
        for topic in sorted(many):
            found = surge(topic, recent[topic], sum(one[topic] for one in past), len(windows))
            if found is not None and not self._was_told(conn, brand_id, topic, now):
                yield found

    def _was_told(self, conn: Any, brand_id: int, topic: str, now: datetime) -> bool:
        prefix, audience = _key(brand_id, topic), self._place(brands.name(conn, brand_id))
        return surges.was_told(conn, brand_id, audience, prefix, now - WINDOW)

    def _tell(self, conn: Any, brand_id: int, one: Surge, now: datetime) -> None:
        brand = brands.name(conn, brand_id)
        planned = Planned(
            f"{_key(brand_id, one.topic)}{now.isoformat()}",
            NoticeKind.SURGE,
            self._place(brand),
            Reason.ABOVE_PAST,
            due_at=now,
        )
        said = {
            "headline": as_data(_headline(brand, one)),
            "lines": [as_data(line) for line in _lines(one)],
        }
        outbox.write(conn, [planned], brand_id=brand_id, case_id=None, now=now, payload=said)


def _key(brand_id: int, topic: str) -> str:
    return f"{NoticeKind.SURGE}:{brand_id}:{topic}:"


def _headline(brand: str, one: Surge) -> Phrase:
    return phrase(
        "{brand}: {number} complaints about {topic} in the last hour, {usual} are usual",
        brand=brand,
        number=one.now,
        topic=one.topic,
        usual=f"{one.usual:.1f}",
    )


def _lines(one: Surge) -> Iterator[Phrase]:
    yield phrase(
        "This hour of the {days} days before had {past} in all.", days=one.days, past=one.past
    )
    yield phrase(
        "If nothing had changed, so many would come with a chance of {chance} "
        "(exact test of two Poisson rates).",
        chance=f"{one.chance:.0e}",
    )
    yield phrase("This is told once an hour; each case is told as its policy says.")
