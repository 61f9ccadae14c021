"""Intervals that few observations give."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.chance import Between, total, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (1, 200, 0.0009, 0.0278),
    ],
)
def test_wilson_agrees_with_the_published_values(
    hits: int, n: int, low: float, high: float
) -> None:
    found = wilson(hits / n, n)
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-4)


def test_nothing_looked_at_leaves_everything_open_and_everything_nothing() -> None:
    assert wilson(0.0, 0) == Between(0.0, 0.0, 1.0)
    assert wilson(0.25, inf) == Between(0.25, 0.25, 0.25)


@given(st.integers(0, 50), st.integers(1, 50))
def test_an_interval_holds_its_share_and_stays_a_share(hits: int, more: int) -> None:
    found = wilson(hits / (hits + more), hits + more)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_total_of_one_part_is_that_part_times_its_size() -> None:
    share = wilson(0.1, 50)
    found = total([(200, share)])
    assert found.value == pytest.approx(20)
    assert [found.low, found.high] == pytest.approx([200 * share.low, 200 * share.high])


def test_parts_that_are_known_add_no_doubt() -> None:
    open_, known = wilson(0.1, 50), Between(0.5, 0.5, 0.5)
    alone, both = total([(200, open_)]), total([(200, open_), (10, known)])
    assert both.value - alone.value == pytest.approx(5)
    assert both.high - both.low == pytest.approx(alone.high - alone.low)
