"""The business clock against the design's golden vectors and against counting minutes on the wall."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.hours import BusinessHours, Intervals, NeverOpensError, always

BUCHAREST = "Europe/Bucharest"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NINE_TO_SIX: Intervals = ((9 * 60, 18 * 60),)

ROMANIA_2026 = frozenset(
    date(2026, month, day)
    for month, days in {
        1: (1, 2, 6, 7, 24),
        4: (10, 12, 13),
        5: (1, 31),
        6: (1,),
        8: (15,),
        11: (30,),
        12: (1, 25, 26),
    }.items()
    for day in days
)
OFFICE = BusinessHours(
    zone=BUCHAREST,
    weekly=(NINE_TO_SIX,) * 5 + ((), ()),
    holidays=ROMANIA_2026,
    holidays_version="RO-2026",
)


def local(text: str, zone: str = BUCHAREST) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ------------------------------------------------------------------------------- golden vectors


@pytest.mark.parametrize(
    ("start", "hours", "due", "due_utc"),
    [
        ("2026-03-27 16:30", 4, "2026-03-30 11:30", "08:30"),
        ("2026-04-09 17:00", 2, "2026-04-14 10:00", "07:00"),
        ("2026-04-30 16:00", 4, "2026-05-04 11:00", "08:00"),
        ("2026-05-29 17:00", 3, "2026-06-02 11:00", "08:00"),
        ("2026-07-04 12:00", 1, "2026-07-06 10:00", "07:00"),
        ("2026-10-23 17:30", 1, "2026-10-26 09:30", "07:30"),
        ("2026-11-27 15:00", 8, "2026-12-02 14:00", "12:00"),
    ],
)
def test_golden_vector(start: str, hours: int, due: str, due_utc: str) -> None:
    got = OFFICE.add(local(start), hours * HOUR)
    assert got == local(due)
    assert got.tzinfo is UTC
    assert got.strftime("%H:%M") == due_utc
    assert OFFICE.between(local(start), got) == hours * HOUR


@pytest.mark.parametrize(
    ("saturday", "monday", "minutes"),
    [
        ("2026-03-28 00:00", "2026-03-30 00:00", 2820),
        ("2026-10-24 00:00", "2026-10-26 00:00", 2940),
    ],
)
def test_a_weekend_of_a_clock_change_has_its_true_length(
    saturday: str, monday: str, minutes: int
) -> None:
    clock = always(BUCHAREST)
    assert clock.between(local(saturday), local(monday)) == minutes * MINUTE
    assert clock.add(local(saturday), minutes * MINUTE) == local(monday)
    assert clock.subtract(local(monday), minutes * MINUTE) == local(saturday)


# ----------------------------------------------------------------------------- single decisions


def test_an_opening_that_the_spring_gap_cuts_loses_what_the_wall_never_shows() -> None:
    night = BusinessHours(zone=BUCHAREST, weekly=(((150, 210),),) * 7)  # 02:30 to 03:30
    assert night.between(utc("2026-03-28 22:00"), utc("2026-03-29 22:00")) == 30 * MINUTE
    assert not night.is_open(utc("2026-03-29 01:15"))  # 04:15 on the wall, no 03:15 that day


def test_an_opening_in_the_autumn_fold_happens_twice() -> None:
    night = BusinessHours(zone=BUCHAREST, weekly=(((180, 210),),) * 7)  # 03:00 to 03:30
    assert night.between(utc("2026-10-24 21:00"), utc("2026-10-25 22:00")) == HOUR
    assert night.is_open(utc("2026-10-25 00:15"))
    assert not night.is_open(utc("2026-10-25 00:45"))
    assert night.is_open(utc("2026-10-25 01:15"))


def test_a_span_that_runs_out_at_closing_time_is_due_then() -> None:
    assert OFFICE.add(local("2026-07-03 17:00"), HOUR) == local("2026-07-03 18:00")
    assert OFFICE.add(local("2026-07-03 18:00"), timedelta()) == local("2026-07-03 18:00")
    assert OFFICE.subtract(local("2026-07-06 10:00"), HOUR) == local("2026-07-06 09:00")


def test_no_time_at_all_from_closed_time_is_the_next_opening_or_the_last_closing() -> None:
    saturday = local("2026-07-04 12:00")
    assert OFFICE.add(saturday, timedelta()) == local("2026-07-06 09:00")
    assert OFFICE.subtract(saturday, timedelta()) == local("2026-07-03 18:00")


def test_closing_at_utc_midnight_is_a_closing_time_like_any_other() -> None:
    evening = BusinessHours(zone="UTC", weekly=(((1200, 1440),),) * 7)
    midnight = utc("2026-07-04 00:00")
    assert evening.add(midnight, timedelta()) == midnight
    assert evening.add(utc("2026-07-03 23:00"), HOUR) == midnight
    assert evening.next_opening(midnight) == utc("2026-07-04 20:00")


def test_opening_time_is_within_the_opening_and_closing_time_is_not() -> None:
    opening, closing = local("2026-07-03 09:00"), local("2026-07-03 18:00")
    assert OFFICE.is_open(opening)
    assert not OFFICE.is_open(closing)
    assert OFFICE.subtract(opening, timedelta()) == opening


def test_a_span_of_years_is_no_endless_closure() -> None:
    years = timedelta(days=3 * 365)
    noon = utc("2026-07-04 12:00")
    clock = always(BUCHAREST)
    assert clock.add(noon, years) == noon + years
    assert clock.subtract(noon, years) == noon - years
    # Five hundred weekends of two days are more than two years, but never in a row.
    far = OFFICE.add(noon, 500 * 5 * 9 * HOUR)
    assert OFFICE.subtract(far, 500 * 5 * 9 * HOUR) == local("2026-07-06 09:00")


def test_next_opening() -> None:
    assert OFFICE.next_opening(local("2026-04-09 18:00")) == local("2026-04-14 09:00")
    assert OFFICE.next_opening(local("2026-04-09 10:07")) == local("2026-04-09 10:07")
    assert OFFICE.next_opening(local("2026-04-09 08:00")) == local("2026-04-09 09:00")


def test_an_exception_holds_in_spite_of_holiday_and_week() -> None:
    shop = BusinessHours(
        zone=BUCHAREST,
        weekly=(NINE_TO_SIX,) * 5 + ((), ()),
        holidays=ROMANIA_2026,
        exceptions=(
            (date(2026, 11, 28), ((600, 660),)),  # a Saturday
            (date(2026, 12, 1), ((600, 660),)),  # a holiday
            (date(2026, 12, 2), ()),  # a Wednesday, closed for stock-taking
        ),
    )
    assert shop.add(local("2026-11-27 18:00"), 2 * HOUR + MINUTE) == local("2026-12-03 09:01")


def test_negative_spans_and_reversed_ends_are_signed() -> None:
    monday, friday = local("2026-07-06 10:00"), local("2026-07-03 17:00")
    assert OFFICE.add(monday, -2 * HOUR) == friday
    assert OFFICE.subtract(friday, -2 * HOUR) == monday
    assert OFFICE.between(monday, friday) == -2 * HOUR


def test_a_day_that_the_zone_skipped_has_no_opening() -> None:
    samoa = always("Pacific/Apia")  # went from 29 to 31 December 2011
    before, after = (
        local("2011-12-29 12:00", "Pacific/Apia"),
        local("2011-12-31 12:00", "Pacific/Apia"),
    )
    assert samoa.between(before, after) == 24 * HOUR
    friday = BusinessHours(zone="Pacific/Apia", weekly=((),) * 4 + (NINE_TO_SIX,) + ((),) * 2)
    assert friday.between(before, after) == timedelta()


# ------------------------------------------------------------------------------------- mistakes

CLOSED = BusinessHours(zone=BUCHAREST, weekly=((),) * 7)


@pytest.mark.parametrize(
    "question",
    [
        partial(CLOSED.add, span=HOUR),
        partial(CLOSED.subtract, span=HOUR),
        CLOSED.next_opening,
    ],
)
def test_a_calendar_that_never_opens_says_so(question: Callable[[datetime], datetime]) -> None:
    with pytest.raises(NeverOpensError, match="Europe/Bucharest have no opening within two years"):
        question(utc("2026-07-04 12:00"))


def test_a_calendar_that_never_opens_counts_nothing() -> None:
    at = utc("2026-07-04 12:00")
    assert CLOSED.between(at, at + 48 * HOUR) == timedelta()
    assert not CLOSED.is_open(at)


def test_a_shop_that_opens_once_a_year_is_found() -> None:
    fair = BusinessHours(
        zone=BUCHAREST,
        weekly=((),) * 7,
        exceptions=((date(2026, 12, 6), NINE_TO_SIX), (date(2027, 12, 6), NINE_TO_SIX)),
    )
    assert fair.add(local("2026-12-06 09:00"), 10 * HOUR) == local("2027-12-06 10:00")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        OFFICE.add(datetime(2026, 7, 4, 12), HOUR)  # noqa: DTZ001 - that is the mistake


@pytest.mark.parametrize("zone", ["Europe/Bukarest", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is no IANA time zone"):
        always(zone)


@pytest.mark.parametrize(
    "intervals",
    [((540, 540),), ((600, 540),), ((540, 720), (700, 800)), ((-1, 5),), ((0, 1441),)],
)
def test_intervals_out_of_order_are_refused(intervals: Intervals) -> None:
    with pytest.raises(ValueError, match="not apart and in order"):
        BusinessHours(zone=BUCHAREST, weekly=(intervals,) * 7)
    with pytest.raises(ValueError, match="not apart and in order"):
        BusinessHours(zone="UTC", weekly=((),) * 7, exceptions=((date(2026, 1, 1), intervals),))


def test_a_week_of_six_days_and_a_day_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="6 days instead of 7"):
        BusinessHours(zone=BUCHAREST, weekly=((),) * 6)
    twice = ((date(2026, 1, 1), ()), (date(2026, 1, 1), NINE_TO_SIX))
    with pytest.raises(ValueError, match="each day once"):
        BusinessHours(zone=BUCHAREST, weekly=((),) * 7, exceptions=twice)


# ------------------------------------------------------- any calendar, against the wall's minutes

ZONES = [
    BUCHAREST,
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # moves by half an hour
    "Asia/Kolkata",
    "Africa/Cairo",  # skips and repeats around midnight
    "America/Havana",
    "Pacific/Chatham",
]
DAY_INTERVALS = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(
    lambda edges: tuple(list(pairwise(sorted(edges)))[::2])
)
# Clock changes of 2026 in these zones; instants are drawn near them, and anywhere else.
CHANGES = ["03-08", "03-29", "04-05", "04-24", "09-27", "10-25", "10-30", "11-01"]


@st.composite
def calendars(draw: st.DrawFn) -> BusinessHours:
    if draw(st.integers(0, 4)) == 0:
        return always(draw(st.sampled_from(ZONES)))
    days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
    exceptions = draw(st.dictionaries(days, DAY_INTERVALS, max_size=3))
    return BusinessHours(
        zone=draw(st.sampled_from(ZONES)),
        weekly=draw(st.tuples(*[DAY_INTERVALS] * 7).filter(any)),
        holidays=frozenset(draw(st.sets(days, max_size=20))),
        exceptions=tuple(sorted(exceptions.items())),
    )


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    near = st.tuples(st.sampled_from(CHANGES), st.integers(-1440, 2880)).map(
        lambda one: utc(f"2026-{one[0]} 00:00") + one[1] * MINUTE
    )
    anywhere = st.integers(0, 365 * 1440).map(lambda one: utc("2026-01-01 00:00") + one * MINUTE)
    return draw(near | anywhere)


SPANS = st.timedeltas(timedelta(), timedelta(days=9))


def wall_is_open(hours: BusinessHours, at: datetime) -> bool:
    """What somebody sees who compares the clock on the wall with the sign on the door."""
    wall = at.astimezone(ZoneInfo(hours.zone))
    minute = wall.hour * 60 + wall.minute
    return any(first <= minute < last for first, last in sign_on_the_door(hours, wall.date()))


def sign_on_the_door(hours: BusinessHours, day: date) -> Intervals:
    exceptions = dict(hours.exceptions)
    if day in exceptions:
        return exceptions[day]
    return () if day in hours.holidays else hours.weekly[day.weekday()]


def minutes(start: datetime, count: int) -> Iterator[datetime]:
    return (start + number * MINUTE for number in range(count))


@given(calendars(), instants(), st.integers(0, 3000))
def test_between_counts_the_open_minutes_of_the_wall(
    hours: BusinessHours, start: datetime, count: int
) -> None:
    counted = sum(wall_is_open(hours, at) for at in minutes(start, count))
    assert hours.between(start, start + count * MINUTE) == counted * MINUTE


@given(calendars(), instants())
def test_open_is_what_the_wall_and_the_door_say(hours: BusinessHours, at: datetime) -> None:
    assert hours.is_open(at) == wall_is_open(hours, at)


@given(calendars(), instants(), st.integers(1, 1500))
def test_add_stops_after_the_minutes_counted_on_the_wall(
    hours: BusinessHours, start: datetime, wanted: int
) -> None:
    counted = 0
    for at in minutes(start, 8000):
        counted += wall_is_open(hours, at)
        if counted == wanted:
            assert hours.add(start, wanted * MINUTE) == at + MINUTE
            return
    assert hours.add(start, wanted * MINUTE) > start + 8000 * MINUTE


@given(calendars(), instants(), st.integers(1, 1500))
def test_subtract_stops_after_the_minutes_counted_backwards(
    hours: BusinessHours, end: datetime, wanted: int
) -> None:
    counted = 0
    for at in (end - number * MINUTE for number in range(1, 8001)):
        counted += wall_is_open(hours, at)
        if counted == wanted:
            assert hours.subtract(end, wanted * MINUTE) == at
            return
    assert hours.subtract(end, wanted * MINUTE) < end - 8000 * MINUTE


@given(calendars(), instants())
def test_next_opening_is_the_first_open_minute(hours: BusinessHours, start: datetime) -> None:
    opening = hours.next_opening(start)
    assert hours.is_open(opening)
    assert wall_is_open(hours, opening)
    closed = min(int((opening - start) / MINUTE), 3000)
    assert not any(wall_is_open(hours, at) for at in minutes(start, closed))


@given(calendars(), instants(), SPANS)
def test_between_undoes_add_and_subtract(
    hours: BusinessHours, at: datetime, span: timedelta
) -> None:
    assert hours.between(at, hours.add(at, span)) == span
    assert hours.between(hours.subtract(at, span), at) == span


@given(calendars(), instants(), SPANS)
def test_subtract_undoes_add_but_for_closed_time(
    hours: BusinessHours, at: datetime, span: timedelta
) -> None:
    back = hours.subtract(hours.add(at, span), span)
    assert hours.between(min(at, back), max(at, back)) == timedelta()
    if hours.is_open(at) and span:
        assert back == at


@given(calendars(), instants(), SPANS, SPANS)
def test_spans_add_up(hours: BusinessHours, at: datetime, one: timedelta, other: timedelta) -> None:
    assert hours.add(hours.add(at, one), other) == hours.add(at, one + other)
    assert hours.subtract(hours.subtract(at, one), other) == hours.subtract(at, one + other)


@given(calendars(), instants(), instants(), SPANS, SPANS)
def test_later_starts_and_longer_spans_are_due_no_earlier(
    hours: BusinessHours, one: datetime, other: datetime, short: timedelta, more: timedelta
) -> None:
    early, late = sorted((one, other))
    assert hours.add(early, short) <= hours.add(late, short)
    assert hours.add(early, short) <= hours.add(early, short + more)
    assert hours.subtract(early, short) <= hours.subtract(late, short)


@given(calendars(), instants(), SPANS)
def test_the_zone_in_which_an_instant_is_told_changes_nothing(
    hours: BusinessHours, at: datetime, span: timedelta
) -> None:
    elsewhere = at.astimezone(ZoneInfo("America/New_York"))
    assert hours.add(elsewhere, span) == hours.add(at, span)
    assert hours.add(elsewhere, span).tzinfo is UTC
    assert hours.between(elsewhere, hours.add(at, span)) == span


# ----------------------------------------------------------------------------------------- JSON


@given(calendars(), instants())
def test_a_calendar_survives_its_json(hours: BusinessHours, at: datetime) -> None:
    text = json.dumps(hours.to_json())
    again = BusinessHours.from_json(json.loads(text))
    assert again == hours
    assert hash(again) == hash(hours)
    assert json.dumps(again.to_json()) == text
    assert text == json.dumps(hours.to_json(), sort_keys=True)
    assert again.add(at, HOUR) == hours.add(at, HOUR)


def test_use_leaves_no_trace_in_equality_or_text() -> None:
    fresh, used = always(BUCHAREST), always(BUCHAREST)
    used.add(utc("2026-07-04 12:00"), HOUR)
    assert used == fresh
    assert hash(used) == hash(fresh)
    assert repr(used) == repr(fresh)
