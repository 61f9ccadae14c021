"""The head's logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.correction import Said
from monitor.learning import head
from monitor.learning.head import Floats, Head, Lessons

ZERO: Head = (np.zeros((4, 6)), np.zeros(4))


def lessons(seed: int, n: int = 300) -> tuple[Lessons, Head]:
    """Vectors on a slope of unlike lengths, labelled by a hidden head."""
    chance = np.random.default_rng(seed)
    vectors = chance.normal(2, [0.01, 0.1, 1, 1, 3, 10], (n, 6))
    hidden = chance.normal(0, 1, (4, 6)) / vectors.std(axis=0), chance.normal(0, 1, 4)
    shares = head.probabilities(vectors - vectors.mean(axis=0), hidden)
    labels = [chance.choice(4, p=row) for row in shares]
    open_ = np.eye(4, dtype=bool)[labels]
    return Lessons(vectors, open_, np.ones(n)), hidden


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_the_fit_is_where_the_gradient_ends(seed: int) -> None:
    """No step in any direction is better: checked by differences, not by the code's own gradient."""
    taught, _ = lessons(seed)
    hold = 0.05
    matrix, bias = head.fit(taught, ZERO, hold)
    spread = taught.vectors.std(axis=0)
    middle = taught.vectors.mean(axis=0)

    def cost(matrix: Floats, bias: Floats) -> float:
        scaled = np.concatenate([(matrix * spread).ravel(), bias + matrix @ middle])
        return head.surprise(taught, (matrix, bias)) + hold / 2 * float((scaled**2).sum())

    best = cost(matrix, bias)
    chance = np.random.default_rng(seed)
    for _ in range(20):
        step = chance.normal(0, 0.02, matrix.shape) / spread
        assert cost(matrix + step, bias - step @ middle) >= best - 1e-7


def test_a_strong_hold_keeps_the_old_head_and_none_leaves_it() -> None:
    taught, old = lessons(3)
    held = head.fit(taught, old, 1e6)
    assert np.allclose(held[0], old[0], rtol=1e-3, atol=1e-3)
    free = head.fit(taught, ZERO, 1e-4)
    assert head.surprise(taught, free) < 0.8 * head.surprise(taught, ZERO)


def test_a_row_that_only_says_what_it_is_not_moves_only_that() -> None:
    vectors = np.tile([1.0, 0, 0, 0, 0, 0], (40, 1))
    open_ = head.may_be([Said.NOT_A_COMPLAINT] * 40)
    found = head.fit(Lessons(vectors, open_, np.ones(40)), ZERO, 0.01)
    complaint, *rest = head.probabilities(vectors[:1], found)[0]
    assert complaint < 0.03
    assert rest == pytest.approx([rest[0]] * 3)


def test_what_counts_more_is_heeded_more() -> None:
    vectors = np.zeros((2, 6))
    open_ = head.may_be([Said.COMPLAINT, Said.PRAISE])
    found = head.fit(Lessons(vectors, open_, np.array([3.0, 1.0])), ZERO, 1e-4)
    shares = head.probabilities(vectors[:1], found)[0]
    assert shares[0] / shares[2] == pytest.approx(3, rel=0.02)


def test_labels_leave_classes_open() -> None:
    assert head.may_be([]).shape == (0, 4)
    assert head.may_be([Said.PRAISE, Said.NOT_A_COMPLAINT]).tolist() == [
        [False, False, True, False],
        [False, True, True, True],
    ]
