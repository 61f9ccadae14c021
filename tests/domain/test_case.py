"""Cases: what a history says."""

from __future__ import annotations

from hypothesis import given

from monitor.domain.case import EMPTY, Status, apply, fold
from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    Assigned,
    Claimed,
    Confirmed,
    DismissalReason,
    Dismissed,
    Escalated,
    FollowedUp,
    Merged,
    Opened,
    Record,
    Rejudged,
    Snoozed,
    Undone,
    Withdrawn,
)
from monitor.domain.judgement import Band, Severity
from monitor.domain.wait import Outcome
from tests.domain.histories import an_ask, at, histories, record

OPENED = record(1, 0, Opened(an_ask(1, 0)), by="triage")


def test_a_new_case_waits() -> None:
    case = fold([OPENED])
    assert case.status is Status.OPEN
    assert case.open_wait is not None
    assert case.severity is Severity.NORMAL
    assert case.is_confirmed(case.open_wait)


def test_an_empty_case_has_nothing_to_show() -> None:
    assert (EMPTY.status, EMPTY.severity, EMPTY.level) == (Status.WITHDRAWN, Severity.LOW, 0)


def test_an_answer_ends_it_and_its_deletion_takes_the_wait_up_from_its_start() -> None:
    answered = fold([OPENED, record(2, 30, Answered(9))])
    assert answered.status is Status.ANSWERED
    again = apply(answered, record(3, 90, AnswerWithdrawn(9)))
    assert again.open_wait is not None
    assert (again.open_wait.number, again.open_wait.started_at) == (1, at(0))


def test_claiming_acknowledging_assigning_and_snoozing_never_end_a_wait() -> None:
    case = fold(
        [
            OPENED,
            record(2, 1, Claimed()),
            record(3, 2, Acknowledged(at(60))),
            record(4, 3, Snoozed(at(30))),
            record(5, 4, Assigned("bogdan")),
        ]
    )
    assert case.status is Status.OPEN
    assert case.snoozed_until == at(30)


def test_reassigning_resets_the_acknowledgement_only() -> None:
    case = fold([OPENED, record(2, 1, Acknowledged(at(60))), record(3, 2, Snoozed(at(40)))])
    assert case.acknowledged_until == at(60)
    given_on = apply(case, record(4, 3, Assigned("bogdan")))
    assert (given_on.owner, given_on.acknowledged_until) == ("bogdan", None)
    assert given_on.snoozed_until == at(40)


def test_every_dismissal_can_be_undone() -> None:
    dismissed = fold([OPENED, record(2, 10, Dismissed(DismissalReason.NOT_A_COMPLAINT))])
    assert dismissed.status is Status.DISMISSED
    back = apply(dismissed, record(3, 20, Undone(2)))
    assert back.status is Status.OPEN
    assert back.open_wait is not None
    assert back.open_wait.number == 1


def test_undoing_a_claim_gives_the_case_back_to_who_had_it() -> None:
    case = fold([OPENED, record(2, 1, Assigned("bogdan")), record(3, 2, Claimed(), by="carmen")])
    assert (case.owner, case.claimed) == ("carmen", True)
    back = apply(case, record(4, 3, Undone(3)))
    assert (back.owner, back.claimed) == ("bogdan", False)


def test_an_unsure_case_counts_once_a_person_confirms_it() -> None:
    unsure = fold([record(1, 0, Opened(an_ask(1, 0, band=Band.REVIEW)))])
    assert unsure.open_wait is not None
    assert not unsure.is_confirmed(unsure.open_wait)
    sure = apply(unsure, record(2, 5, Confirmed()))
    assert sure.is_confirmed(unsure.open_wait)
    taken_back = apply(sure, record(3, 6, Undone(2)))
    assert not taken_back.is_confirmed(unsure.open_wait)


def test_a_review_edited_into_praise_withdraws_and_into_a_complaint_again_waits_from_then() -> None:
    praise = fold([OPENED, record(2, 30, Rejudged(1, None))])
    assert praise.status is Status.WITHDRAWN
    again = apply(praise, record(3, 50, Rejudged(1, an_ask(1, 50))))
    assert again.open_wait is not None
    assert again.open_wait.started_at == at(50)


def test_levels_are_those_of_the_open_wait() -> None:
    climbed = fold(
        [OPENED, record(2, 20, Escalated(1, "soon", 1)), record(3, 40, Escalated(1, "late", 2))]
    )
    assert climbed.level == 2
    assert climbed.open_wait is not None
    assert climbed.has_fired(climbed.open_wait, "late")
    answered = apply(climbed, record(4, 50, Answered(9)))
    assert answered.level == 0
    anew = apply(answered, record(5, 60, FollowedUp(an_ask(2, 60))))
    assert anew.level == 0


def test_a_merged_case_waits_no_more() -> None:
    merged = fold([OPENED, record(2, 5, Merged(7))])
    assert (merged.status, merged.merged_into, merged.waits) == (Status.MERGED, 7, ())


def test_deleting_the_only_post_withdraws_and_a_dismissal_after_that_is_shown() -> None:
    withdrawn = fold([OPENED, record(2, 5, Withdrawn(1))])
    assert withdrawn.status is Status.WITHDRAWN
    dismissal = record(3, 6, Dismissed(DismissalReason.DUPLICATE, 4))
    assert apply(withdrawn, dismissal).status is Status.DISMISSED


def test_an_answered_case_can_be_dismissed_and_keeps_how_it_ended() -> None:
    case = fold(
        [
            OPENED,
            record(2, 5, AnsweredElsewhere("phone")),
            record(3, 6, Dismissed(DismissalReason.NOT_A_COMPLAINT)),
        ]
    )
    assert case.status is Status.DISMISSED
    assert case.waits[0].outcome is Outcome.ANSWERED_ELSEWHERE


@given(histories())
def test_folding_at_once_and_step_by_step_is_the_same(history: tuple[Record, ...]) -> None:
    case = EMPTY
    for count, one in enumerate(history, start=1):
        case = apply(case, one)
        assert case == fold(history[:count])
    assert case.seq == len(history)
