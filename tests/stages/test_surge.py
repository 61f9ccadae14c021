"""A topic above its own past is told once an hour, with its numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from monitor.domain.notice import NoticeKind
from monitor.domain.phrase import from_data
from monitor.stages.surge import EVERY, Surges
from monitor.store import schema
from tests.stages.told import NOW, Told

DAY = timedelta(days=1)


def watch(told: Told, since: datetime = NOW - 40 * DAY) -> None:
    with told.database.writing() as conn:
        conn.execute(sa.update(schema.brand).values(first_run_at=since))


def tell(told: Told, now: datetime, stage: Surges | None = None) -> int:
    """One look. How many messages there are in all."""
    stage = stage or Surges(told.database, place=lambda _: "#care")
    for one in stage.due(now):
        stage.handle(one, now)
        stage.handle(one, now)  # twice changes nothing
    return len([one for one in told.entries() if one.kind is NoticeKind.SURGE])


def complaints(told: Told, number: int, at: datetime, topics: str = "delivery") -> None:
    told.storm(number, started_at=at, topics=topics)


def test_a_topic_above_its_past_is_told_once_an_hour(told: Told) -> None:
    watch(told)
    for day in range(1, 29):
        complaints(told, 1, NOW - day * DAY - timedelta(minutes=20), "delivery,refund")
    complaints(told, 12, NOW - timedelta(minutes=30))
    complaints(told, 3, NOW - timedelta(minutes=30), "refund")
    assert tell(told, NOW) == 1
    assert tell(told, NOW + timedelta(minutes=20)) == 1
    complaints(told, 12, NOW + timedelta(minutes=50))
    assert tell(told, NOW + timedelta(minutes=70)) == 2
    (first, _) = [one for one in told.entries() if one.kind is NoticeKind.SURGE]
    with told.database.reading() as conn:
        query = sa.select(schema.notice.c.payload).where(schema.notice.c.key == first.key)
        said = conn.execute(query).scalar_one()
    assert str(from_data(said["headline"])) == (
        "Acme: 12 complaints about delivery in the last hour, 1.0 are usual"
    )
    assert str(from_data(said["lines"][0])) == "This hour of the 28 days before had 28 in all."


def test_without_a_past_or_without_news_nothing_is_told(told: Told) -> None:
    complaints(told, 12, NOW - timedelta(minutes=30))
    assert tell(told, NOW) == 0  # never watched
    watch(told, NOW - 5 * DAY)
    assert tell(told, NOW) == 0
    watch(told)
    assert tell(told, NOW + 3 * timedelta(hours=1)) == 0  # it is over
    assert tell(told, NOW) == 1


def test_what_was_dismissed_is_no_complaint(told: Told) -> None:
    watch(told)
    told.storm(12, started_at=NOW - timedelta(minutes=30), outcome="dismissed")
    assert tell(told, NOW) == 0


def test_it_looks_now_and_then(told: Told) -> None:
    watch(told)
    stage = Surges(told.database, place=lambda _: "#care")
    assert tell(told, NOW, stage) == 0
    complaints(told, 12, NOW - timedelta(minutes=30))
    assert tell(told, NOW + EVERY / 2, stage) == 0
    assert tell(told, NOW + EVERY, stage) == 1
