"""The figures of a classifier on labelled texts."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.domain.correction import Said
from monitor.domain.judgement import Thresholds
from monitor.learning.evaluation import evaluate, judge
from monitor.learning.metrics import calibration_error
from monitor.learning.texts import Labelled
from tests.cli.keywords import Keywords

LIMITS = Thresholds(alert=0.7, review=0.3)


def rows() -> list[Labelled]:
    said = [Said.COMPLAINT, Said.COMPLAINT, Said.PRAISE, Said.NOT_A_COMPLAINT] * 10
    langs = ["en", "ro"] * 20
    words = ["awful", "hmm", "nice", "awful"] * 10
    return [
        Labelled(text, one, {"language": lang})
        for text, one, lang in zip(words, said, langs, strict=True)
    ]


def test_every_text_counts_in_the_whole_and_in_its_groups() -> None:
    done: list[int] = []
    found = judge(Keywords(Keywords.Options()), [one.text for one in rows()], done.append)
    assert sum(done) == 40
    whole, english, romanian = evaluate(rows(), found, LIMITS)
    assert (whole.n, whole.complaints, whole.by) == (40, 20, "all")
    assert whole.precision is not None
    assert whole.precision.value == pytest.approx(0.5)
    assert 0.29 < whole.precision.low < 0.5 < whole.precision.high < 0.71
    assert whole.recall is not None
    assert whole.recall.value == pytest.approx(0.5)
    assert whole.found is not None
    assert whole.found.value == pytest.approx(1.0)
    assert whole.false_alerts is not None
    assert whole.false_alerts.value == pytest.approx(0.5)
    assert (english.name, english.n, english.auc and english.auc.value) == ("en", 20, 1.0)
    assert (romanian.name, romanian.complaints) == ("ro", 10)


def test_what_cannot_be_measured_is_left_open() -> None:
    [only] = evaluate([Labelled("nice", Said.PRAISE, {})], np.array([0.1]), LIMITS)
    assert (only.precision, only.recall, only.auc) == (None, None, None)
    assert only.macro_f1 is None
    [perfect] = evaluate([Labelled("awful", Said.COMPLAINT, {})] * 9, np.ones(9), LIMITS)
    assert (perfect.macro_f1, perfect.auc) == (None, None)
    assert judge(Keywords(Keywords.Options()), []).shape == (0,)
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, dtype=bool)))


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    chance = np.random.default_rng(1)
    scores = chance.random(20_000)
    truth = chance.random(20_000) < scores
    assert calibration_error(scores, truth) < 0.02
    assert calibration_error(np.full(100, 0.9), np.zeros(100, dtype=bool)) == pytest.approx(0.9)
    assert calibration_error(np.ones(3), np.ones(3, dtype=bool)) == 0
