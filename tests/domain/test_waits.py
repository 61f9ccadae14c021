"""Waits: what the facts of a case mean, whatever order they came in."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.event import Ask, AskKind, Channel, DismissalReason
from monitor.domain.judgement import Band, Severity
from monitor.domain.wait import (
    AnsweredAt,
    AskedAt,
    DismissedAt,
    Fact,
    Outcome,
    RetractedAt,
    Wait,
    numbered,
    waits_of,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def ask(
    post: int,
    minute: float,
    *,
    kind: AskKind = AskKind.COMPLAINT,
    target: float = 60,
    severity: Severity = Severity.NORMAL,
    band: Band = Band.ALERT,
    rule: str = "r",
) -> AskedAt:
    return AskedAt(
        at(minute),
        Ask(
            post=post,
            kind=kind,
            band=band,
            severity=severity,
            topics=(),
            first_seen_at=at(minute + 1),
            due_at=at(minute + target),
            rule=rule,
        ),
    )


def spans(waits: tuple[Wait, ...]) -> list[tuple[datetime, datetime | None, Outcome | None]]:
    return [(one.started_at, one.ended_at, one.outcome) for one in waits]


def test_the_first_answer_ends_the_wait_of_the_earliest_unanswered_post() -> None:
    facts: list[Fact] = [ask(1, 0), ask(2, 10), AnsweredAt(at(30), 9), AnsweredAt(at(40), 10)]
    assert spans(waits_of(facts)) == [(at(0), at(30), Outcome.ANSWERED)]


def test_a_later_complaint_in_an_answered_case_opens_the_next_wait() -> None:
    facts: list[Fact] = [ask(1, 0), AnsweredAt(at(30), 9), ask(2, 50)]
    assert spans(waits_of(facts)) == [(at(0), at(30), Outcome.ANSWERED), (at(50), None, None)]


def test_a_question_waits_only_in_a_case() -> None:
    alone = ask(1, 0, kind=AskKind.QUESTION)
    assert waits_of([alone]) == ()
    after = ask(3, 40, kind=AskKind.QUESTION)
    facts: list[Fact] = [alone, ask(2, 10), AnsweredAt(at(30), 9), after]
    assert spans(waits_of(facts)) == [(at(10), at(30), Outcome.ANSWERED), (at(40), None, None)]


def test_an_answer_before_the_complaint_does_not_end_its_wait() -> None:
    assert spans(waits_of([AnsweredAt(at(-5), 9), ask(1, 0)])) == [(at(0), None, None)]


def test_a_post_and_its_answer_of_one_second_count_as_answered() -> None:
    assert spans(waits_of([AnsweredAt(at(0), 9), ask(1, 0)])) == [(at(0), at(0), Outcome.ANSWERED)]


def test_a_deleted_complaint_withdraws_the_wait_only_when_no_other_post_waits() -> None:
    both: list[Fact] = [ask(1, 0), ask(2, 5)]
    assert waits_of([*both, RetractedAt(at(20), 1)])[0].is_open
    facts: list[Fact] = [*both, RetractedAt(at(20), 1), RetractedAt(at(25), 2)]
    assert spans(waits_of(facts)) == [(at(0), at(25), Outcome.WITHDRAWN)]


def test_a_deletion_after_the_answer_changes_nothing() -> None:
    facts: list[Fact] = [ask(1, 0), AnsweredAt(at(10), 9), RetractedAt(at(20), 1)]
    assert spans(waits_of(facts)) == [(at(0), at(10), Outcome.ANSWERED)]


def test_an_answer_elsewhere_ends_the_wait_and_says_where() -> None:
    (wait,) = waits_of([ask(1, 0), AnsweredAt(at(10), None, channel=Channel.PHONE)])
    assert (wait.outcome, wait.channel, wait.answer) == (
        Outcome.ANSWERED_ELSEWHERE,
        Channel.PHONE,
        None,
    )


def test_an_answer_dated_by_polling_keeps_both_bounds() -> None:
    (wait,) = waits_of([ask(1, 0), AnsweredAt(at(10), 9, after=at(5))])
    assert (wait.ended_after, wait.ended_at) == (at(5), at(10))


def test_no_post_waits_beyond_its_own_target() -> None:
    urgent = ask(2, 10, target=15, severity=Severity.CRITICAL)
    (wait,) = waits_of([ask(1, 0, target=240), urgent])
    assert (wait.started_at, wait.due_at, wait.severity) == (at(0), at(25), Severity.CRITICAL)


def test_the_gravest_post_says_whose_steps_apply_though_another_is_due_first() -> None:
    grave = ask(2, 100, target=30, severity=Severity.CRITICAL, rule="safety")
    (wait,) = waits_of([ask(1, 0, target=60), grave])
    assert (wait.due_at, wait.rule) == (at(60), "safety")
    # of two equally grave the one that is due first, whatever order they came in
    early, late = ask(1, 0, rule="b"), ask(2, 10, rule="a")
    assert waits_of([late, early])[0].rule == waits_of([early, late])[0].rule == "b"


def test_a_dismissal_takes_out_what_was_there_and_not_what_comes() -> None:
    dismissal = DismissedAt(at(40), DismissalReason.NOT_A_COMPLAINT, frozenset({1, 2}))
    facts: list[Fact] = [ask(1, 0), AnsweredAt(at(10), 9), ask(2, 30), dismissal, ask(3, 60)]
    first, second, third = waits_of(facts)
    assert (first.outcome, first.dismissed) == (
        Outcome.ANSWERED,
        DismissalReason.NOT_A_COMPLAINT,
    )
    assert (second.outcome, second.ended_at) == (Outcome.DISMISSED, at(40))
    assert third.is_open
    assert third.dismissed is None


def test_a_dismissal_takes_out_only_what_was_on_the_table() -> None:
    dismissal = DismissedAt(at(40), DismissalReason.NOT_A_COMPLAINT, frozenset({1}))
    unseen: list[Fact] = [ask(1, 0), ask(2, 30), dismissal]
    assert [(one.asks, *spans((one,))[0]) for one in waits_of(unseen)] == [
        ((1,), at(0), at(40), Outcome.DISMISSED),
        ((2,), at(30), None, None),
    ]
    # answered with another that nobody had seen: that one still counts
    answered: list[Fact] = [ask(1, 0), ask(2, 5), AnsweredAt(at(30), 9), dismissal]
    assert waits_of(answered)[0].dismissed is None
    # a question waits only because of a complaint, and that is dismissed
    question = ask(2, 30, kind=AskKind.QUESTION)
    assert len(waits_of([ask(1, 0), question, dismissal])) == 1
    # deleted before anybody saw it: nobody waits
    assert len(waits_of([*unseen, RetractedAt(at(35), 2)])) == 1


def test_a_question_after_a_dismissal_does_not_wait() -> None:
    dismissal = DismissedAt(at(40), DismissalReason.NOT_A_COMPLAINT, frozenset({1, 2}))
    question = ask(2, 60, kind=AskKind.QUESTION)
    assert len(waits_of([ask(1, 0), dismissal, question])) == 1


def test_a_late_arriving_earlier_post_moves_the_start_but_not_the_name() -> None:
    before = numbered(waits_of([ask(2, 30)]), (), 0)
    after = numbered(waits_of([ask(2, 30), ask(1, 0)]), before, 1)
    assert [(one.number, one.started_at) for one in after] == [(1, at(0))]


def test_a_late_answer_splits_a_wait_and_the_later_part_keeps_the_name_of_its_post() -> None:
    before = numbered(waits_of([ask(2, 30)]), (), 0)
    facts: list[Fact] = [ask(1, 0), AnsweredAt(at(15), 9), ask(2, 30)]
    after = numbered(waits_of(facts), before, 1)
    assert [(one.number, one.started_at) for one in after] == [(2, at(0)), (1, at(30))]


def test_a_number_is_never_given_twice() -> None:
    two = numbered(waits_of([ask(1, 0), AnsweredAt(at(5), 9), ask(2, 10)]), (), 0)
    one = numbered(waits_of([ask(1, 0), ask(2, 10)]), two, 2)
    again = numbered(waits_of([ask(1, 0), AnsweredAt(at(5), 8), ask(2, 10)]), one, 2)
    assert [wait.number for wait in two] == [1, 2]
    assert [wait.number for wait in one] == [1]
    assert [wait.number for wait in again] == [1, 3]


@st.composite
def fact_lists(draw: st.DrawFn) -> list[Fact]:
    minutes = st.integers(0, 12)
    made: list[Fact] = []
    for post in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(AskKind))
        severity = draw(st.sampled_from(Severity))
        made.append(ask(post, draw(minutes), kind=kind, severity=severity))
        if draw(st.booleans()):
            made.append(RetractedAt(at(draw(minutes)), post))
    answers = range(100, 100 + draw(st.integers(0, 3)))
    made += [AnsweredAt(at(draw(minutes)), post) for post in answers]
    if draw(st.booleans()):
        seen = draw(st.frozensets(st.integers(0, 4)))
        made.append(DismissedAt(at(draw(minutes)), DismissalReason.DUPLICATE, seen))
    return made


def figures(waits: tuple[Wait, ...]) -> list[tuple[object, ...]]:
    return [
        (
            one.started_at,
            one.due_at,
            one.ended_at,
            one.outcome,
            one.severity,
            one.asks,
            one.dismissed,
        )
        for one in waits
    ]


@given(fact_lists(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_were_learnt_makes_no_difference(
    facts: list[Fact], chance: random.Random
) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert figures(waits_of(shuffled)) == figures(waits_of(facts))


@given(fact_lists())
def test_waits_follow_each_other_and_at_most_one_is_open(facts: list[Fact]) -> None:
    waits = waits_of(facts)
    assert all(one.ended_at is not None for one in waits[:-1])
    for earlier, later in pairwise(waits):
        assert earlier.ended_at is not None
        assert earlier.started_at <= earlier.ended_at
        # what nobody had seen at a dismissal began before it
        assert earlier.ended_at <= later.started_at or earlier.outcome is Outcome.DISMISSED


@given(fact_lists(), st.randoms(use_true_random=False))
def test_names_are_unique_and_never_return(facts: list[Fact], chance: random.Random) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    waits: tuple[Wait, ...] = ()
    last = 0
    gone: set[int] = set()
    for count in range(1, len(shuffled) + 1):
        fresh = numbered(waits_of(shuffled[:count]), waits, last)
        names = [one.number for one in fresh]
        assert len(set(names)) == len(names)
        assert not gone.intersection(names)
        gone |= {one.number for one in waits} - set(names)
        waits, last = fresh, max([last, *names])


def test_every_order_of_a_small_story_tells_the_same() -> None:
    story: list[Fact] = [
        ask(1, 0),
        AnsweredAt(at(5), 9),
        ask(2, 10),
        RetractedAt(at(20), 2),
        ask(3, 15),
    ]
    told = {tuple(figures(waits_of(order))) for order in permutations(story)}
    assert len(told) == 1
