"""What people said of verdicts, taken together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.domain.correction import Correction, How, Said, counted, latest
from monitor.domain.judgement import Label

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def said(what: Said, minute: int = 0, how: How = How.CORRECTED, **more: Any) -> Correction:
    facts: dict[str, Any] = {
        "brand_id": 1,
        "post_id": 1,
        "by": "ana",
        "judged": None,
        "sources": (),
    }
    at = NOON + timedelta(minutes=minute)
    return Correction(said=what, how=how, at=at, **(facts | more))


def test_the_last_word_counts_and_what_was_said_beats_what_an_answer_implies() -> None:
    first, last = said(Said.PRAISE), said(Said.COMPLAINT, 5)
    tacit = said(Said.COMPLAINT, 60, How.ANSWERED)
    assert latest([last, first]) == [last]
    assert latest([tacit, first]) == [first]
    assert latest([tacit]) == [tacit]
    other = said(Said.OTHER, post_id=2)
    assert latest([other, first]) == [first, other]


def test_saying_what_it_is_not_leaves_three_classes_open() -> None:
    assert Said.NOT_A_COMPLAINT.may_be == {Label.QUESTION, Label.PRAISE, Label.OTHER}
    assert Said.PRAISE.may_be == {Label.PRAISE}


def test_they_are_counted_by_act() -> None:
    found = counted([said(Said.COMPLAINT), said(Said.PRAISE), said(Said.COMPLAINT, how=How.OPENED)])
    assert (found[How.CORRECTED], found[How.OPENED]) == ((1, 1), (1, 0))
    assert found[How.DISMISSED] == (0, 0)
