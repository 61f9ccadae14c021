"""The digest comes once a business day at its hour; the backlog is summed up once in a brand's life."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.digest import Schedule
from monitor.domain.hours import BusinessHours
from monitor.stages.digest import DailyDigest
from monitor.store import brands, failures, schema
from monitor.store.engine import Database, new_id

ZONE = ZoneInfo("Europe/Bucharest")
WEEK = ((((9 * 60, 18 * 60),),) * 5) + ((), ())
SCHEDULE = Schedule(
    BusinessHours(zone=ZONE.key, weekly=WEEK, holidays=frozenset({date(2026, 6, 1)})), time(9)
)
MONDAY = datetime(2026, 5, 4, 9, tzinfo=ZONE).astimezone(UTC)


class Shop:
    """A brand whose digest stage is looked after by hand."""

    def __init__(self, database: Database, *, began_at: datetime | None = MONDAY) -> None:
        self.database = database
        with database.writing() as conn:
            [self.brand] = brands.ensure(conn, ["shop"]).values()
            brands.ensure(conn, ["a brand of another config"])
            if began_at is not None:
                brands.begin(conn, [self.brand], began_at)

    def looks(self, now: datetime, schedule: Schedule = SCHEDULE) -> list[str]:
        """A round of the stage, by a process just started."""
        stage = DailyDigest(
            self.database, names=["shop"], schedule=schedule, place=lambda _: "#care"
        )
        keys = list(stage.due(now))
        for key in keys:
            stage.handle(key, now)
            stage.handle(key, now)  # a job that runs twice changes nothing
        return keys

    def said(self) -> list[dict[str, Any]]:
        """The notices written so far."""
        with self.database.reading() as conn:
            rows = conn.execute(sa.select(schema.notice).order_by(schema.notice.c.id))
            return [dict(row._mapping) for row in rows]

    def waits(self, since: datetime, **changes: Any) -> int:
        """A customer has waited since then."""
        with self.database.writing() as conn:
            post = self._post(conn, since)
            opened = conn.execute(
                schema.cases.insert().values(
                    brand_id=self.brand,
                    network="x",
                    thread=str(post),
                    customer=str(post),
                    root_post_id=post,
                    opened_at=since,
                    seq=1,
                    status="open",
                    confirmed=True,
                    severity=1,
                    level=0,
                    claimed=False,
                )
            )
            row = {
                "case_id": new_id(opened),
                "number": 1,
                "brand_id": self.brand,
                "network": "x",
                "started_at": since,
                "first_seen_at": since,
                "due_at": since + timedelta(hours=4),
                "rule": "r",
                "severity": 1,
                "topics": "",
                "confirmed": True,
                "first_post_id": post,
            }
            conn.execute(schema.wait.insert().values({**row, **changes}))
        return post

    def has_unjudged(self, at: datetime) -> int:
        """A post waits for the classifier."""
        with self.database.writing() as conn:
            return self._post(conn, at, to_judge=True)

    def is_judged(self, post: int, *, then: str | None = None) -> None:
        """It has been, and waits for the stage `then`."""
        with self.database.writing() as conn:
            one = schema.post.c.id == post
            conn.execute(schema.post.update().where(one).values(to_judge=False))
            conn.execute(schema.mention.update().values(next=then))

    def _post(self, conn: sa.Connection, at: datetime, *, to_judge: bool = False) -> int:
        number = conn.execute(sa.select(sa.func.count()).select_from(schema.post)).scalar_one()
        made = conn.execute(
            schema.post.insert().values(
                network="x",
                external_id=str(number),
                kind="post",
                thread=str(number),
                quotes=[],
                text="Still no refund",
                posted_at=at,
                first_seen_at=at,
                last_seen_at=at,
                to_judge=to_judge,
            )
        )
        values = {"brand_id": self.brand, "post_id": new_id(made), "own": False}
        conn.execute(schema.mention.insert().values(values))
        return new_id(made)


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


def test_a_digest_leaves_at_its_hour_once(shop: Shop) -> None:
    assert shop.looks(MONDAY - timedelta(seconds=1)) == []
    assert shop.looks(MONDAY + timedelta(seconds=3)) == [f"digest:{shop.brand}:2026-05-04"]
    assert shop.looks(MONDAY + timedelta(hours=5)) == []
    [notice] = shop.said()
    assert notice["kind"] == "digest"
    assert notice["audience"] == "#care"
    assert notice["reason"] == "scheduled"
    assert notice["brand_id"] == shop.brand
    assert notice["due_at"] == MONDAY
    assert notice["payload"] == {
        "day": "2026-05-04",
        "as_of": (MONDAY + timedelta(seconds=3)).isoformat(),
    }


def test_a_late_start_sends_the_newest_and_says_of_the_others_that_it_speaks_for_them(
    shop: Shop,
) -> None:
    evening = MONDAY + timedelta(days=2, hours=9)
    assert shop.looks(evening) == [f"digest:{shop.brand}:2026-05-06"]
    said = [(one["payload"]["day"], one["state"], one["reason"]) for one in shop.said()]
    assert said == [
        ("2026-05-06", "pending", "scheduled"),
        ("2026-05-05", "suppressed", "superseded"),
        ("2026-05-04", "suppressed", "superseded"),
    ]
    assert shop.looks(evening) == []


def test_one_that_was_due_before_midnight_comes_after_it(shop: Shop) -> None:
    late = Schedule(SCHEDULE.hours, time(23, 30))
    friday = MONDAY + timedelta(days=4, hours=14, minutes=29)
    assert shop.looks(friday, late) == [f"digest:{shop.brand}:2026-05-07"]
    assert shop.looks(friday + timedelta(hours=2), late) == [f"digest:{shop.brand}:2026-05-08"]
    assert shop.looks(friday + timedelta(days=1), late) == []
    last = shop.said()[-1]
    assert last["payload"]["day"] == "2026-05-08"
    assert last["due_at"] == friday + timedelta(minutes=1)


@pytest.mark.parametrize("day", [date(2026, 5, 3), date(2026, 6, 1)])
def test_there_is_none_on_a_closed_day_nor_of_a_day_before_the_first_run(
    database: Database, day: date
) -> None:
    noon = datetime.combine(day, time(12), ZONE)
    assert Shop(database, began_at=noon - timedelta(hours=2)).looks(noon) == []


@given(moves=st.lists(st.integers(-40, 60), max_size=30), start=st.sampled_from([0, 66, 210]))
@settings(max_examples=25)
def test_every_open_day_is_told_or_spoken_for_once_whatever_the_clock_does(
    moves: Sequence[int], start: int
) -> None:
    """Hours forward and back, over both changes of the clocks too."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'monitor.db'}")
        schema.metadata.create_all(database.engine)
        now = began = datetime(2026, 3, 26, 7, 30, tzinfo=UTC) + timedelta(days=start)
        shop = Shop(database, began_at=began)
        newest, latest = set(), began
        for hours in moves:
            now += timedelta(hours=hours)
            shop.looks(now)
            newest.add(next(SCHEDULE.due(now)))
            latest = max(latest, now)
        found = [(date.fromisoformat(one["payload"]["day"]), one["state"]) for one in shop.said()]
        assert len(dict(found)) == len(found)
        assert {day for day, state in found if state == "pending"} <= newest
        due = (datetime.combine(day, time(9), ZONE) for day in days_until(latest))
        assert {one.date() for one in due if began <= one <= latest} <= dict(found).keys()
        database.close()


