"""Reports to be rendered: small ones with every state in them, and hostile ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.domain.event import DismissalReason
from monitor.domain.judgement import Severity
from monitor.domain.notice import SourceHealth
from monitor.domain.report import Period, Report, build
from monitor.domain.sla import WaitFacts
from monitor.domain.wait import Outcome
from tests.domain import histories
from tests.domain.histories import NOON, at

ZONE = ZoneInfo("Europe/Bucharest")
PERIOD = Period(NOON, NOON + timedelta(days=7))
AS_OF = NOON + timedelta(days=8)
EVIL = '=1+1"><script>alert(1)</script>\u202e$x_{$ {{7*7}} \ud83d'
"""A name that would be a formula, markup, a template, mathematics, and a trick on the eye."""


def a_wait(case_id: int, **changes: Any) -> WaitFacts:
    return histories.a_wait(case_id, **{"first_seen_at": at(5), "due_at": at(240), **changes})


def answered(case_id: int, minute: float, **changes: Any) -> WaitFacts:
    return a_wait(case_id, **{"ended_at": at(minute), "outcome": Outcome.ANSWERED, **changes})


EVERYTHING = (
    answered(1, 60),
    answered(2, 300, severity=Severity.HIGH, network="x"),
    a_wait(3, network="x", owner=None),
    a_wait(4, network="mastodon", topics=()),
    a_wait(5, started_at=at(7000), due_at=AS_OF + timedelta(hours=1)),
    answered(6, 30, outcome=Outcome.WITHDRAWN),
    answered(7, 500, outcome=Outcome.DISMISSED)._replace(
        dismissed=DismissalReason.DUPLICATE, dismissed_at=at(500)
    ),
    answered(8, 60, outcome=Outcome.ANSWERED_ELSEWHERE, severity=Severity.CRITICAL),
    a_wait(9, confirmed=False),
    answered(10, 70, ended_after=at(20)),
)
"""Every state and everything that is told beside it."""


def health(read_through: datetime | None = AS_OF, **changes: Any) -> SourceHealth:
    facts: dict[str, Any] = {
        "source": "feed",
        "stream": "all",
        "network": "forum",
        "read_through": read_through,
        "failing_since": None,
        "problem": None,
    }
    return SourceHealth(**facts | changes)


def report(*waits: WaitFacts, sources: tuple[SourceHealth, ...] = (health(),)) -> Report:
    return build(
        waits,
        brand="Shop",
        period=PERIOD,
        as_of=AS_OF,
        read_through={"forum": AS_OF, "x": AS_OF},
        sources=sources,
    )
