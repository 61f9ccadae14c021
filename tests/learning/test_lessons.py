"""What training is shown: how sure labels are, misspelt copies, and the teachers' word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monitor.domain.judgement import Label
from monitor.learning.corpora import Example

pytestmark = pytest.mark.needs("torch")

OWN = Example(
    "Coletul a ajuns în țăndări, mulțumesc frumos", Label.COMPLAINT, "ro", "project", "train"
)
PUBLIC = Example("lovely weather", Label.OTHER, "en", "goemotions", "train")


def test_a_label_is_almost_certain_and_own_texts_are_shown_more_often() -> None:
    from monitor.learning.lessons import hard

    own, public = hard([OWN, PUBLIC], own=2)
    assert (own.times, public.times) == (2, 1)
    assert sum(own.target) == pytest.approx(1)
    assert max(own.target) == own.target[list(Label).index(Label.COMPLAINT)]
    assert 0.9 < max(own.target) < 1


def test_bare_statements_are_shown_twice_as_often() -> None:
    from monitor.learning.lessons import hard

    bare = replace(OWN, label=Label.OTHER, phenomena=("neutral", "short"))
    aimed = replace(OWN, label=Label.OTHER, phenomena=("off_target", "neutral"))
    theirs = replace(bare, corpus="goemotions")
    assert [one.times for one in hard([bare, aimed, theirs])] == [2, 1, 1]


def test_a_misspelt_copy_has_no_diacritics_and_slips_the_same_way_each_time() -> None:
    from monitor.learning.lessons import misspelt, slips

    (copy,) = misspelt([OWN, PUBLIC])
    assert copy.label is OWN.label
    assert copy.text.isascii()
    assert copy.text == slips(OWN.text)
    long = "Coletul cu pantofii comandati saptamana trecuta lipseste " * 20
    assert slips(long).lower() != long.lower().strip()
    assert len(slips(long).split()) == len(long.split())


def test_where_a_label_is_known_teachers_are_half_believed_and_wholly_elsewhere() -> None:
    from monitor.learning.lessons import distilled, hard

    labelled = hard([OWN], own=2)
    thought = np.array([[0.2, 0.2, 0.2, 0.4], [0.1, 0.1, 0.1, 0.7]])
    known, unknown = distilled([OWN.text, PUBLIC.text], thought, labelled)
    assert known.times == 2
    assert known.target[0] == pytest.approx((0.2 + labelled[0].target[0]) / 2)
    assert unknown.target == pytest.approx((0.1, 0.1, 0.1, 0.7))
    assert unknown.times == 1