def days_until(latest: datetime) -> list[date]:
    """The open days of a hundred before then."""
    days = [latest.astimezone(ZONE).date() - timedelta(days=back) for back in range(100)]
    return [one for one in days if one.weekday() < 5 and one != date(2026, 6, 1)]


def test_the_backlog_is_summed_up_once_when_all_is_judged(shop: Shop) -> None:
    shop.waits(MONDAY - timedelta(days=5))
    shop.waits(MONDAY - timedelta(days=2))
    shop.waits(MONDAY + timedelta(minutes=1))  # since: this one alerts
    shop.waits(MONDAY - timedelta(days=9), confirmed=False)
    shop.waits(MONDAY - timedelta(days=9), ended_at=MONDAY, outcome="answered")
    early = MONDAY - timedelta(hours=3)
    post = shop.has_unjudged(early)
    assert shop.looks(early) == []
    shop.is_judged(post, then="triage")
    assert shop.looks(early) == []
    shop.is_judged(post)
    assert shop.looks(early) == [f"backlog:{shop.brand}"]
    assert shop.looks(early + timedelta(minutes=1)) == []
    [notice] = shop.said()
    oldest_at = (MONDAY - timedelta(days=5)).isoformat()
    assert notice["payload"] == {"waits": 2, "oldest_at": oldest_at}


