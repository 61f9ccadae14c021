"""What a call of the business clock costs, beside other ways to have one.

`pytest tests/bench/bench_hours.py -s`. The libraries are no dependencies: they are measured where
`businesstimedelta` and `business-duration` happen to be installed, and named as absent where not.
"""

from __future__ import annotations

import importlib
import timeit
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.hours import BusinessHours

ZONE = "Europe/Bucharest"
HOLIDAYS = {date(2026, 4, 10): "Good Friday", date(2026, 4, 13): "Easter Monday"}
OFFICE = BusinessHours(
    zone=ZONE, weekly=(((540, 1080),),) * 5 + ((), ()), holidays=frozenset(HOLIDAYS)
)
FOUR_HOURS = timedelta(hours=4)
START = datetime(2026, 3, 27, 14, 30, tzinfo=UTC)  # the Friday before the clocks change
DUE = datetime(2026, 3, 30, 8, 30, tzinfo=UTC)
LOCAL_START, LOCAL_DUE = (at.astimezone(ZoneInfo(ZONE)) for at in (START, DUE))


def brute_force() -> datetime:
    """Walk the minutes of the wall."""
    at, left = START, FOUR_HOURS
    while left:
        wall = at.astimezone(ZoneInfo(ZONE))
        office_day = wall.weekday() < 5 and wall.date() not in HOLIDAYS
        if office_day and 540 <= wall.hour * 60 + wall.minute < 1080:
            left -= timedelta(minutes=1)
        at += timedelta(minutes=1)
    return at


def businesstimedelta_add() -> Callable[[], datetime]:
    library: Any = importlib.import_module("businesstimedelta")
    zone: Any = importlib.import_module("pytz").timezone(ZONE)
    days = library.WorkDayRule(
        start_time=time(9), end_time=time(18), working_days=[0, 1, 2, 3, 4], tz=zone
    )
    rules = library.Rules([days, library.HolidayRule(HOLIDAYS, tz=zone)])
    span = library.BusinessTimeDelta(rules, timedelta=FOUR_HOURS)

    def add() -> datetime:
        due: datetime = START + span
        return due

    return add


def business_duration_between() -> Callable[[], timedelta]:
    library: Any = importlib.import_module("business_duration")
    start, due = LOCAL_START.replace(tzinfo=None), LOCAL_DUE.replace(tzinfo=None)

    def between() -> timedelta:
        minutes = library.businessDuration(start, due, time(9), time(18), [5, 6], HOLIDAYS, "min")
        return timedelta(minutes=float(minutes))

    return between


def microseconds(call: Callable[[], object], number: int) -> float:
    return min(timeit.repeat(call, number=number, repeat=5)) / number * 1e6


@pytest.mark.bench
@pytest.mark.filterwarnings("default")
def test_a_call_of_the_business_clock() -> None:
    def add() -> datetime:
        return OFFICE.add(START, FOUR_HOURS)

    def between() -> timedelta:
        return OFFICE.between(START, DUE)

    assert add() == DUE
    assert between() == FOUR_HOURS
    ours = {"add": microseconds(add, 20_000), "between": microseconds(between, 20_000)}
    print()
    for name, cost in ours.items():
        print(f"{name:42} {cost:10.1f} µs")
    cost = microseconds(brute_force, 3)
    print(f"{'add by brute force':42} {cost:10.1f} µs  {cost / ours['add']:8.0f} ×")
    for name, make, wanted in (
        ("businesstimedelta, add", businesstimedelta_add, DUE),
        ("business-duration, between", business_duration_between, FOUR_HOURS),
    ):
        try:
            theirs = make()
        except ImportError as absent:
            print(f"{name:42} not installed: {absent.name}")
            continue
        verdict = "right" if theirs() == wanted else f"wrong: {theirs()}"
        cost = microseconds(theirs, 50)
        print(f"{name:42} {cost:10.1f} µs  {cost / ours[name.split()[-1]]:8.0f} ×  {verdict}")
