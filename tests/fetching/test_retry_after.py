"""When to come again, as servers say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetching import retry_after, server_time, until_reset

NOON = "Fri, 27 Mar 2026 12:00:00 GMT"
LATER = "Fri, 27 Mar 2026 12:01:30 GMT"
OURS = datetime(2026, 3, 27, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("7", timedelta(seconds=7)),
        (" 7 ", timedelta(seconds=7)),
        ("1.5", timedelta(seconds=1.5)),
        ("0", timedelta(seconds=1)),
        ("1e300", DAY),
        ("9" * 400, DAY),
        ("inf", DAY),
        (LATER, timedelta(seconds=90)),
        ("Fri, 27 Mar 2026 14:01:30 +0200", timedelta(seconds=90)),
        ("Fri, 27 Mar 2026 12:01:30 -0000", timedelta(seconds=90)),
        ("Fri, 27 Mar 2026 11:00:00 GMT", timedelta(seconds=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("", None),
        ("-3", None),
        ("nan", None),
        ("soon", None),
        ("Fri, 27 Mar 2026", None),
        ("Fri, 27 Mar 99999999999 12:00:00 GMT", None),
    ],
)
def test_seconds_and_dates_are_understood_and_bounded(said: str, span: timedelta | None) -> None:
    """Of a server whose clock is days away from ours."""
    headers = {"Date": NOON, "Retry-After": said}
    assert retry_after(headers, OURS + 3 * DAY) == span


def test_a_date_is_measured_on_our_clock_where_the_server_does_not_tell_its_own() -> None:
    assert retry_after({"retry-after": LATER}, OURS) == timedelta(seconds=30)
    assert retry_after({"retry-after": LATER, "date": "today"}, OURS) == timedelta(seconds=30)
    assert retry_after({"retry-after": LATER}) is None


def test_no_header_is_no_span() -> None:
    assert retry_after({}, OURS) is None
    assert server_time({}) is None


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("1774612890", timedelta(seconds=90)),
        ("2026-03-27T12:01:30Z", timedelta(seconds=90)),
        ("2026-03-27T14:01:30.000000+02:00", timedelta(seconds=90)),
        ("2026-03-27T12:01:30", timedelta(seconds=90)),
        ("1774612000", timedelta(seconds=1)),
        ("9" * 400, DAY),
        ("tomorrow", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_reset_is_a_moment_on_the_server_s_clock(said: str, span: timedelta | None) -> None:
    assert until_reset(said, {"date": NOON}, OURS + 3 * DAY) == span
    assert until_reset(said, {}) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_said_the_span_is_a_second_to_a_day(said: str, date: str) -> None:
    span = retry_after({"retry-after": said, "date": date}, OURS)
    assert span is None or timedelta(seconds=1) <= span <= DAY
