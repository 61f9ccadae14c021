"""Make scores mean what they say, and choose where alert and review begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.domain.judgement import Label

Scores = NDArray[np.float64]
Truth = NDArray[np.int64]

PRECISION = 0.85
"""Of what alerts, at least."""
RECALL = 0.95
"""Of what alerts or is asked about, at least."""
_COMPLAINT, _QUESTION = 0, 1


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `model.json` says of how to read the scores."""

    temperature: float
    alert: float
    review: float
    question: float


def calibrate(scores: Scores, truth: Truth) -> Calibration:
    """Fit all four on development texts. `scores` are uncalibrated probabilities, n x 4."""
    best = temperature(scores, truth)
    fitted = heated(scores, best)
    complaint = truth == _COMPLAINT
    alert = alert_threshold(fitted[:, _COMPLAINT], complaint)
    review = review_threshold(fitted[:, _COMPLAINT], complaint)
    question = _best_f1(fitted[:, _QUESTION], truth == _QUESTION)
    return Calibration(round(best, 4), alert, min(review, alert), question)


def heated(scores: Scores, by: float) -> Scores:
    """Probabilities at another temperature: above 1 less sure, below 1 surer."""
    raised = np.log(np.clip(scores, 1e-12, 1)) / by
    raised = np.exp(raised - raised.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def temperature(scores: Scores, truth: Truth) -> float:
    """The temperature with the least surprise (negative log likelihood), between 0.3 and 4."""

    def surprise(by: float) -> float:
        true = heated(scores, by)[np.arange(len(truth)), truth]
        return float(-np.log(np.clip(true, 1e-12, 1)).mean())

    return float(min(np.geomspace(0.3, 4, 200), key=surprise))


def alert_threshold(scores: Scores, complaint: NDArray[np.bool_]) -> float:
    """Best macro-F1 among the thresholds whose precision is at least .85 (else the most precise)."""
    steps = [float(one) for one in np.arange(0.05, 0.96, 0.01).round(2)]
    precise = [one for one in steps if precision(scores >= one, complaint) >= PRECISION]
    if not precise:
        return max(steps, key=lambda one: precision(scores >= one, complaint))
    return max(precise, key=lambda one: macro_f1(scores >= one, complaint))


def review_threshold(scores: Scores, complaint: NDArray[np.bool_]) -> float:
    """The highest threshold that still finds 95 % of the complaints."""
    found = np.sort(scores[complaint])
    missed = int(len(found) * (1 - RECALL))
    return float(np.floor(found[missed] * 1000) / 1000) if len(found) else 0.5


def _best_f1(scores: Scores, truth: NDArray[np.bool_]) -> float:
    steps = [float(one) for one in np.arange(0.2, 0.81, 0.01).round(2)]
    return max(steps, key=lambda one: f1(scores >= one, truth))


def precision(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Share of what was said that is true; 0 where nothing was said."""
    return float((said & truth).sum() / said.sum()) if said.any() else 0.0


def f1(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Harmonic mean of precision and recall; 0 where nothing was both said and true."""
    both = int((said & truth).sum())
    return 2 * both / int(said.sum() + truth.sum()) if both else 0.0


def macro_f1(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Mean of F1 for complaints and F1 for the rest."""
    return (f1(said, truth) + f1(~said, ~truth)) / 2


def classes(labels: list[Label]) -> Truth:
    """Labels as indices, in the order of the head."""
    return np.array([list(Label).index(one) for one in labels], dtype=np.int64)
