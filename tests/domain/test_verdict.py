from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import JudgementError
from monitor.domain.judgement import Band, Judgement, Severity, Thresholds, Verdict
from monitor.domain.lexicon import lexicon_from
from monitor.domain.post import AUTOMATIC, Author, Post, PostKey
from monitor.domain.verdict import LOW_RATING, WIDE_REACH, verdict

LEXICON = lexicon_from(
    {
        "fun": {"topic": "fun", "severity": "low", "words": ["raffle"]},
        "delivery": {"topic": "delivery", "words": ["parcel*"]},
        "legal": {"topic": "legal", "severity": "high", "words": ["anpc"]},
        "safety": {"topic": "safety", "severity": "critical", "words": ["fire"]},
    }
)
LINES = Thresholds(alert=0.6, review=0.3, question=0.5)
RISING = [Band.PASS, Band.REVIEW, Band.ALERT]

scores = st.floats(0, 1)
words = st.lists(st.sampled_from(["raffle", "parcel", "anpc", "fire", "hello"])).map(" ".join)
ratings = st.none() | st.floats(1, 5)
followers = st.none() | st.integers(0, 10 * WIDE_REACH)


def post(text: str = "hello", **fields: Any) -> Post:
    return Post(
        key=PostKey("x", "1"),
        thread="1",
        text=text,
        posted_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        **fields,
    )


def judged(complaint: float, question: float = 0) -> Judgement:
    return Judgement(complaint, question, praise=0, other=0, language="en", model="m@1")


def decide(one: Post, complaint: float, question: float = 0) -> Verdict:
    return verdict(one, judged(complaint, question), LINES, LEXICON)


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0.0, Band.PASS),
        (0.2999, Band.PASS),
        (0.3, Band.REVIEW),
        (0.5999, Band.REVIEW),
        (0.6, Band.ALERT),
        (1.0, Band.ALERT),
    ],
)
def test_a_score_on_a_threshold_is_over_it(score: float, band: Band) -> None:
    assert decide(post(), score).band is band


@given(scores, scores, ratings, words)
def test_a_higher_score_never_means_less(
    one: float, other: float, rating: float | None, text: str
) -> None:
    lower, higher = (decide(post(text, rating=rating), score) for score in sorted([one, other]))
    assert RISING.index(lower.band) <= RISING.index(higher.band)
    assert lower.asks <= higher.asks
    assert lower.severity == higher.severity


@given(scores, st.floats(0, LOW_RATING), words)
def test_one_or_two_stars_always_alert(score: float, rating: float, text: str) -> None:
    said = decide(post(text, rating=rating), score)
    assert said.band is Band.ALERT
    assert said.asks
    assert said.reason.startswith(f"rated {rating:g} of 5")


@given(scores, st.floats(2.5, 5))
def test_more_stars_leave_it_to_the_score(score: float, rating: float) -> None:
    assert decide(post(rating=rating), score).band is decide(post(), score).band


@given(words, scores, followers)
def test_reach_never_lowers_the_severity(text: str, score: float, count: int | None) -> None:
    one = post(text)
    known = replace(one, author=Author(followers=count))
    alone = decide(one, score).severity
    raised = decide(known, score).severity
    assert alone <= raised <= max(alone, Severity.HIGH)


@pytest.mark.parametrize(
    ("text", "count", "severity"),
    [
        ("hello", None, Severity.NORMAL),
        ("hello", WIDE_REACH - 1, Severity.NORMAL),
        ("hello", WIDE_REACH, Severity.HIGH),
        ("raffle", None, Severity.LOW),
        ("raffle", WIDE_REACH, Severity.NORMAL),
        ("anpc", WIDE_REACH, Severity.HIGH),
        ("fire", None, Severity.CRITICAL),
        ("fire", WIDE_REACH, Severity.CRITICAL),
    ],
)
def test_circumstances_raise_by_one_and_to_high_at_most(
    text: str, count: int | None, severity: Severity
) -> None:
    one = post(text, author=Author(followers=count))
    assert decide(one, 0.9).severity is severity


@pytest.mark.parametrize(
    ("complaint", "question", "asks"),
    [(0.1, 0.49, False), (0.1, 0.5, True), (0.3, 0.0, True), (0.9, 0.0, True)],
)
def test_a_complaint_a_doubt_or_a_question_asks_for_an_answer(
    complaint: float, question: float, asks: bool
) -> None:
    assert decide(post(), complaint, question).asks is asks


def test_title_and_text_are_both_read_but_no_phrase_joins_them() -> None:
    assert decide(post("to anpc", title="My parcel"), 0.9).topics == ("delivery", "legal")
    joined = lexicon_from({"x": {"topic": "x", "words": ["my parcel"]}})
    said = verdict(post("parcel", title="my"), judged(0.9), LINES, joined)
    assert said.topics == ()


def test_the_reason_tells_all_that_decided() -> None:
    one = post("the parcel is on fire", author=Author(followers=20_000))
    assert decide(one, 0.91).reason == (
        'score 0.91, alert from 0.60; safety: "fire"; delivery: "parcel*"; 20000 followers'
    )
    assert decide(post(), 0.45).reason == "score 0.45, unsure between 0.30 and 0.60"
    assert decide(post(), 0.1, 0.8).reason == "score 0.10, below 0.30; a question (0.80)"


@pytest.mark.parametrize("score", [float("nan"), -0.1, 1.1])
def test_what_is_no_probability_is_refused_and_not_let_pass(score: float) -> None:
    with pytest.raises(JudgementError, match="no probability"):
        judged(score)


@pytest.mark.parametrize("text", ["lawyers at anpc, great service", "it caught fire, love it"])
def test_grave_words_are_never_let_pass_without_a_person(text: str) -> None:
    said = decide(post(text), 0.01)
    assert (said.band, said.asks) == (Band.REVIEW, True)
    assert "its words are grave" in said.reason
    assert decide(post("raffle parcel"), 0.01).band is Band.PASS


@given(score=scores, question=scores)
def test_what_a_machine_says_it_wrote_asks_nothing_unless_its_words_are_grave(
    score: float, question: float
) -> None:
    note = decide(post("I am out of the office", via=AUTOMATIC), score, question)
    assert (note.band, note.asks) == (Band.PASS, False)
    assert "a machine wrote it" in note.reason
    grave = decide(post("your case at anpc", via=AUTOMATIC), score, question)
    assert (grave.band, grave.asks) == (Band.REVIEW, True)
