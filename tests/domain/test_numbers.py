"""What stands beside the report: it adds up, leads to its waits, and draws no arrow that chance could."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import parts
from monitor.domain.change import Direction, Measure, changes, previous, seen_from
from monitor.domain.hours import BusinessHours, always
from monitor.domain.numbers import Numbers, UnknownPartError
from monitor.domain.outlook import outlook
from monitor.domain.parts import Division
from monitor.domain.report import By, Period, Report, build, days
from monitor.domain.sla import BREACHES, State, WaitFacts
from monitor.domain.wait import Outcome
from tests.domain.histories import a_wait, at
from tests.domain.test_report import READ, some_waits

ZONE = ZoneInfo("Europe/Bucharest")
OFFICE = BusinessHours(zone=ZONE.key, weekly=((((9 * 60, 18 * 60),),) * 5) + ((), ()))
PERIOD = Period(at(0), at(1000))
LATER = at(5000)


def report(*waits: WaitFacts, as_of: datetime = LATER, period: Period = PERIOD) -> Report:
    return build(waits, brand="shop", period=period, as_of=as_of, read_through=READ)


def numbers(now: Report, before: Report | None = None) -> Numbers:
    backlog = tuple(one for one in now.total.waits if one.state is State.PENDING)
    earlier = before or report(period=previous(now.period, ZONE))
    return Numbers(report=now, before=earlier, backlog=backlog, zone=ZONE, staffed=OFFICE)


@settings(max_examples=40)
@given(some_waits(), st.integers(0, 1500).map(at))
def test_every_division_adds_up_and_leads_to_its_waits(
    waits: list[WaitFacts], as_of: datetime
) -> None:
    made = numbers(report(*waits, as_of=as_of))
    everything = sorted(made.report.total.names)
    late = sorted(one.name for one in made.report.total.waits if one.state in BREACHES)
    divided = {
        Division.ARRIVAL: (made.arrivals.parts, everything),
        Division.LAG: (made.lags, everything),
        Division.LATENESS: (made.lateness, late),
        Division.AGE: (made.ages, sorted(one.name for one in made.backlog)),
    }
    for division, (found, whole) in divided.items():
        assert sorted(name for one in found for name in one.names) == whole
        for part in found:
            assert list(part.waits) == list(made.waits_of(f"{division}={part.name}"))
            assert part.n == len(part.names)
    for one in made.over_time:
        asked = made.waits_of(f"began={one.group.name}")
        assert all(one.since <= it.wait.started_at < one.until for it in asked)
    began = [name for one in made.over_time for name in one.group.names]
    assert sorted(began) == everything
    for state in State:
        parts_of = (one.group.figures.states[state] for one in made.over_time)
        assert sum(parts_of) == made.report.total.figures.states[state]
    for by in By:
        for group in made.report.groups[by]:
            asked = made.waits_of(f"{by}={group.name}")
            assert len(asked) == len(group.waits) + len(group.unconfirmed)
    unconfirmed = made.report.total.unconfirmed
    assert len(made.waits_of(None)) == len(everything) + len(unconfirmed)


def test_an_unknown_figure_says_which_there_are() -> None:
    made = numbers(report(a_wait(1)))
    with pytest.raises(UnknownPartError, match=r"network=…, .*arrival=…"):
        made.waits_of("colour=red")
    with pytest.raises(UnknownPartError, match="under 1 min, 1–5 min"):
        made.waits_of("lag=long")


# ------------------------------------------------------------------------------- time and the clock


@pytest.mark.parametrize(
    ("first", "after", "cuts"),
    [("2026-05-04", "2026-05-11", 7), ("2026-05-01", "2026-06-01", 5), ("2026-01-01", None, 7)],
)
def test_a_period_is_cut_into_days_weeks_or_months(
    first: str, after: str | None, cuts: int
) -> None:
    since = datetime.fromisoformat(first).date()
    until = datetime.fromisoformat(after or "2026-08-01").date()
    whole = days(since, until, ZONE)
    found = parts.over_time(report(period=whole).total, whole, ZONE)
    assert len(found) == cuts
    assert (found[0].since, found[-1].until) == (whole.since, whole.until)
    assert all(one.until == other.since for one, other in pairwise(found))


def test_arrivals_stand_beside_the_staffed_hours() -> None:
    monday = datetime(2026, 5, 4, 6, tzinfo=UTC)  # 9:00 in Bucharest
    starts = [monday, monday + timedelta(minutes=30), monday - timedelta(hours=1)]
    waits = [a_wait(number, started_at=start) for number, start in enumerate(starts)]
    made = report(*waits, period=Period(monday - timedelta(days=1), monday + timedelta(days=1)))
    found = parts.arrivals(made.total.waits, ZONE, OFFICE, monday)
    assert {one.name: one.n for one in found.parts if one.n} == {"Mon 08": 1, "Mon 09": 2}
    assert (len(found.in_hours), found.n, found.share_in_hours) == (2, 3, 2 / 3)
    assert found.staffed[9] == 1.0
    assert sum(found.staffed) == 45
    assert sum(parts.arrivals((), ZONE, always("UTC"), monday).staffed) == 168
    assert parts.arrivals((), ZONE, OFFICE, monday).share_in_hours is None


def test_staffed_hours_stand_by_the_clock_by_which_customers_are_counted() -> None:
    monday = datetime(2026, 5, 4, 8, tzinfo=UTC)  # 9:00 in London, 11:00 in Bucharest
    week = (((9 * 60, 17 * 60 + 30),), *[()] * 5, ((23 * 60, 24 * 60),))
    london = BusinessHours(zone="Europe/London", weekly=week)
    wait = a_wait(1, started_at=monday)
    made = report(wait, period=Period(monday - timedelta(days=1), monday + timedelta(days=1)))
    found = parts.arrivals(made.total.waits, ZONE, london, monday)
    shares = {one.name: share for one, share in zip(found.parts, found.staffed, strict=True)}
    opened = {name: share for name, share in shares.items() if share}
    whole = [f"Mon {hour:02d}" for hour in (1, *range(11, 19))]
    assert opened == {**dict.fromkeys(whole, 1.0), "Mon 19": 0.5}
    assert [one.name for one in found.parts if one.n] == ["Mon 11"]
    assert found.n == len(found.in_hours)


# ------------------------------------------------------------------------------------ what changed


@pytest.mark.parametrize(
    ("since", "until", "before"),
    [
        ("2026-03-01", "2026-04-01", "2026-02-01"),  # a month of 28 days before one of 31
        ("2026-03-30", "2026-04-06", "2026-03-23"),  # the clocks were changed on the 29th
        ("2026-05-05", "2026-05-06", "2026-05-04"),
        ("2026-01-01", "2026-02-01", "2025-12-01"),
    ],
)
def test_the_period_before_is_of_local_days(since: str, until: str, before: str) -> None:
    first, after = (datetime.fromisoformat(one).date() for one in (since, until))
    period = days(first, after, ZONE)
    assert previous(period, ZONE) == days(datetime.fromisoformat(before).date(), first, ZONE)


def test_a_period_of_hours_is_compared_with_as_many() -> None:
    period = Period(at(7), at(127))
    assert previous(period, ZONE) == Period(at(-113), at(7))
    assert seen_from(period, previous(period, ZONE), at(200)) == at(80)


def answered(case_id: int, minutes: float, start: float, due: float = 60) -> WaitFacts:
    return a_wait(
        case_id,
        started_at=at(start),
        first_seen_at=at(start),
        due_at=at(start + due),
        ended_at=at(start + minutes),
        outcome=Outcome.ANSWERED,
    )


DAY = 24 * 60
WEEK = Period(at(0), at(7 * DAY))


def week(seed: int, number: int, *, late: float, median: float = 30) -> Report:
    """A week of answered waits, of which a share is late."""
    chance = random.Random(seed)
    waits = []
    for case_id in range(number):
        start = chance.random() * 7 * DAY
        takes = median * 2 * chance.random() if chance.random() >= late else 90
        waits.append(answered(case_id, takes, start))
    return report(*waits, as_of=at(8 * DAY), period=WEEK)


def found(now: Report, before: Report) -> dict[Measure, Direction]:
    return {one.measure: one.direction for one in changes(now, before)}


def test_a_great_change_is_seen_with_its_direction() -> None:
    one = changes(week(1, 400, late=0.1), week(2, 200, late=0.5))
    told = {it.measure: (it.direction, it.is_better) for it in one}
    assert told[Measure.WAITS] == (Direction.UP, None)
    assert told[Measure.WITHIN] == (Direction.UP, True)
    assert told[Measure.MEDIAN] == (Direction.DOWN, True)
    assert told[Measure.BREACHES] == (Direction.DOWN, True)
    waits = one[0]
    assert waits.difference is not None
    assert waits.difference.value == pytest.approx(1.0)  # twice as many


def test_few_waits_have_no_arrow_however_much_moved() -> None:
    told = found(week(1, 29, late=0.0), week(2, 400, late=0.9))
    assert set(told.values()) == {Direction.TOO_FEW}
    nothing = changes(week(1, 0, late=0), week(2, 0, late=0))
    assert {it.difference for it in nothing} == {None}
    assert {it.is_better for it in nothing} == {None}


def test_no_change_draws_an_arrow_no_more_often_than_chance_allows() -> None:
    """Two weeks of one world: of 100 comparisons some 5 % are outside of a 95 % interval."""
    wrong = dict.fromkeys((Measure.WAITS, Measure.WITHIN, Measure.MEDIAN), 0)
    for seed in range(100):
        told = found(week(seed, 50, late=0.4), week(seed + 1000, 50, late=0.4))
        for measure in wrong:
            wrong[measure] += told[measure] in (Direction.UP, Direction.DOWN)
    assert max(wrong.values()) <= 12, wrong


def test_a_burst_is_not_taken_for_a_trend() -> None:
    """100 complaints about one outage, on one day: the days vary so much that nothing is said."""
    calm = [answered(case_id, 10, case_id * 7 * DAY / 100) for case_id in range(100)]
    storm = [answered(1000 + number, 10, DAY + number) for number in range(60)]
    before = report(*calm, as_of=at(8 * DAY), period=WEEK)
    after = report(*calm, *storm, as_of=at(8 * DAY), period=WEEK)
    assert found(after, before)[Measure.WAITS] is Direction.UNCLEAR


def test_where_nothing_was_before_nothing_is_compared() -> None:
    one = changes(week(1, 50, late=0.1), week(2, 0, late=0.1))
    assert [it.difference for it in one] == [None] * 4
    other = changes(week(1, 0, late=0.1), week(2, 50, late=0.1))
    assert other[0].now == 0
    early = report(a_wait(1, started_at=at(0)), as_of=at(0), period=WEEK)
    assert changes(early, early)[0].now is None


# -------------------------------------------------------------------------------------- what comes


def history() -> list[WaitFacts]:
    """100 waits, of which one more is answered every minute."""
    return [answered(number, number, 0, due=1000) for number in range(1, 101)]


def an_open(case_id: int, age: float, due_in: float) -> WaitFacts:
    return a_wait(case_id, started_at=at(5000 - age), due_at=at(5000 + due_in))


def test_the_forecast_is_the_share_of_those_who_waited_as_long_and_then_too_long() -> None:
    known = report(*history()).total.waits
    waiting = [
        an_open(201, 20, 20),
        an_open(202, 50, 200),
        an_open(203, 90, 5),
        an_open(204, 1, -1),
    ]
    backlog = report(*waiting, period=Period(at(0), at(5001))).total.waits
    told = outlook(backlog, known, at(5000))
    by_case = {one.counted.name[0]: one for one in told.waits}
    assert by_case.keys() == {201, 202, 203}  # the last one is overdue: no forecast, a fact
    assert by_case[201].late == pytest.approx(60 / 80)  # of 80 who waited 20 min, 60 waited 40
    assert by_case[202].late == 0  # nobody waited 250 min
    assert by_case[203].late is None  # of those who waited 90 min there are but 10
    hour, four, *_ = told.ahead
    assert [len(one.waits) for one in (hour, four)] == [2, 3]
    assert hour.expected == pytest.approx(0.75)
    assert (hour.without, hour.low, hour.high) == (1, 0, 1)
    assert told.waits[0].counted.name == (201, 1)


def test_the_number_of_breaches_is_between_what_unequal_coins_give() -> None:
    known = report(*history()).total.waits
    waiting = [an_open(1000 + number, 20, 20) for number in range(40)]
    backlog = report(*waiting, period=Period(at(0), at(5001))).total.waits
    [hour, *_] = outlook(backlog, known, at(5000)).ahead
    assert hour.expected == pytest.approx(30)
    assert (hour.low, hour.high) == (24, 35)  # binomial(40, 0.75)
    many = [an_open(1000 + number, 20, 20) for number in range(1200)]
    backlog = report(*many, period=Period(at(0), at(5001))).total.waits
    [hour, *_] = outlook(backlog, known, at(5000)).ahead
    assert (hour.low, hour.high) == (871, 929)  # normal: 900 ± 1.96 · 15


def test_without_anything_there_is_nothing_to_come() -> None:
    told = outlook((), (), at(5000))
    assert [(one.expected, one.low, one.high) for one in told.ahead] == [(0, 0, 0)] * 4
    [one] = outlook(
        report(an_open(1, 5, 5), period=Period(at(0), at(5001))).total.waits, (), at(5000)
    ).waits
    assert one.late is None
