"""A source's thresholds from what staff said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.judgement import Thresholds
from monitor.learning import fitting
from monitor.learning.fitting import ENOUGH, LOWEST, TooFewError
from monitor.learning.metrics import Bools, Floats

BEFORE = Thresholds(alert=0.5, review=0.4)


def world(seed: int, n: int = 300) -> tuple[Floats, Bools]:
    chance = np.random.default_rng(seed)
    complaint = np.arange(n) % 2 == 0
    return np.clip(np.where(complaint, 0.7, 0.25) + chance.normal(0, 0.18, n), 0, 1), complaint


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_alert_is_precise_and_review_finds_what_it_promises(seed: int) -> None:
    scores, complaint = world(seed)
    found = fitting.fit(scores, complaint, np.ones(len(scores)), BEFORE)
    assert found.precision.value >= 0.85
    assert found.recall.value >= 0.95
    assert found.review.value <= found.alert.value
    for one in (found.precision, found.recall, found.alert, found.review):
        assert one.low <= one.value + 1e-9
        assert one.value <= one.high + 1e-9
    assert found.precision.low < found.precision.high


@pytest.mark.parametrize(("complaints", "others"), [(ENOUGH - 1, 200), (200, ENOUGH - 1), (0, 0)])
def test_too_few_are_refused_in_plain_words(complaints: int, others: int) -> None:
    complaint = np.array([True] * complaints + [False] * others, dtype=bool)
    scores = np.where(complaint, 0.9, 0.1)
    with pytest.raises(TooFewError, match=f"{complaints} posts.*{others}.*50 of each"):
        fitting.fit(scores, complaint, np.ones(len(scores)), BEFORE)


def test_a_post_that_speaks_for_many_counts_as_many_but_makes_nothing_surer() -> None:
    scores, complaint = world(4)
    weights = np.ones(len(scores))
    alone = fitting.fit(scores, complaint, weights, BEFORE)
    lowest = np.flatnonzero(complaint)[np.argsort(scores[complaint])[:3]]
    weights[lowest] = 60.0
    found = fitting.fit(scores, complaint, weights, BEFORE)
    assert found.review.value < alone.review.value
    assert found.recall.high - found.recall.low > alone.recall.high - alone.recall.low


def test_a_few_weighty_misses_do_not_send_everything_to_people() -> None:
    complaint = np.array([True] * 60 + [False] * 60, dtype=bool)
    scores = np.array([0.9] * 57 + [0.0004] * 3 + [0.005] * 60)
    weights = np.array([1.0] * 57 + [100.0] * 3 + [1.0] * 60)
    found = fitting.fit(scores, complaint, weights, BEFORE)
    assert found.review.value == LOWEST
    assert found.review.low == LOWEST
    assert found.recall.value < 0.95


def test_where_no_threshold_is_precise_the_most_precise_is_taken() -> None:
    scores, complaint = world(1)
    found = fitting.fit(1 - scores, complaint, np.ones(len(scores)), BEFORE)
    assert found.precision.value < 0.85


def test_the_figures_say_what_they_rest_on() -> None:
    scores, complaint = world(2)
    told = fitting.fit(scores, complaint, np.ones(len(scores)), BEFORE).figures()
    assert (told["complaints"], told["others"]) == (150, 150)
    assert set(told["precision"]) == {"value", "low", "high"}
