"""Reports by schedule: each once, to whom it is for, with what is known; what is not told has its reason."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.event import Answered, Opened
from monitor.domain.hours import always
from monitor.domain.notice import Document, NoticeState, Reason
from monitor.domain.report import days
from monitor.domain.reporting import Every, Plan
from monitor.stages.deliver import Deliver
from monitor.stages.report import ScheduledReport, reports_of
from monitor.store import brands, schema
from monitor.store.engine import Database
from tests.domain.histories import NOON, an_ask
from tests.stages.otherside import OtherSide
from tests.stages.told import digest_of
from tests.store.shop import Shop

ZONE = ZoneInfo("Europe/Bucharest")
MONDAY = datetime(2026, 5, 11, 8, tzinfo=ZONE).astimezone(UTC)
"""When the week of 4 May is told; NOON lies in it."""
WEEK = timedelta(days=7)


def plan(*audiences: str, every: Every = Every.WEEK, **changes: Any) -> Plan:
    facts: dict[str, Any] = {
        "every": every,
        "at": time(8),
        "zone": ZONE.key,
        "brands": ("shop",),
        "audiences": audiences or ("slack:leads",),
        "language": "en",
    }
    return Plan(**facts | changes)


def begin(database: Database, brand: int, at: datetime = NOON) -> None:
    with database.writing() as conn:
        brands.begin(conn, [brand], at)


def looks(database: Database, now: datetime, *plans: Plan) -> list[str]:
    """A round of the stage, by a process just started."""
    stage = ScheduledReport(database, plans or [plan()])
    keys = list(stage.due(now))
    for key in keys:
        stage.handle(key, now)
        stage.handle(key, now)  # a job that runs twice changes nothing
    return keys


def written(database: Database) -> list[Any]:
    with database.reading() as conn:
        return list(conn.execute(sa.select(schema.notice).order_by(schema.notice.c.due_at)))


@pytest.fixture
def shop(database: Database) -> Shop:
    shop = Shop(database)
    shop.case((0, Opened(an_ask(1, 0))), (30, Answered(100)), thread="1")
    shop.case((5, Opened(an_ask(3, 5))), thread="3")
    return shop


def test_a_week_is_told_once_to_each_audience(database: Database, shop: Shop) -> None:
    begin(database, shop.brand)
    told = plan("slack:leads", "email:boss@shop.example")
    assert len(looks(database, MONDAY - timedelta(minutes=1), told)) == 2  # of before the first run
    assert looks(database, MONDAY, told) == [
        "report:1:week:2026-05-11:scheduled:slack:leads",
        "report:1:week:2026-05-11:scheduled:email:boss@shop.example",
    ]
    assert looks(database, MONDAY + timedelta(days=6), told) == []
    sent = [one for one in written(database) if one.state == NoticeState.PENDING.value]
    assert [one.audience for one in sent] == ["slack:leads", "email:boss@shop.example"]
    assert {one.due_at for one in sent} == {MONDAY}


def test_of_many_brands_one_is_written_without_a_look_at_the_others(database: Database) -> None:
    names = [f"brand {number}" for number in range(20)]
    with database.writing() as conn:
        brands.begin(conn, brands.ensure(conn, names).values(), MONDAY - WEEK)
    stage = ScheduledReport(database, [plan("slack:a", "slack:b", brands=tuple(names))])
    with asked(database) as at_once:
        keys = list(stage.due(MONDAY))
    assert len(keys) == 40
    with asked(database) as for_one:
        stage.handle(keys[0], MONDAY)
    assert len(at_once) < 5
    assert len(for_one) < 12
    for key in keys:
        stage.handle(key, MONDAY)
    assert not stage.due(MONDAY)


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    said: list[str] = []

    def hear(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    yield said
    sa.event.remove(sa.Engine, "before_cursor_execute", hear)


def test_nothing_planned_and_brands_unknown_are_nothing_due(database: Database) -> None:
    assert list(ScheduledReport(database, ()).due(MONDAY)) == []
    assert looks(database, MONDAY, plan(brands=("nobody's",))) == []


def test_after_a_long_sleep_the_newest_is_told_and_the_others_say_why_not(
    database: Database, shop: Shop
) -> None:
    begin(database, shop.brand)
    assert looks(database, MONDAY)
    assert len(looks(database, MONDAY + 3 * WEEK + timedelta(hours=3))) == 1
    found = {one.key.split(":")[3]: (one.state, one.reason) for one in written(database)}
    skipped = (NoticeState.SUPPRESSED.value, Reason.SUPERSEDED.value)
    assert found == {
        "2026-05-11": (NoticeState.PENDING.value, Reason.SCHEDULED.value),
        "2026-05-18": skipped,
        "2026-05-25": skipped,
        "2026-06-01": (NoticeState.PENDING.value, Reason.SCHEDULED.value),
    }


def test_what_ended_before_anybody_was_told_of_the_brand_is_not_told(
    database: Database, shop: Shop
) -> None:
    begin(database, shop.brand, MONDAY + timedelta(hours=1))
    assert len(looks(database, MONDAY + timedelta(hours=2))) == 1
    assert {(one.state, one.reason) for one in written(database)} == {
        (NoticeState.SUPPRESSED.value, Reason.BEFORE_FIRST_RUN.value)
    }


def test_a_rehearsals_report_does_not_stand_in_for_the_real_one(
    database: Database, shop: Shop
) -> None:
    with database.writing() as conn:
        brands.rehearse(conn, [shop.brand], NOON)
    assert looks(database, MONDAY) == ["report:1:week:2026-05-11:shadow:slack:leads"]
    begin(database, shop.brand, NOON)
    assert looks(database, MONDAY) == ["report:1:week:2026-05-11:scheduled:slack:leads"]


def test_weeks_and_months_and_brands_each_have_their_own(database: Database, shop: Shop) -> None:
    with database.writing() as conn:
        [other] = brands.ensure(conn, ["other"]).values()
    for brand in (shop.brand, other):
        begin(database, brand)
    both = ("shop", "other")
    keys = looks(
        database,
        MONDAY,
        plan(brands=both),
        plan(every=Every.MONTH, brands=both),
    )
    assert len(keys) == 4
    told = {(one.brand_id, one.key.split(":")[2], one.reason) for one in written(database)}
    assert (other, "week", "scheduled") in told
    assert (other, "month", "before_first_run") in told


@settings(max_examples=10)
@given(st.lists(st.integers(0, 24 * 40), min_size=1, max_size=12))
def test_however_often_and_late_it_looks_each_week_is_decided_once(hours: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/monitor.db")
        with database.writing() as conn:
            schema.metadata.create_all(conn)
            [brand] = brands.ensure(conn, ["shop"]).values()
        begin(database, brand)
        for hour in sorted(hours):
            looks(database, MONDAY + timedelta(hours=hour))
        found = written(database)
        weeks = [one.key.split(":")[3] for one in found]
        assert len(weeks) == len(set(weeks))
        seen = MONDAY + timedelta(hours=max(hours))
        assert max(weeks) == next(plan().due(seen)).day.isoformat()
        assert found[-1].reason == Reason.SCHEDULED.value
        database.close()


@pytest.mark.parametrize("language", ["en", "ro", None])
def test_what_leaves_is_the_report_of_then(
    database: Database, shop: Shop, language: str | None
) -> None:
    """Sent three days late it is the same: as of the hour at which it was due.

    Where the schedule names no language it is the place's.
    """
    begin(database, shop.brand)
    late = MONDAY + timedelta(days=3)
    looks(database, late, plan("slack", language=language, attached=("csv", "json")))
    slack = Heard()
    stage = Deliver(
        database,
        {"slack": slack},
        digest=digest_of,
        report=reports_of(ZONE.key, always(ZONE.key)),
        operators=None,
        shadow=False,
    )
    for key in stage.due(late):
        stage.handle(key, late)
    [told] = slack.documents
    assert told.name == "shop-2026-05-04-2026-05-10.html"
    assert [one.name for one in told.attached] == [
        "shop-2026-05-04-2026-05-10.csv",
        "shop-2026-05-04-2026-05-10.json",
    ]
    assert told.picture is not None
    expected = {
        "en": ("2 waits for an answer began; of 1 decided, 100.0 %", "As of Mon 11 May 2026 08:00"),
        "ro": (
            "Au început 2 așteptări ale unui răspuns; din 1 hotărâte, 100,0 %",
            "Situația la lun.",
        ),
    }[language or "ro"]
    assert told.summary[0].startswith(expected[0])
    assert told.summary[-1].startswith(expected[1])
    assert f'<html lang="{language or "ro"}">' in told.html
    period = days(datetime(2026, 5, 4).date(), datetime(2026, 5, 11).date(), ZONE)  # noqa: DTZ001
    assert period.since.isoformat() in told.attached[1].content.decode()


class Heard(OtherSide):
    """Keeps the documents that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[Document] = []

    def language(self, target: str, /) -> str:
        assert target == ""
        return "ro"

    def send(self, notice: Any, earlier: Any, /) -> Any:
        assert isinstance(notice.content, Document)
        self.documents.append(notice.content)
        return super().send(notice, earlier)
