"""Random but sensible histories of a case, for the properties of fold, store and escalation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    Ask,
    AskKind,
    Assigned,
    Channel,
    Claimed,
    Confirmed,
    ContactNoted,
    DismissalReason,
    Dismissed,
    Escalated,
    Event,
    FollowedUp,
    Opened,
    Record,
    Rejudged,
    Snoozed,
    Undone,
    Withdrawn,
)
from monitor.domain.judgement import Band, Severity
from monitor.domain.sla import WaitFacts

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def an_ask(
    post: int,
    minute: float,
    *,
    band: Band = Band.ALERT,
    kind: AskKind = AskKind.COMPLAINT,
    severity: Severity = Severity.NORMAL,
    rule: str = "r",
) -> Ask:
    """A post that wants an answer within an hour."""
    return Ask(
        post=post,
        kind=kind,
        band=band,
        severity=severity,
        topics=("delivery",),
        first_seen_at=at(minute),
        due_at=at(minute + 60),
        rule=rule,
    )


def record(seq: int, minute: float, event: Event, by: str = "ana") -> Record:
    """A record learnt at once."""
    return Record(seq, at(minute), at(minute), by, event)


@st.composite
def histories(draw: st.DrawFn, longest: int = 14) -> tuple[Record, ...]:
    """A case that opens and then has anything happen to it."""
    records = [record(1, 0, Opened(an_ask(1, 0, band=draw(st.sampled_from(Band)))))]
    for seq in range(2, draw(st.integers(1, longest)) + 1):
        minute = draw(st.integers(0, 200))
        records.append(record(seq, minute, draw(_events(seq, minute))))
    return tuple(records)


def _events(seq: int, minute: int) -> st.SearchStrategy[Event]:
    posts = st.integers(1, 4)
    answers = st.integers(100, 102)
    kinds = st.sampled_from(AskKind)
    later = st.integers(1, 120).map(lambda more: at(minute + more))
    asks = st.builds(
        lambda post, kind, graver: an_ask(
            post,
            minute,
            kind=kind,
            severity=Severity.CRITICAL if graver else Severity.NORMAL,
            rule="grave" if graver else "r",
        ),
        posts,
        kinds,
        st.booleans(),
    )
    waits, levels, rules = st.integers(1, 2), st.integers(0, 2), st.sampled_from(["r", "grave"])
    on_the_table = st.lists(posts, unique=True).map(tuple)
    steps = st.sampled_from(["soon", "late"])
    return st.one_of(
        asks.map(FollowedUp),
        asks.map(lambda ask: Rejudged(ask.post, ask)),
        posts.map(lambda post: Rejudged(post, None)),
        posts.map(Withdrawn),
        answers.map(Answered),
        answers.map(AnswerWithdrawn),
        st.just(AnsweredElsewhere(Channel.PHONE)),
        st.just(Confirmed()),
        st.builds(Dismissed, st.sampled_from(DismissalReason), on_the_table),
        st.just(Claimed()),
        st.just(Assigned("bogdan")),
        st.builds(Acknowledged, later, waits, levels, rules),
        st.builds(ContactNoted, st.sampled_from(Channel), st.just(1)),
        st.builds(Snoozed, later, waits, st.sampled_from([None, 1])),
        st.builds(Escalated, waits, steps, levels, rules),
        st.integers(1, max(1, seq - 1)).map(Undone),
    )


def a_wait(case_id: int = 1, **changes: Any) -> WaitFacts:
    """An hour to answer it, nobody has."""
    plain = WaitFacts(
        case_id=case_id,
        number=1,
        network="forum",
        severity=Severity.NORMAL,
        topics=("delivery",),
        owner="ana",
        confirmed=True,
        started_at=at(0),
        first_seen_at=at(1),
        due_at=at(60),
    )
    return plain._replace(**changes)