def test_the_backlog_does_not_wait_for_what_is_set_aside(shop: Shop) -> None:
    """A post that the model chokes on, and one that a later stage does."""
    shop.waits(MONDAY - timedelta(days=5))
    early = MONDAY - timedelta(hours=3)
    cursed = shop.has_unjudged(early)
    other = shop.has_unjudged(early)
    with shop.database.writing() as conn:
        conn.execute(schema.post.update().values(to_judge=schema.post.c.id == cursed))
        of_both = schema.mention.c.post_id.in_([cursed, other])
        conn.execute(schema.mention.update().where(of_both).values(next="triage"))
    for stage, item in (("classify", str(cursed)), ("triage", f"{shop.brand}:{other}")):
        assert shop.looks(early) == []
        with shop.database.writing() as conn:
            for _ in range(failures.PATIENCE):
                failures.record(conn, stage, item, "it is cursed", early)
    assert shop.looks(early) == [f"backlog:{shop.brand}"]


def test_a_rehearsals_digest_does_not_stand_in_for_the_real_one(database: Database) -> None:
    shop = Shop(database, began_at=None)
    assert shop.looks(MONDAY) == [f"digest:{shop.brand}:2026-05-04:shadow"]
    assert shop.looks(MONDAY) == []
    with database.writing() as conn:
        brands.begin(conn, [shop.brand], MONDAY)
    assert shop.looks(MONDAY) == [f"digest:{shop.brand}:2026-05-04"]


def test_no_backlog_is_no_summary(shop: Shop) -> None:
    assert shop.looks(MONDAY - timedelta(hours=3)) == []


def test_a_backlog_answered_meanwhile_is_not_told(shop: Shop) -> None:
    shop.waits(MONDAY - timedelta(days=5))
    early = MONDAY - timedelta(hours=3)
    stage = DailyDigest(shop.database, names=["shop"], schedule=SCHEDULE, place=lambda _: "#care")
    [key] = stage.due(early)
    with shop.database.writing() as conn:
        conn.execute(schema.wait.update().values(ended_at=early))
    stage.handle(key, early)
    assert shop.said() == []


def test_a_rehearsal_uses_no_backlog_up(database: Database) -> None:
    """In shadow nobody was told anything: the first real run still sums up."""
    shop = Shop(database, began_at=None)
    shop.waits(MONDAY - timedelta(days=5))
    early = MONDAY - timedelta(hours=3)
    assert shop.looks(early) == []
    with database.writing() as conn:
        brands.begin(conn, [shop.brand], early)
    assert shop.looks(early) == [f"backlog:{shop.brand}"]


def test_the_backlog_waits_for_a_source_that_was_never_read_but_not_for_a_broken_one(
    shop: Shop,
) -> None:
    shop.waits(MONDAY - timedelta(days=5))
    early = MONDAY - timedelta(hours=3)
    with shop.database.writing() as conn:
        values = {"source": "s", "name": "own", "network": "x", "kind": "own"}
        made = conn.execute(schema.stream.insert().values(next_poll_at=early, **values))
        link = {"stream_id": new_id(made), "brand_id": shop.brand}
        conn.execute(schema.stream_brand.insert().values(link))
    assert shop.looks(early) == []
    with shop.database.writing() as conn:
        conn.execute(schema.stream.update().values(failing_since=early))
    assert shop.looks(early) == [f"backlog:{shop.brand}"]
