"""A notice as the stages make it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import CaseCard, Notice, NoticeKind, Reason

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


class NoSecrets:
    """Knows the secrets it was given."""

    def __init__(self, **known: str) -> None:
        self._known = known

    def get(self, name: str, /) -> str:
        if name not in self._known:
            raise ConfigError(f"the secret {name} is missing")
        return self._known[name]

    def put(self, name: str, value: str, /) -> None:
        self._known[name] = value
