"""Whether a topic is above its past: against whole numbers, and where nothing can be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.surge import DAYS, LEVEL, WINDOW, at_least, past_windows, surge

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


@given(st.integers(0, 80), st.integers(0, 200), st.integers(7, 28))
def test_the_chance_is_that_of_the_exact_test(now: int, past: int, days: int) -> None:
    trials = now + past
    ways = sum(comb(trials, one) * days ** (trials - one) for one in range(now, trials + 1))
    expected = float(Fraction(ways, (days + 1) ** trials))
    assert at_least(now, trials, 1 / (days + 1)) == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_what_is_far_above_its_past_is_told_with_its_numbers() -> None:
    found = surge("delivery", 14, 36, 28)
    assert found is not None
    assert (found.now, found.past, found.days) == (14, 36, 28)
    assert found.usual == pytest.approx(36 / 28)
    assert found.chance < LEVEL


@pytest.mark.parametrize(
    ("now", "past", "days", "why"),
    [
        (4, 0, 28, "so few are no news"),
        (50, 0, 6, "there is hardly a past"),
        (30, 28 * 25, 28, "as usual"),
        (5, 5, 7, "may be chance"),
    ],
)
def test_nothing_is_said_where_nothing_can_be(now: int, past: int, days: int, why: str) -> None:
    assert surge("delivery", now, past, days) is None, why


def test_a_first_burst_after_a_quiet_past_is_told() -> None:
    assert surge("battery", 5, 0, 28) is not None


def test_the_past_is_the_same_hour_of_the_days_that_were_watched() -> None:
    all_of_it = past_windows(NOW, NOW - timedelta(days=100))
    assert len(all_of_it) == DAYS
    assert all_of_it[0] == (NOW - timedelta(days=1) - WINDOW, NOW - timedelta(days=1))
    assert len(past_windows(NOW, NOW - timedelta(days=3))) == 2
    assert past_windows(NOW, datetime.max.replace(tzinfo=UTC)) == []
