"""Triage: from a judgement to what happens to a post, by thresholds and transparent rules."""

from __future__ import annotations

from monitor.domain.judgement import Band, Judgement, Severity, Thresholds, Verdict
from monitor.domain.lexicon import Lexicon, Reading
from monitor.domain.post import AUTOMATIC, Post

LOW_RATING = 2.0
"""A review of one or two stars is a complaint whatever its words."""
WIDE_REACH = 10_000
"""Followers from which an unanswered complaint is seen by a crowd."""


def verdict(post: Post, judgement: Judgement, thresholds: Thresholds, lexicon: Lexicon) -> Verdict:
    """The decision on one post, with its reason in words for people.

    It rests on the post alone. The customer's earlier cases do not raise it: which of them are known
    depends on the order in which posts were learnt, and targets must not.
    """
    reading = lexicon.read(f"{post.title or ''}\n{post.text}")
    band, why = _band(post, judgement, thresholds, reading)
    severity, raised_by = _severity(post, reading)
    question = judgement.question >= thresholds.question and post.via != AUTOMATIC
    reasons = [why, *reading.because, *raised_by]
    if band is Band.PASS and question:
        reasons.append(f"a question ({judgement.question:.2f})")
    return Verdict(
        band=band,
        severity=severity,
        topics=reading.topics,
        reason="; ".join(reasons),
        asks=band is not Band.PASS or question,
    )


def _band(
    post: Post, judgement: Judgement, thresholds: Thresholds, reading: Reading
) -> tuple[Band, str]:
    score = judgement.complaint
    if post.via == AUTOMATIC:
        return _unless_grave("a machine wrote it, as it says itself", reading)
    if post.rating is not None and post.rating <= LOW_RATING:
        return Band.ALERT, f"rated {post.rating:g} of 5 (score {score:.2f})"
    if score >= thresholds.alert:
        return Band.ALERT, f"score {score:.2f}, alert from {thresholds.alert:.2f}"
    if score >= thresholds.review:
        return (
            Band.REVIEW,
            f"score {score:.2f}, unsure between {thresholds.review:.2f} and {thresholds.alert:.2f}",
        )
    # the model takes mockery for praise
    return _unless_grave(f"score {score:.2f}, below {thresholds.review:.2f}", reading)


def _unless_grave(why: str, reading: Reading) -> tuple[Band, str]:
    """Let it pass; but where the words are grave, a person looks."""
    if reading.severity is not None and reading.severity >= Severity.HIGH:
        return Band.REVIEW, f"{why}, but its words are grave"
    return Band.PASS, why


def _severity(post: Post, reading: Reading) -> tuple[Severity, list[str]]:
    severity = reading.severity if reading.severity is not None else Severity.NORMAL
    raised = []
    if (post.author.followers or 0) >= WIDE_REACH:
        raised.append(f"{post.author.followers} followers")
    # HIGH is as far as circumstances raise; CRITICAL is for what the words themselves say
    if raised and severity < Severity.HIGH:
        severity = Severity(severity + 1)
    return severity, raised
