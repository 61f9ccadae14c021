"""A revision's thresholds stay where the base's were, unless staff's corrections give reason."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.domain.judgement import Thresholds
from monitor.learning import fitting
from monitor.learning.fitting import ENOUGH
from monitor.learning.metrics import Bools, Floats
from monitor.learning.moving import with_reason

EACH = 80


def world(seed: int, middle: float = 0.5) -> tuple[Floats, Bools]:
    """Scores of complaints and others, which part somewhere about `middle`."""
    chance = np.random.default_rng(seed)
    complaint = np.arange(2 * EACH) % 2 == 0
    scores = np.where(complaint, middle + 0.2, middle - 0.2) + chance.normal(0, 0.12, 2 * EACH)
    return np.clip(scores, 0, 1), complaint


@pytest.mark.parametrize(("complaints", "others"), [(ENOUGH - 1, EACH), (EACH, ENOUGH - 1)])
def test_few_corrections_move_nothing_however_clear_they_are(complaints: int, others: int) -> None:
    complaint = np.array([True] * complaints + [False] * others, dtype=bool)
    kept = Thresholds(0.6, 0.4, 0.3)
    scores = np.where(complaint, 0.2, 0.1)
    assert with_reason(scores, complaint, np.ones(len(scores)), kept) == kept


@pytest.mark.parametrize("seed", [1, 2])
def test_what_chance_alone_would_move_stays(seed: int) -> None:
    scores, complaint = world(seed)
    weights = np.ones(len(scores))
    asked = fitting.fit(scores, complaint, weights, Thresholds(0.5, 0.3))
    kept = Thresholds(asked.alert.high, asked.review.low, 0.3)
    assert with_reason(scores, complaint, weights, kept) == kept


@pytest.mark.parametrize("middle", [0.3, 0.7])
def test_what_lies_outside_of_what_they_ask_for_moves_and_stays_in_order(middle: float) -> None:
    scores, complaint = world(3, middle)
    weights = np.ones(len(scores))
    asked = fitting.fit(scores, complaint, weights, Thresholds(0.5, 0.3))
    found = with_reason(scores, complaint, weights, Thresholds(0.97, 0.96, 0.3))
    assert (found.alert, found.review) == (asked.alert.value, asked.review.value)
    assert found.question == 0.3
    assert 0.01 <= found.review <= found.alert
