"""How good a score is, with the interval that its few texts allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.learning.calibration import macro_f1

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def auc(scores: Floats, truth: Bools) -> float:
    """The chance that a true one scores above a false one (ties count half); NaN without both."""
    if truth.all() or not truth.any():
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    positives = int(truth.sum())
    negatives = len(truth) - positives
    above = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def interval(figure: Callable[[NDArray[np.int64]], float], n: int, draws: int = 1000) -> Measured:
    """`figure` of all n rows, and between which values it falls in 95 % of resampled data."""
    chance = np.random.default_rng(1)
    drawn = [figure(chance.integers(0, n, n)) for _ in range(draws)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Measured(figure(np.arange(n)), float(low), float(high))


def measured_f1(said: Bools, truth: Bools) -> Measured:
    """Macro-F1 of complaint against the rest."""
    return interval(lambda rows: macro_f1(said[rows], truth[rows]), len(truth))


def measured_auc(scores: Floats, truth: Bools) -> Measured:
    """Area under the ROC curve."""
    return interval(lambda rows: auc(scores[rows], truth[rows]), len(truth))


def calibration_error(scores: Floats, truth: Bools, bins: int = 10) -> float:
    """Expected calibration error: how far scores lie from the share that is true, in bins of equal width."""
    if not len(scores):
        return float("nan")
    which = np.minimum((scores * bins).astype(int), bins - 1)
    return float(
        sum(
            (which == one).mean() * abs(scores[which == one].mean() - truth[which == one].mean())
            for one in np.unique(which)
        )
    )
