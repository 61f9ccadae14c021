"""The classifier's head, fitted anew: logistic regression that starts from, and is held to, the old head.

A row need not say its class: "no complaint" leaves three open, and counts by the sum of their
probabilities. L-BFGS with numpy alone: some hundred steps over a few thousand rows of 384 numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.domain.correction import Said
from monitor.domain.judgement import Label

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Head = tuple[Floats, Floats]
"""Weights (4 × width) and four biases."""

_STEPS = 150
_MEMORY = 10
_ENOUGH = 1e-6
"""A gradient this small (its largest part) ends the search."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Lessons:
    """Vectors (n × width), the classes that each row leaves open (n × 4), and what a row counts."""

    vectors: Floats
    open: Bools
    weights: Floats

    def part(self, rows: Bools) -> Lessons:
        """Some of the rows."""
        return Lessons(self.vectors[rows], self.open[rows], self.weights[rows])

    def __add__(self, other: Lessons) -> Lessons:
        return Lessons(
            np.concatenate([self.vectors, other.vectors]),
            np.concatenate([self.open, other.open]),
            np.concatenate([self.weights, other.weights]),
        )


def may_be(said: Sequence[Said]) -> Bools:
    """The classes that each label leaves open, n × 4."""
    return np.array([[label in one.may_be for label in Label] for one in said], dtype=bool).reshape(
        -1, len(Label)
    )


def probabilities(vectors: Floats, head: Head, temperature: float = 1.0) -> Floats:
    """Four probabilities a row."""
    logits = (vectors @ head[0].T + head[1]) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def surprise(lessons: Lessons, head: Head) -> float:
    """The weighted mean of −log P(one of the open classes)."""
    right = (probabilities(lessons.vectors, head) * lessons.open).sum(axis=1)
    lost = -np.log(np.clip(right, _TINY, 1))
    return float((lost * lessons.weights).sum() / lessons.weights.sum())


def fit(lessons: Lessons, old: Head, hold: float) -> Head:
    """The head with the least surprise, plus `hold` times half its squared distance from the old one.

    The distance is measured in units of how much each number of the vectors varies.
    """
    middle = lessons.vectors.mean(axis=0)
    spread = np.maximum(lessons.vectors.std(axis=0), 1e-6)
    rows = (lessons.vectors - middle) / spread
    start = np.concatenate([old[0] * spread, (old[1] + old[0] @ middle)[:, None]], axis=1)
    share = lessons.weights / lessons.weights.sum()
    known = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)

    def loss(flat: Floats) -> tuple[float, Floats]:
        matrix = flat.reshape(start.shape)
        logits = known @ matrix.T
        logits -= logits.max(axis=1, keepdims=True)
        all_ = np.exp(logits)
        sums = all_.sum(axis=1, keepdims=True)
        right = np.maximum((all_ * lessons.open).sum(axis=1, keepdims=True), _TINY)
        pull = all_ / sums - all_ * lessons.open / right
        away = matrix - start
        value = float((share[:, None] * (np.log(sums) - np.log(right))).sum())
        slope = (share[:, None] * pull).T @ known + hold * away
        return value + hold / 2 * float((away**2).sum()), slope.reshape(-1)

    found = minimum(loss, start.reshape(-1)).reshape(start.shape)
    matrix = found[:, :-1] / spread
    return matrix, found[:, -1] - matrix @ middle


def minimum(loss: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    """Where a smooth function (value and gradient) is least: L-BFGS with a halving line search."""
    at = start.copy()
    value, slope = loss(at)
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(_STEPS):
        if np.abs(slope).max() < _ENOUGH:
            break
        way = -_curved(slope, steps)
        if way @ slope >= 0:  # rounding: go straight down instead
            way, steps = -slope, []
        length = 1.0
        new, lower, next_slope = _look(loss, at, way, length)
        while lower > value + 1e-4 * length * float(way @ slope) and length > _TINY:
            length /= 2
            new, lower, next_slope = _look(loss, at, way, length)
        if lower >= value:
            break
        moved, bent = new - at, next_slope - slope
        if moved @ bent > _TINY:
            steps = [*steps, (moved, bent)][-_MEMORY:]
        at, value, slope = new, lower, next_slope
    return at


def _look(
    loss: Callable[[Floats], tuple[float, Floats]], at: Floats, way: Floats, length: float
) -> tuple[Floats, float, Floats]:
    new = at + length * way
    return new, *loss(new)


def _curved(slope: Floats, steps: Sequence[tuple[Floats, Floats]]) -> Floats:
    """The slope times what the last steps say of the inverse curvature (two-loop recursion)."""
    way = slope.copy()
    shares = []
    for moved, bent in reversed(steps):
        share = float(moved @ way) / float(moved @ bent)
        shares.append(share)
        way -= share * bent
    if steps:
        moved, bent = steps[-1]
        way *= float(moved @ bent) / float(bent @ bent)
    for (moved, bent), share in zip(steps, reversed(shares), strict=True):
        way += moved * (share - float(bent @ way) / float(moved @ bent))
    return way
