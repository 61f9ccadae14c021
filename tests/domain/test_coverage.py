"""What was not looked at is told as what was known then, and silence by what is usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.coverage import (
    ENOUGH_NEWS,
    Blind,
    Outage,
    Silence,
    Watch,
    Why,
    blind,
    patience,
    silence,
)

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def watch(begin: int, end: int, every: timedelta = MINUTE) -> Watch:
    """Minutes after nine."""
    return Watch(NINE + begin * MINUTE, NINE + end * MINUTE, end - begin + 1, every)


def test_between_two_watches_nobody_looked() -> None:
    outage = Outage(NINE + 70 * MINUTE, NINE + 80 * MINUTE, 9, "503")
    watches = [watch(0, 10), watch(40, 60), watch(90, 120)]
    assert blind(watches, [outage], NINE, NINE + 2 * HOUR) == (
        Blind(NINE + 10 * MINUTE, NINE + 40 * MINUTE, Why.NOT_LOOKED),
        Blind(NINE + 60 * MINUTE, NINE + 90 * MINUTE, Why.FAILING, "503"),
    )


def test_only_what_lies_in_the_time_asked_for_counts() -> None:
    [hole] = blind([watch(0, 10), watch(60, 70)], [], NINE + 30 * MINUTE, NINE + 40 * MINUTE)
    assert (hole.since, hole.lasted) == (NINE + 30 * MINUTE, 10 * MINUTE)
    assert blind([watch(0, 10), watch(60, 70)], [], NINE + HOUR, NINE + 2 * HOUR)[0].why is (
        Why.NOT_LOOKED
    )
    assert blind([], [], NINE, NINE + HOUR) == ()
    assert blind([watch(60, 70)], [], NINE, NINE + HOUR) == (), "it was not watched yet"


def test_a_hole_lasts_until_now_while_nobody_looks_again() -> None:
    late = NINE + 10 * MINUTE + patience(MINUTE)
    assert blind([watch(0, 10)], [], NINE, late) == ()
    outage = Outage(NINE + 11 * MINUTE, None, 3, "401")
    [hole] = blind([watch(0, 10)], [outage], NINE, late + MINUTE)
    assert (hole.until, hole.why) == (late + MINUTE, Why.FAILING)


def test_what_is_seldom_looked_at_is_not_missed_for_hours() -> None:
    assert patience(MINUTE) == 15 * MINUTE
    assert patience(2 * HOUR) == 10 * HOUR
    assert blind([watch(0, 10, 2 * HOUR)], [], NINE, NINE + 9 * HOUR) == ()


@given(
    spans=st.lists(st.tuples(st.integers(16, 300), st.integers(0, 300)), min_size=1, max_size=6),
    asked=st.integers(1, 3000),
)
def test_a_look_that_comes_later_takes_nothing_back(
    spans: list[tuple[int, int]], asked: int
) -> None:
    watches, at = [], 0
    for pause, length in spans:
        watches.append(watch(at + pause, at + pause + length))
        at += pause + length
    until = NINE + asked * MINUTE
    known = [
        replace(one, ended_at=min(one.ended_at, until)) for one in watches if one.began_at <= until
    ]
    then = blind(known, [], NINE, until)
    assert blind(watches, [], NINE, until) == then
    assert all(NINE <= one.since < one.until <= until for one in then)


def _daily(number: int) -> list[datetime]:
    return [NINE + day * 24 * HOUR for day in range(number)]


def test_silence_is_measured_by_what_is_usual() -> None:
    news = _daily(ENOUGH_NEWS)
    last = news[-1]
    assert silence(news, last + 48 * HOUR) is None
    assert silence(news, last + 49 * HOUR) == Silence(last, 24 * HOUR)
    weekend = [*news, last + 72 * HOUR]
    assert silence(weekend, weekend[-1] + 140 * HOUR) is None


def test_a_stream_of_which_little_is_known_is_never_silent() -> None:
    assert silence(_daily(ENOUGH_NEWS - 1), NINE + 9000 * HOUR) is None
    assert silence([], NINE) is None
    assert silence([NINE] * 50, NINE + 9000 * HOUR) is None, "one look, however much it brought"


def test_a_busy_stream_may_be_silent_for_some_hours() -> None:
    news = [NINE + number * MINUTE for number in range(200)]
    assert silence(news, news[-1] + 6 * HOUR) is None
    assert silence(news, news[-1] + 6 * HOUR + MINUTE) is not None
