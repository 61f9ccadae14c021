"""The digest: which part a wait stands in, and on which day at what instant one is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.digest import Part, Schedule, Unanswered, build, part
from monitor.domain.hours import BusinessHours, always
from monitor.domain.judgement import Severity
from monitor.domain.notice import Digest, DigestLine
from monitor.domain.policy import Match, Rule

NINE_TO_SIX = (((9 * 60, 18 * 60),),) * 5 + ((), ())
HOURS = BusinessHours(
    zone="Europe/Bucharest", weekly=NINE_TO_SIX, holidays=frozenset({date(2026, 4, 10)})
)
SCHEDULE = Schedule(HOURS, time(9))
RULE = Rule(name="all", match=Match(), target=timedelta(hours=8), hours=HOURS, audience="#care")
RULES = {"r": RULE}
MONDAY = datetime(2026, 5, 4, 6, tzinfo=UTC)
"""09:00 in Bucharest."""


def open_wait(
    *, due_at: datetime, seen_at: datetime = MONDAY, confirmed: bool = True, case_id: int = 1
) -> Unanswered:
    line = DigestLine(
        case_id=case_id,
        network="forum",
        severity=Severity.NORMAL,
        topics=(),
        title=None,
        text="Where is it?",
        author=None,
        url=None,
        waiting_since=seen_at,
        waited=timedelta(hours=1),
        due_at=due_at,
        owner=None,
    )
    return Unanswered(line, confirmed, seen_at, due_at, "r")


def stands(one: Unanswered, *, previous_at: datetime | None = None) -> Part:
    return part(one, as_of=MONDAY, previous_at=previous_at, rules=RULES)


FRIDAY = MONDAY - timedelta(days=3)


def test_overdue_comes_before_all_else() -> None:
    late = open_wait(due_at=MONDAY - timedelta(seconds=1))
    assert stands(late) is Part.OVERDUE
    assert stands(open_wait(due_at=MONDAY)) is Part.AT_RISK


@pytest.mark.parametrize(("hours", "expected"), [(2, Part.AT_RISK), (2.1, Part.NEW), (8, Part.NEW)])
def test_due_within_two_hours_is_at_risk(hours: float, expected: Part) -> None:
    assert stands(open_wait(due_at=MONDAY + timedelta(hours=hours))) is expected


def test_a_quarter_of_the_target_is_measured_on_the_policys_clock() -> None:
    """Friday 17:00 with a due time on Monday 09:30: the week-end between is no time left."""
    friday_evening = datetime(2026, 5, 1, 14, tzinfo=UTC)
    due_at = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
    one = open_wait(due_at=due_at, seen_at=friday_evening)
    told = part(one, as_of=friday_evening, previous_at=None, rules=RULES)
    assert told is Part.AT_RISK


def test_new_is_what_came_since_the_digest_before() -> None:
    due_at = MONDAY + timedelta(days=2)
    seen_since = open_wait(due_at=due_at, seen_at=FRIDAY)
    seen_before = open_wait(due_at=due_at, seen_at=FRIDAY - timedelta(seconds=1))
    assert stands(seen_since, previous_at=FRIDAY) is Part.NEW
    assert stands(seen_before, previous_at=FRIDAY) is Part.OTHER
    assert stands(seen_before) is Part.NEW  # there was no digest before


def test_what_needs_a_persons_yes_stands_apart() -> None:
    assert stands(open_wait(due_at=FRIDAY, confirmed=False)) is Part.UNCONFIRMED


def digest(*unanswered: Unanswered) -> Digest:
    return build(
        unanswered,
        brand="shop",
        day=date(2026, 5, 4),
        as_of=MONDAY,
        previous_at=FRIDAY,
        rules=RULES,
        sources=(),
        unjudged=3,
    )


hours_off = st.integers(-100, 100).map(lambda hours: MONDAY + timedelta(hours=hours))


@given(st.lists(st.builds(open_wait, due_at=hours_off, seen_at=hours_off, confirmed=st.booleans())))
def test_every_wait_is_listed_once_and_oldest_first(found: list[Unanswered]) -> None:
    named = [
        one._replace(line=one.line._replace(case_id=number)) for number, one in enumerate(found)
    ]
    made = digest(*named)
    parts = (made.overdue, made.at_risk, made.new, made.other, made.unconfirmed)
    assert sorted(line.case_id for lines in parts for line in lines) == list(range(len(found)))
    for lines in parts:
        assert [line.waiting_since for line in lines] == sorted(
            line.waiting_since for line in lines
        )
    assert made.unjudged == 3


@pytest.mark.parametrize(
    ("now", "day"),
    [
        pytest.param("2026-05-04T05:59:59", "2026-05-01", id="a-second-early"),
        pytest.param("2026-05-04T06:00:00", "2026-05-04", id="on-the-stroke"),
        pytest.param("2026-05-04T20:59:59", "2026-05-04", id="started-late-the-same-day"),
        pytest.param("2026-05-04T21:00:00", "2026-05-04", id="midnight-there"),
        pytest.param("2026-05-03T09:00:00", "2026-05-01", id="sunday"),
        pytest.param("2026-04-10T09:00:00", "2026-04-09", id="holiday"),
        pytest.param("2026-03-30T06:00:00", "2026-03-30", id="after-the-clocks-went-forward"),
        pytest.param("2026-10-26T06:59:59", "2026-10-23", id="before-the-hour-that-went-back"),
        pytest.param("2026-10-26T07:00:00", "2026-10-26", id="after-the-clocks-went-back"),
    ],
)
def test_the_newest_digest_is_that_of_the_last_open_day_whose_hour_is_past(
    now: str, day: str
) -> None:
    due = SCHEDULE.due(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert next(due).isoformat() == day


def test_the_digest_before_is_that_of_the_last_open_day() -> None:
    assert SCHEDULE.previous_at(date(2026, 5, 4)) == datetime(2026, 5, 1, 6, tzinfo=UTC)
    assert SCHEDULE.previous_at(date(2026, 4, 13)) == datetime(2026, 4, 9, 6, tzinfo=UTC)
    never = Schedule(BusinessHours(zone="UTC", weekly=((),) * 7), time(9))
    assert never.previous_at(date(2026, 5, 4)) is None
    assert list(never.due(MONDAY)) == []


@pytest.mark.parametrize("hour", range(24))
def test_every_day_has_exactly_one_instant_also_when_clocks_change(hour: int) -> None:
    """Round the clock over both changes: instants a day apart, give or take the hour."""
    schedule = Schedule(always("Europe/Bucharest"), time(hour, 30))
    for first in (date(2026, 3, 27), date(2026, 10, 23)):
        days = [first + timedelta(days=n) for n in range(5)]
        instants = [schedule.sent_at(day) for day in days]
        for day, instant, following in zip(days, instants, instants[1:], strict=False):
            assert instant is not None
            assert following is not None
            assert timedelta(hours=23) <= following - instant <= timedelta(hours=25)
            assert next(schedule.due(instant)) == day
