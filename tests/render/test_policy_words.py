"""Why a step is told, or not, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from monitor.domain.case import Case, fold
from monitor.domain.escalation import Firing
from monitor.domain.escalation_ahead import Told
from monitor.domain.event import Acknowledged, Escalated, Opened
from monitor.domain.hours import BusinessHours
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.policy import Anchor, Rule
from monitor.domain.rota import Person, Staff
from monitor.render.policy_words import when, why
from tests.domain.histories import an_ask, at, record
from tests.domain.test_escalation import rule, step

CHAIN = rule(
    step("soon", 30, repeats=3),
    step("warned", -30, Anchor.DUE),
    step("late", 0, Anchor.DUE),
    step("later", 90, Anchor.DUE),
    step("at once", 0),
)
ASKED = fold([record(1, 0, Opened(an_ask(1, 0)))])
SEEN = replace(ASKED, acknowledged=Acknowledged(at(45), 1, 1, "r"))
ANA = Person(name="ana", audience="#ana", awake=BusinessHours(zone="UTC", weekly=(((0, 60),),) * 7))


def said(
    name: str,
    reason: Reason,
    *,
    case: Case = ASKED,
    staff: Staff | None = None,
    chain: Rule = CHAIN,
) -> str:
    notice = Planned("k", NoticeKind.ESCALATION, "#ana", reason, at(0), 1, name)
    told = Told(at(0), Firing(at(0), Escalated(1, name, 1, "r"), (notice,)))
    return why(notice, told, rule=chain, case=case, staff=staff or Staff(), zone=UTC)


def test_the_moment_of_a_step_is_said_on_the_policys_clock() -> None:
    assert [when(one) for one in CHAIN.steps] == [
        "30 min after the complaint",
        "30 min before the target",
        "the target is missed",
        "1 h 30 min after the target",
        "at once",
    ]


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("soon", Reason.STEP_DUE, "30 min after the complaint"),
        ("soon#2", Reason.STEP_DUE, "again, 2 of at most 3, every 10 min"),
        ("alert", Reason.OPENED, "the card of the case"),
        ("alert", Reason.STEP_DUE, "the card of the case"),
        ("gone", Reason.STEP_DUE, "a step of the policy"),
        ("late", Reason.NOBODY_ON_CALL, "the target is missed; told here, as nobody is behind"),
        ("soon", Reason.SUPERSEDED, "not told: a higher step"),
        ("soon#1", Reason.ACKNOWLEDGED, "not told: acknowledged"),
        ("soon", Reason.QUIET_HOURS, "in one summary when the quiet hours end"),
        ("soon", Reason.SHADOW, "shadow"),
    ],
)
def test_every_reason_is_said(name: str, reason: Reason, words: str) -> None:
    assert words in said(name, reason)


def test_until_when_is_said() -> None:
    assert said("soon#1", Reason.ACKNOWLEDGED, case=SEEN).endswith("until Mon 4 May 2026 12:45 UTC")
    asleep = said("soon", Reason.QUIET_HOURS, staff=Staff({"ana": ANA}))
    assert "ana sleeps until Tue 5 May 2026 00:00 UTC; then in one summary" in asleep
