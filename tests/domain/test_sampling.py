"""The weekly sample, and what it says of what was missed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.sampling import (
    NEAR,
    Candidate,
    Missed,
    Part,
    begin_of,
    draw,
    estimate,
    week_of,
)

WEEK = "2026-W19"

scores = st.lists(st.sampled_from([0.001, 0.02, NEAR, 0.2]), max_size=60)


def posts(found: list[float]) -> list[Candidate]:
    return [Candidate(number, f"x:{number}", score) for number, score in enumerate(found)]


@given(st.integers(0, 140_000))
def test_a_moment_lies_in_its_week(hour: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    begin = begin_of(week_of(moment))
    assert begin <= moment < begin + timedelta(days=7)
    assert (begin.weekday(), begin.hour) == (0, 0)


@given(scores, st.integers(0, 40), st.randoms())
def test_whoever_draws_draws_the_same_and_as_many_as_asked(
    found: list[float], size: int, chance: random.Random
) -> None:
    everything = posts(found)
    drawn = draw(everything, WEEK, "shop", size)
    chance.shuffle(everything)
    assert draw(everything, WEEK, "shop", size) == drawn
    assert len({one.post_id for one in drawn}) == len(drawn) == min(size, len(found))


def test_another_week_and_another_brand_draw_others() -> None:
    everything = posts([0.001] * 500)
    draws = [
        {one.post_id for one in draw(everything, week, brand, 20)}
        for week, brand in ((WEEK, "shop"), ("2026-W20", "shop"), (WEEK, "rival"))
    ]
    assert all(len(one & other) < 8 for one in draws for other in draws if one is not other)


def test_half_comes_from_the_few_near_ones() -> None:
    drawn = draw(posts([0.2] * 30 + [0.001] * 1000), WEEK, "shop", 50)
    assert sum(one.is_near for one in drawn) == 25
    drawn = draw(posts([0.2] * 3 + [0.001] * 1000), WEEK, "shop", 50)
    assert sum(one.is_near for one in drawn) == 3
    drawn = draw(posts([0.2] * 100 + [0.001] * 4), WEEK, "shop", 50)
    assert sum(one.is_near for one in drawn) == 46


def test_a_part_of_the_draw_stays_drawn_when_more_comes() -> None:
    few = posts([0.001] * 40)
    before = {one.post_id for one in draw(few, WEEK, "shop", 10)}
    after = {one.post_id for one in draw(posts([0.001] * 44), WEEK, "shop", 10)}
    assert len(before & after) >= 6


def test_nobody_looked_nothing_is_known() -> None:
    found = estimate([Part(WEEK, is_near=True, population=40, looked_at=0, missed=0)])
    assert found == Missed(population=0, looked_at=0, found=0, estimate=None, unknown=40)


def test_where_everything_was_looked_at_the_number_is_exact() -> None:
    parts = [Part(WEEK, near, population=8, looked_at=8, missed=2) for near in (True, False)]
    sure = estimate(parts).estimate
    assert sure is not None
    assert (sure.low, sure.value, sure.high) == pytest.approx((4, 4, 4))


def test_weeks_of_which_nobody_looked_are_named_and_not_guessed() -> None:
    looked = Part(WEEK, is_near=False, population=1000, looked_at=50, missed=1)
    other = Part("2026-W20", is_near=False, population=700, looked_at=0, missed=0)
    found = estimate([looked, other])
    assert (found.population, found.unknown) == (1000, 700)
    assert found.estimate is not None
    assert found.estimate.value == pytest.approx(20)
    assert 1 <= found.estimate.low < 20 < found.estimate.high < 110


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Weeks of unlike size, misses dense among the near ones: 95 % promised."""
    chance = random.Random(7)
    held, rounds = 0, 400
    for _ in range(rounds):
        truth, parts = 0, []
        for week in (WEEK, "2026-W20"):
            for near, size, share in ((True, 60, 0.2), (False, 900, 0.01)):
                population = size * chance.randint(1, 3)
                missed = [chance.random() < share for _ in range(population)]
                truth += sum(missed)
                looked = chance.sample(missed, 25)
                parts.append(Part(week, near, population, 25, sum(looked)))
        sure = estimate(parts).estimate
        assert sure is not None
        held += sure.low <= truth <= sure.high
    assert held / rounds >= 0.93
