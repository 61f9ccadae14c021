"""Calibration: what a score means, and where alert and review begin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.learning import calibration
from monitor.learning.calibration import Scores, Truth


def world(seed: int, sureness: float) -> tuple[Scores, Truth]:
    """Scores of a classifier that is `sureness` times as sure as it may be, and the truth."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(0, 1.5, (4000, 4))
    fair = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = np.array([chance.choice(4, p=row) for row in fair])
    return calibration.heated(fair, 1 / sureness), truth


@pytest.mark.parametrize("sureness", [0.5, 1.0, 2.0])
def test_the_temperature_undoes_too_much_sureness(sureness: float) -> None:
    scores, truth = world(3, sureness)
    assert calibration.temperature(scores, truth) == pytest.approx(sureness, rel=0.1)


@given(st.integers(0, 10_000))
def test_review_finds_what_it_promises_and_alert_is_as_precise_as_it_promises(seed: int) -> None:
    chance = np.random.default_rng(seed)
    complaint = chance.random(400) < 0.4
    scores = np.clip(np.where(complaint, 0.7, 0.25) + chance.normal(0, 0.2, 400), 0, 1)
    alert = calibration.alert_threshold(scores, complaint)
    review = calibration.review_threshold(scores, complaint)
    assert calibration.precision(scores >= alert, complaint) >= 0.85
    assert (scores[complaint] >= review).mean() >= 0.95


def test_review_is_never_above_alert() -> None:
    scores, truth = world(5, 1.0)
    fitted = calibration.calibrate(scores, truth)
    assert fitted.review <= fitted.alert
