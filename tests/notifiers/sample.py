"""A notice as the stages make it, and what it can hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import CaseCard, Digest, DigestLine, Notice, NoticeKind, Reason
from monitor.domain.storm import Common, Group, Storm

NOW = datetime(2026, 3, 3, 12, 10, tzinfo=UTC)

CARD = CaseCard(
    case_id=1,
    brand="Acme",
    network="reddit",
    status="open",
    band=Band.ALERT,
    severity=Severity.NORMAL,
    topics=("refund",),
    why="score 0.93",
    author="@dana",
    followers=None,
    title=None,
    text="Still no refund, unde sunt banii?",
    lang="en",
    rating=None,
    url="https://reddit.example/1",
    posted_at=NOW - timedelta(hours=2),
    first_seen_at=NOW - timedelta(hours=2),
    due_at=NOW + timedelta(hours=2),
    waited=timedelta(hours=2),
    answered_at=None,
    answer_text=None,
    owner=None,
    level=0,
)

LINE = DigestLine(
    case_id=12,
    network="reddit",
    severity=Severity.HIGH,
    topics=("refund",),
    title=None,
    text="Still no refund",
    author="@dana",
    url="https://reddit.example/1",
    waiting_since=NOW - timedelta(hours=2),
    waited=timedelta(hours=2),
    due_at=None,
    owner=None,
)

NOTHING = Digest(
    brand="Acme",
    day=date(2026, 3, 3),
    as_of=NOW,
    overdue=(),
    at_risk=(),
    new=(),
    other=(),
    unconfirmed=(),
    sources=(),
    unjudged=0,
)
"""A digest of nothing."""


def card_notice(**changes: Any) -> Notice:
    """An alert of one case; `changes` are fields of the notice or of its card."""
    fields = {name: changes.pop(name) for name in list(changes) if name in Notice.__slots__}
    notice = Notice(
        key="alert:1:1",
        kind=NoticeKind.ALERT,
        audience="#care",
        reason=Reason.OPENED,
        brand="Acme",
        content=replace(CARD, **changes),
        written_at=NOW,
    )
    return replace(notice, **fields)


def storm_notice() -> Notice:
    """The message that stands for thirty alarms."""
    its = Storm(
        brand="Acme",
        group=Group(Common.TOPIC, "refund"),
        since=NOW,
        until=NOW,
        alone=0,
        cases=30,
        open=30,
    )
    return replace(card_notice(key="storm:1f", kind=NoticeKind.STORM), content=its)
