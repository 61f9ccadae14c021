"""Thresholds of one source, from what staff said of its posts, with what they may be relied on for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitor.domain.chance import Between, wilson
from monitor.domain.errors import MonitorError
from monitor.domain.judgement import Thresholds
from monitor.learning.calibration import PRECISION, RECALL
from monitor.learning.metrics import Bools, Floats, Measured, interval

ENOUGH = 50
"""Complaints, and posts that are none: with fewer, chance alone would choose the thresholds."""
LOWEST = 0.01
"""Review begins no lower: a few weighty complaints that score as nothing would send people everything."""
_STEPS = np.arange(0.02, 0.99, 0.01).round(2)


class TooFewError(MonitorError):
    """Staff have not said enough yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Two thresholds, what they reach, and what the ones before reached on the same posts.

    Precision is of what alerts, recall of what alerts or is asked about. Intervals are Wilson's, of
    the effective number of posts where some speak for many.
    """

    alert: Measured
    review: Measured
    complaints: int
    others: int
    precision: Between
    recall: Between
    precision_before: Between
    recall_before: Between

    def figures(self) -> dict[str, Any]:
        """As it is stored and shown."""
        pairs = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: one
            if isinstance(one, int)
            else {"value": one.value, "low": one.low, "high": one.high}
            for name, one in pairs.items()
        }


def fit(scores: Floats, complaint: Bools, weights: Floats, before: Thresholds) -> Fitted:
    """Alert: the best macro-F1 with precision ≥ .85; review: recall ≥ .95, from .01 on.

    Raises:
        TooFewError: less than 50 complaints, or less than 50 posts that are none.

    """
    complaints, others = int(complaint.sum()), int((~complaint).sum())
    if min(complaints, others) < ENOUGH:
        raise TooFewError(
            f"staff said of {complaints} posts that they are complaints and of {others} that they "
            f"are none; {ENOUGH} of each are needed before thresholds mean something. "
            "`complaint-monitor model review` shows posts to say it of"
        )

    def thresholds(rows: Sequence[int] | np.ndarray[Any, Any]) -> tuple[float, float]:
        return _thresholds(scores[rows], complaint[rows], weights[rows])

    n = len(scores)
    alert = interval(lambda rows: thresholds(rows)[0], n, 200)
    review = interval(lambda rows: thresholds(rows)[1], n, 200)
    return Fitted(
        alert=alert,
        review=review,
        complaints=complaints,
        others=others,
        precision=_share(complaint, scores >= alert.value, weights),
        recall=_share(scores >= review.value, complaint, weights),
        precision_before=_share(complaint, scores >= before.alert, weights),
        recall_before=_share(scores >= before.review, complaint, weights),
    )


def _thresholds(scores: Floats, complaint: Bools, weights: Floats) -> tuple[float, float]:
    """Alert and review, review never above alert nor below the least that means anything."""
    review = max(_review(scores, complaint, weights), LOWEST)
    tried = [(_precision_f1(scores >= step, complaint, weights), float(step)) for step in _STEPS]
    precise = [one for one in tried if one[0][0] >= PRECISION]
    alert = max(precise, key=lambda one: one[0][1]) if precise else max(tried)
    return alert[1], min(review, alert[1])


def _review(scores: Floats, complaint: Bools, weights: Floats) -> float:
    """The highest threshold that finds 95 % of the complaints, by weight."""
    order = np.argsort(scores[complaint])
    below = np.cumsum(weights[complaint][order])
    if not len(below):
        return 0.5
    missed = int(np.searchsorted(below, (1 - RECALL) * below[-1] + 1e-9, side="right"))
    lowest = scores[complaint][order][min(missed, len(order) - 1)]
    return float(np.floor(lowest * 1000) / 1000)


def _precision_f1(said: Bools, complaint: Bools, weights: Floats) -> tuple[float, float]:
    both = float(weights[said & complaint].sum())
    neither = float(weights[~said & ~complaint].sum())
    wrong = float(weights[said != complaint].sum())
    precision = both / max(float(weights[said].sum()), 1e-9)
    f1 = [2 * one / (2 * one + wrong) if one else 0.0 for one in (both, neither)]
    return precision, sum(f1) / 2


def _share(of: Bools, among: Bools, weights: Floats) -> Between:
    """How many of `among` are `of`, by weight."""
    chosen = weights[among]
    if not len(chosen):
        return wilson(0.0, 0)
    share = float(chosen[of[among]].sum() / chosen.sum())
    return wilson(min(share, 1.0), float(chosen.sum() ** 2 / (chosen**2).sum()))
