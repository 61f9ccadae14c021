"""What a change of a case is to a program that subscribed: over random histories, and by example."""

from __future__ import annotations

from hypothesis import given

from monitor.domain.case import EMPTY, apply
from monitor.domain.escalation import Firing
from monitor.domain.event import Escalated, Merged, Opened, Record
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.subscription import escalated, happened
from tests.domain.histories import an_ask, at, histories, record


@given(records=histories())
def test_nothing_ends_or_goes_on_that_was_not_opened_before(records: tuple[Record, ...]) -> None:
    case, opened = EMPTY, set()
    for one in records:
        after = apply(case, one)
        for it in happened(case, after, at(300)):
            if it.reason is Reason.OPENED:
                opened.add(it.wait)
            assert it.wait in opened
        case = after


def test_a_case_that_becomes_part_of_another_is_closed() -> None:
    case = apply(EMPTY, record(1, 0, Opened(an_ask(1, 0))))
    told = list(happened(case, apply(case, record(2, 5, Merged(7))), at(5)))
    assert [(one.reason, one.at) for one in told] == [(Reason.CLOSED, at(5))]


def test_only_a_step_that_has_an_effect_is_heard() -> None:
    def firing(reason: Reason, step: str | None = "overdue") -> Firing:
        planned = Planned("k", NoticeKind.ESCALATION, "care", reason, at(0), 1, step)
        return Firing(at(0), Escalated(1, "overdue", 1, "r"), (planned,))

    assert [one.step for one in escalated(firing(Reason.STEP_DUE))] == ["overdue"]
    assert [one.step for one in escalated(firing(Reason.QUIET_HOURS))] == ["overdue"]
    assert not list(escalated(firing(Reason.SUPERSEDED)))
    assert not list(escalated(firing(Reason.OPENED, None)))
