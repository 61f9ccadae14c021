"""The figures of the model card."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.learning.metrics import auc, measured_f1

pairs = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


@given(pairs)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([float(score) for score, _ in rows])
    truth = np.array([one for _, one in rows])
    above = [(high > low) + (high == low) / 2 for high in scores[truth] for low in scores[~truth]]
    found = auc(scores, truth)
    assert np.isnan(found) if not above else found == pytest.approx(np.mean(above))


def test_an_interval_holds_its_figure_and_narrows_with_more_texts() -> None:
    chance = np.random.default_rng(2)
    truth = chance.random(2000) < 0.5
    said = np.where(chance.random(2000) < 0.8, truth, ~truth)
    few, many = measured_f1(said[:100], truth[:100]), measured_f1(said, truth)
    assert few.low < few.value < few.high
    assert many.high - many.low < few.high - few.low
