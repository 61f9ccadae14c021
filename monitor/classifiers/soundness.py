"""Scores that are no numbers: the fault of an odd text, or of a model that is broken as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from monitor.domain.errors import ClassifierError, JudgementError

Rows = Iterable[Sequence[float]]

_PLAIN = "Where is my order?"


def refuse_no_numbers(model: str, rows: Rows, judge: Callable[[list[str]], Rows]) -> None:
    """Do nothing where all scores are numbers; else have the model judge a plain text, too.

    Raises:
        JudgementError: of the plain text it gives numbers, so that only these posts need stand aside.
        ClassifierError: of the plain text it gives none either, so that all posts wait.

    """
    if _are_numbers(rows):
        return
    if not _are_numbers(judge([_PLAIN])):
        raise ClassifierError("the classifier's scores are not numbers: are its weights whole?")
    raise JudgementError(model, "a score that is no number")


def _are_numbers(rows: Rows) -> bool:
    return all(math.isfinite(one) for row in rows for one in row)
