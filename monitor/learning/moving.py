"""Whether a revision's thresholds move: only where what staff said gives reason."""

from __future__ import annotations

from monitor.domain.judgement import Thresholds
from monitor.learning import fitting
from monitor.learning.fitting import TooFewError
from monitor.learning.metrics import Bools, Floats, Measured


def with_reason(scores: Floats, complaint: Bools, weights: Floats, kept: Thresholds) -> Thresholds:
    """The kept thresholds, but for what lies outside the 95 % interval of what the corrections ask for.

    `scores` are of corrections that the head did not learn from. Fewer than 50 complaints, or fewer
    than 50 others, are no reason: chance alone would move something.
    """
    try:
        asked = fitting.fit(scores, complaint, weights, kept)
    except TooFewError:
        return kept
    alert = _moved(kept.alert, asked.alert)
    return Thresholds(alert, min(_moved(kept.review, asked.review), alert), kept.question)


def _moved(kept: float, asked: Measured) -> float:
    return kept if asked.low <= kept <= asked.high else asked.value
