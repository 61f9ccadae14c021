"""Who is told when a step names people: sleepers, who is on call, and nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.case import fold
from monitor.domain.escalation import Watched, decide
from monitor.domain.event import Opened
from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Severity
from monitor.domain.notice import Reason
from monitor.domain.policy import Anchor, Step
from monitor.domain.rota import Person, Recipient, Staff
from tests.domain.histories import an_ask, at, record
from tests.domain.test_escalation import LONG_AGO, rule

BY_DAY = BusinessHours(zone="Europe/Bucharest", weekly=(((420, 1320),),) * 7)
"""07:00 to 22:00."""
ANA = Person(name="ana", audience="email:ana@shop.example", awake=BY_DAY)
CARL = Person(name="carl", audience="#care", awake=BY_DAY)
BOGDAN = Person(name="bogdan", audience="slack:U1")
NIGHT = datetime(2026, 5, 4, 23, 0, tzinfo=UTC)
DAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
STAFF = Staff({"ana": ANA, "bogdan": BOGDAN}, lambda _, at: ("ana",) if at == NIGHT else ())


def told(*names: str, moment: datetime, severity: Severity = Severity.NORMAL) -> list[Recipient]:
    return list(STAFF.recipients(names, at=moment, severity=severity))


def test_a_person_is_let_sleep_but_not_from_what_is_critical() -> None:
    assert told("person:ana", moment=DAY) == [Recipient(ANA.audience)]
    assert told("person:ana", moment=NIGHT) == [Recipient(ANA.audience, Reason.QUIET_HOURS)]
    assert told("person:ana", moment=NIGHT, severity=Severity.CRITICAL) == [Recipient(ANA.audience)]


def test_quiet_hours_are_of_the_persons_own_zone() -> None:
    late = datetime(2026, 5, 4, 19, 30, tzinfo=UTC)  # 22:30 in Bucharest
    assert told("person:ana", moment=late) == [Recipient(ANA.audience, Reason.QUIET_HOURS)]
    assert told("person:ana", moment=late - timedelta(hours=1)) == [Recipient(ANA.audience)]


def test_who_is_on_call_is_woken() -> None:
    assert told("rota:care", moment=NIGHT) == [Recipient(ANA.audience)]
    assert told("person:ana", "rota:care", moment=NIGHT) == [Recipient(ANA.audience)]


def test_each_place_is_told_once() -> None:
    names = ("slack:U1", "person:bogdan", "slack:#leads", "person:bogdan")
    assert told(*names, moment=DAY) == [Recipient("slack:U1"), Recipient("slack:#leads")]


def test_whose_place_it_is_can_be_told() -> None:
    assert STAFF.person_at("slack:U1") == BOGDAN
    assert STAFF.person_at("slack:#leads") is None


def test_where_nobody_is_on_call_the_policys_own_place_is_told() -> None:
    chain = rule(
        Step(
            name="page",
            anchor=Anchor.START,
            offset=timedelta(minutes=5),
            audiences=("rota:care", "person:who left"),
        )
    )
    case = fold([record(1, 0, Opened(an_ask(1, 0)))])
    decision = decide(
        case, case_id=1, rule=chain, watched=Watched(since=LONG_AGO), now=at(5), staff=STAFF
    )
    (notice,) = decision.firings[-1].notices
    assert (notice.audience, notice.reason) == ("#care", Reason.NOBODY_ON_CALL)
    assert decision.firings[-1].is_told


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (
            ("person:ana", "rota:night"),
            [(ANA.audience, Reason.QUIET_HOURS, True), ("#care", Reason.NOBODY_ON_CALL, False)],
        ),
        (
            ("person:ana", "person:who left"),
            [(ANA.audience, Reason.QUIET_HOURS, True), ("#care", Reason.NOBODY_ON_CALL, False)],
        ),
        (
            ("person:carl", "person:ana"),
            [("#care", Reason.QUIET_HOURS, True), (ANA.audience, Reason.QUIET_HOURS, True)],
        ),
        (("person:carl", "rota:night"), [("#care", Reason.NOBODY_ON_CALL, False)]),
        (("person:bogdan", "rota:night"), [("slack:U1", Reason.STEP_DUE, False)]),
    ],
    ids=["empty rota", "who left", "all sleep", "the sleeper's own place", "somebody is told"],
)
def test_where_all_sleep_and_nobody_is_on_call_the_policys_own_place_is_told(
    names: tuple[str, ...], found: list[tuple[str, Reason, bool]]
) -> None:
    """But who sleeps is let sleep where nobody else was to be told."""
    chain = rule(
        Step(name="page", anchor=Anchor.START, offset=timedelta(minutes=5), audiences=names)
    )
    asleep = BusinessHours(zone="UTC", weekly=(((0, 60),),) * 7)
    people = {one.name: replace(one, awake=asleep) for one in (ANA, CARL)} | {"bogdan": BOGDAN}
    case = fold([record(1, 0, Opened(an_ask(1, 0)))])
    decision = decide(
        case, case_id=1, rule=chain, watched=Watched(since=LONG_AGO), now=at(5), staff=Staff(people)
    )
    notices = decision.firings[-1].notices
    assert [(one.audience, one.reason, one.suppressed) for one in notices] == found
    assert len({one.key for one in notices}) == len(notices)


def test_a_step_tells_all_whom_it_names_each_by_a_notice_of_its_own() -> None:
    both = rule(
        Step(
            name="page",
            anchor=Anchor.START,
            offset=timedelta(minutes=5),
            audiences=("#leads", "person:ana", "person:bogdan"),
        )
    )
    case = fold([record(1, 0, Opened(an_ask(1, 0)))])
    asleep = Staff({"ana": replace(ANA, awake=BusinessHours(zone="UTC", weekly=(((0, 60),),) * 7))})
    decision = decide(
        case, case_id=1, rule=both, watched=Watched(since=LONG_AGO), now=at(5), staff=asleep
    )
    notices = decision.firings[-1].notices
    assert [(one.audience, one.reason, one.suppressed) for one in notices] == [
        ("#leads", Reason.STEP_DUE, False),
        (ANA.audience, Reason.QUIET_HOURS, True),
    ]
    assert len({one.key for one in notices}) == 2
