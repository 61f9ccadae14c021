"""Cases: what a history says."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from monitor.domain.case import EMPTY, Status, apply, fold
from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    Assigned,
    Channel,
    Claimed,
    Confirmed,
    ContactNoted,
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
            record(3, 2, Acknowledged(at(60), 1, 0, "r")),
            record(4, 3, Snoozed(at(30), 1)),
            record(5, 4, Assigned("bogdan")),
        ]
    )
    assert case.status is Status.OPEN
    assert case.snoozed_until == at(30)


def test_reassigning_resets_the_acknowledgement_only() -> None:
    case = fold(
        [OPENED, record(2, 1, Acknowledged(at(60), 1, 0, "r")), record(3, 2, Snoozed(at(40), 1))]
    )
    assert case.acknowledged_until == at(60)
    given_on = apply(case, record(4, 3, Assigned("bogdan")))
    assert (given_on.owner, given_on.acknowledged_until) == ("bogdan", None)
    assert given_on.snoozed_until == at(40)


def test_every_dismissal_can_be_undone() -> None:
    dismissed = fold([OPENED, record(2, 10, Dismissed(DismissalReason.NOT_A_COMPLAINT, (1,)))])
    assert dismissed.status is Status.DISMISSED
    back = apply(dismissed, record(3, 20, Undone(2)))
    assert back.status is Status.OPEN
    assert back.open_wait is not None
    assert back.open_wait.number == 1


def test_a_snooze_is_of_its_wait_and_without_a_reason_ends_when_that_is_due() -> None:
    because, plain = Snoozed(at(500), 1, 7), Snoozed(at(50), 1)
    assert fold([OPENED, record(2, 5, because)]).snoozed_until == at(500)
    urgent = FollowedUp(replace(an_ask(2, 10), due_at=at(20)))
    assert fold([OPENED, record(2, 5, plain)]).snoozed_until == at(50)
    assert fold([OPENED, record(2, 5, plain), record(3, 10, urgent)]).snoozed_until == at(20)
    answered = [OPENED, record(2, 5, because), record(3, 10, Answered(9))]
    assert fold(answered).snoozed_until is None
    assert fold([*answered, record(4, 60, FollowedUp(an_ask(2, 60)))]).snoozed_until is None


def test_a_dismissal_leaves_what_nobody_had_seen_and_undoing_joins_both_again() -> None:
    dismissed = fold([OPENED, record(2, 30, Dismissed(DismissalReason.NOT_A_COMPLAINT, (1,)))])
    late = apply(dismissed, record(3, 25, FollowedUp(an_ask(2, 25))))
    assert late.status is Status.OPEN
    assert [(one.number, one.started_at, one.asks) for one in late.waits] == [
        (1, at(0), (1,)),
        (2, at(25), (2,)),
    ]
    back = apply(late, record(4, 40, Undone(2)))
    assert [(one.number, one.started_at, one.asks) for one in back.waits] == [(1, at(0), (1, 2))]


def test_what_is_on_the_table_is_every_post_that_asks() -> None:
    assert fold([OPENED, record(2, 5, FollowedUp(an_ask(4, 5)))]).asks == (1, 4)


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
        [
            OPENED,
            record(2, 20, Escalated(1, "soon", 1, "r")),
            record(3, 40, Escalated(1, "late", 2, "r")),
        ]
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
    dismissal = record(3, 6, Dismissed(DismissalReason.DUPLICATE, (1,), 4))
    assert apply(withdrawn, dismissal).status is Status.DISMISSED


def test_an_answered_case_can_be_dismissed_and_keeps_how_it_ended() -> None:
    case = fold(
        [
            OPENED,
            record(2, 5, AnsweredElsewhere(Channel.PHONE)),
            record(3, 6, Dismissed(DismissalReason.NOT_A_COMPLAINT, (1,))),
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


def test_of_two_noted_contacts_the_one_noted_later_holds_in_whatever_order_they_came() -> None:
    phone, mail = ContactNoted(Channel.PHONE, 1), ContactNoted(Channel.EMAIL, 2)
    later_first = fold([OPENED, record(2, 9, mail), record(3, 5, phone)])
    assert fold([OPENED]).contact is None
    assert later_first.contact == mail
    assert fold([OPENED, record(2, 5, phone), record(3, 9, mail)]).contact == mail
    assert apply(later_first, record(4, 10, Undone(2))).contact == phone
