"""The clock of a wait as it is explained to people: what counted, and when it stood still."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.elapsed import TOLD, elapsed
from monitor.domain.hours import BusinessHours, always
from monitor.domain.judgement import Severity
from monitor.domain.policy import Match, Rule
from monitor.domain.wait import Wait
from tests.domain.test_hours import HOUR, OFFICE, utc

RULE = Rule(name="office", match=Match(), target=4 * HOUR, hours=OFFICE, audience="#care")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: utc(str(at)))  # noqa: DTZ001


def wait(since: datetime, ended: datetime | None = None) -> Wait:
    return Wait(
        started_at=since,
        first_seen_at=since,
        due_at=RULE.due(since),
        rule="r",
        severity=Severity.NORMAL,
        topics=(),
        first_post=1,
        asks=(1,),
        surely=True,
        ended_at=ended,
    )


def test_the_night_does_not_count() -> None:
    found = elapsed(wait(utc("2026-05-04 13:00")), RULE, utc("2026-05-05 07:12"))
    assert found.counted == timedelta(hours=3, minutes=12)
    assert found.closed == ((utc("2026-05-04 15:00"), utc("2026-05-05 06:00")),)
    assert found.left == timedelta(minutes=48)
    assert found.wall == timedelta(hours=18, minutes=12)


def test_what_has_ended_stands_still() -> None:
    ended = utc("2026-05-04 14:00")
    found = elapsed(wait(utc("2026-05-04 13:00"), ended), RULE, utc("2026-05-09 07:00"))
    assert (found.until, found.counted, found.closed) == (ended, HOUR, ())


def test_of_very_many_stretches_the_latest_are_named() -> None:
    found = elapsed(wait(utc("2026-05-04 13:00")), RULE, utc("2026-07-04 07:00"))
    assert len(found.closed) == TOLD
    assert found.closed_before > 20
    assert found.closed[-1][1] == utc("2026-07-04 07:00")


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_what_counted_and_what_was_closed_make_up_the_whole(
    since: datetime, span: timedelta
) -> None:
    until = since + span
    stretches = list(OFFICE.closed(since, until))
    closed = sum((end - begin for begin, end in stretches), timedelta(0))
    assert OFFICE.between(since, until) + closed == span
    edges = [edge for stretch in stretches for edge in stretch]
    assert edges == sorted(edges)


def test_round_the_clock_nothing_is_closed() -> None:
    hours = always("Europe/Bucharest")
    assert list(hours.closed(utc("2026-03-27 00:00"), utc("2026-03-31 00:00"))) == []


def test_where_it_never_opens_all_of_it_is_closed() -> None:
    never = BusinessHours(zone="Europe/Bucharest", weekly=((),) * 7)
    since, until = utc("2026-05-04 13:00"), utc("2026-05-05 07:00")
    assert list(never.closed(since, until)) == [(since, until)]
