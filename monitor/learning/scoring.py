"""Ask a classifier about bare texts, as training, calibration and evaluation do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from monitor.domain.post import Post, PostKey
from monitor.learning.calibration import Scores
from monitor.ports import Classifier

_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def scores(classifier: Classifier, texts: Sequence[str]) -> Scores:
    """The four probabilities of each text, n x 4."""
    judged = classifier.classify([as_post(text) for text in texts])
    return np.array([[one.complaint, one.question, one.praise, one.other] for one in judged])


def as_post(text: str) -> Post:
    """A post of which nothing is known but its text."""
    return Post(key=PostKey("text", "1"), thread="1", text=text, posted_at=_SOME_TIME)
