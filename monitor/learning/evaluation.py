"""How good a classifier is on labelled texts, by group, with the intervals that so few texts allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.classifiers import apart
from monitor.domain.chance import Between, wilson
from monitor.domain.correction import Said
from monitor.domain.errors import JudgementError
from monitor.domain.judgement import Thresholds
from monitor.learning.metrics import (
    Bools,
    Floats,
    Measured,
    calibration_error,
    measured_auc,
    measured_f1,
)
from monitor.learning.scoring import as_post
from monitor.learning.texts import Labelled
from monitor.ports import Classifier

ALL = "all"
BATCH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one group of texts. A figure is None where there is nothing to have it of."""

    by: str
    name: str
    n: int
    complaints: int
    precision: Between | None
    """Of what alerts."""
    recall: Between | None
    """Of complaints: those that alert."""
    found: Between | None
    """Of complaints: those that alert or are asked about."""
    false_alerts: Between | None
    """Of the rest: those that alert."""
    macro_f1: Measured | None
    """None, as AUC is, where all are complaints or none is: half of the mean would be of no texts."""
    auc: Measured | None
    calibration_error: float


def judge(
    classifier: Classifier, texts: Sequence[str], done: Callable[[int], None] = lambda _: None
) -> Floats:
    """P(complaint) of each text, NaN of one to which the model gives none.

    `done` hears how many more are judged.
    """
    found: list[float] = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        said = apart.judged(classifier, [as_post(one) for one in batch])
        found += [np.nan if isinstance(one, JudgementError) else one.complaint for one in said]
        done(len(batch))
    return np.array(found)


def evaluate(rows: Sequence[Labelled], found: Floats, limits: Thresholds) -> list[Figures]:
    """The figures of all rows, then of each group that they name, in order."""
    complaint = np.array([one.said is Said.COMPLAINT for one in rows], dtype=bool)
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, one in enumerate(rows):
        for by, name in one.groups.items():
            groups[by, name].append(at)
    whole = _figures(ALL, ALL, found, complaint, limits)
    parts = [
        _figures(by, name, found[which], complaint[which], limits)
        for (by, name), which in sorted(groups.items())
        if len(which) < len(rows)
    ]
    return [whole, *parts]


def _figures(by: str, name: str, found: Floats, complaint: Bools, limits: Thresholds) -> Figures:
    alerts, asked = found >= limits.alert, found >= min(limits.review, limits.alert)
    both = complaint.any() and not complaint.all()
    return Figures(
        by=by,
        name=name,
        n=len(found),
        complaints=int(complaint.sum()),
        precision=_share(complaint, alerts),
        recall=_share(alerts, complaint),
        found=_share(asked, complaint),
        false_alerts=_share(alerts, ~complaint),
        macro_f1=measured_f1(alerts, complaint) if both else None,
        auc=measured_auc(found, complaint) if both else None,
        calibration_error=calibration_error(found, complaint),
    )


def _share(of: Bools, among: Bools) -> Between | None:
    n = int(among.sum())
    return wilson(float(of[among].mean()), n) if n else None
