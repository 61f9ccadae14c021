"""When a report is due by schedule: on Mondays and on the first, of whole local weeks and months."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.report import days
from monitor.domain.reporting import Every, Plan

ZONE = ZoneInfo("Europe/Bucharest")


def plan(every: Every, at: time = time(8)) -> Plan:
    return Plan(
        every=every, at=at, zone=ZONE.key, brands=("shop",), audiences=("slack",), language="en"
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_a_week_is_told_on_the_monday_after() -> None:
    [newest, before, *_] = plan(Every.WEEK).due(local("2026-05-13T12:00"))
    assert newest.as_of == local("2026-05-11T08:00")
    assert newest.period == days(date(2026, 5, 4), date(2026, 5, 11), ZONE)
    assert before.day == date(2026, 5, 4)


def test_before_its_hour_it_is_not_due() -> None:
    newest = next(plan(Every.WEEK).due(local("2026-05-11T07:59")))
    assert newest.day == date(2026, 5, 4)


def test_a_month_is_told_on_the_first() -> None:
    newest = next(plan(Every.MONTH).due(local("2026-03-01T08:00")))
    assert newest.period == days(date(2026, 2, 1), date(2026, 3, 1), ZONE)
    january = next(plan(Every.MONTH).due(local("2026-02-20T08:00")))
    assert january.period == days(date(2026, 1, 1), date(2026, 2, 1), ZONE)


@given(
    st.integers(0, 15 * 366 * 24).map(lambda hours: local("2020-01-01") + timedelta(hours=hours)),
    st.sampled_from(Every),
    st.times(),
)
def test_issues_follow_each_other_without_gap(now: datetime, every: Every, at: time) -> None:
    found = list(islice(plan(every, at.replace(second=0, microsecond=0)).due(now), 4))
    assert len(found) == 4
    assert all(one.as_of <= now for one in found)
    assert now - found[0].as_of < timedelta(days=32)
    for newer, older in pairwise(found):
        assert newer.period.since == older.period.until
