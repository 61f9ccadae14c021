"""A program that subscribed hears what happens to every case, each thing once, whatever people are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.notice import CaseCard
from monitor.stages import act, by_hand
from monitor.store import schema
from tests.scenarios.world import NO_WORDS, RULE, SHOP, Said, World, clock_time


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    made = World(tmp_path, database_url, subscribers=("crm",))
    yield made
    made.database.close()


def heard(world: World) -> list[tuple[int, str]]:
    """What came since the last look: of which case, and what happened."""
    new = [notice for _, notice, _ in world.crm.messages[world.crm.heard :]]
    world.crm.heard = len(world.crm.messages)
    cards = [(one.content, one.reason.value) for one in new]
    return [(card.case_id, reason) for card, reason in cards if isinstance(card, CaseCard)]


def test_opened_escalated_breached_and_answered_are_heard_once_each(world: World) -> None:
    broken = world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10")
    assert heard(world) == [(1, "opened")]
    world.runs_until("12:50")
    assert heard(world) == [(1, "step_due")]
    world.runner = world.start()  # killed and started anew: nothing is heard again
    world.runs_until("13:30")
    assert sorted(heard(world)) == [(1, "breached"), (1, "step_due")]
    world.x.we_answer(broken, at="13:40")
    world.runs_until("18:00")
    assert heard(world) == [(1, "answered")]
    assert world.report().total.figures.breaches == 1


def test_a_late_answer_that_is_seen_first_is_a_breach_too(world: World) -> None:
    broken = world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10")
    in_time = world.x.posts("All broken", at="09:05", by="bo")
    world.x.we_answer(broken, at="13:02", seen="14:00")
    world.x.we_answer(in_time, at="13:01", seen="14:00")
    world.sleeps_until("14:10").runs_until("14:20")
    told = [one for one in heard(world) if one[1] != "step_due"]
    assert sorted(told) == [
        (1, "answered"),
        (1, "breached"),
        (1, "opened"),
        (2, "answered"),
        (2, "opened"),
    ]


def test_people_end_cases_and_take_that_back(world: World) -> None:
    world.x.posts("Hmm, odd", at="09:00")
    world.runs_until("09:10")
    assert heard(world) == []  # nobody has said yet that it is a complaint
    act.confirm(world.database, 1, by="ana", now=world.now)
    world.runs_until("09:20")
    assert heard(world) == [(1, "opened")]
    act.dismiss(world.database, 1, by="ana", now=world.now)
    world.runs_until("09:30")
    act.undo(world.database, 1, by="ana", now=world.now)
    world.runs_until("09:40")
    assert heard(world) == [(1, "closed"), (1, "reopened")]


def test_an_answer_that_is_deleted_opens_the_wait_again(world: World) -> None:
    broken = world.x.posts("Still no refund", at="09:00")
    sorry = world.x.we_answer(broken, at="09:20")
    world.runs_until("09:30")
    world.x.deletes(sorry, at="09:40")
    world.runs_until("09:50")
    world.x.we_answer(broken, at="10:00", text="Once more")
    world.runs_until("10:10")
    assert [reason for _, reason in heard(world)] == ["opened", "answered", "reopened", "answered"]


@pytest.mark.parametrize("answered", [True, False])
def test_of_cases_that_become_one_each_thing_is_heard_once(world: World, answered: bool) -> None:
    root = world.x.posts("Still no refund", at="09:00")
    world.x.we_answer(root, at="09:03")
    lost = Said("x-5" if answered else "x-4", "", "bob")
    other = world.x.posts("broken", at="09:10", to=Said(lost.id, lost.id, lost.author))
    if answered:
        world.x.we_answer(other, at="09:20")
    between = world.x.posts("me too", at="09:05", by="bob", to=root, seen="13:40")
    assert between.id == lost.id
    world.runs_until("13:30")
    first = [(1, "opened"), (1, "answered"), (2, "opened")]
    late = [(2, "step_due"), (2, "step_due"), (2, "breached")]
    assert sorted(heard(world)) == sorted([*first, *([(2, "answered")] if answered else late)])
    world.runs_until("14:10")
    # the program has to know that somebody waits in what it took for answered; no more than that
    assert sorted(heard(world)) == ([] if answered else [(1, "opened"), (2, "closed")])
    act.dismiss(world.database, 1, by="ana", now=world.now)
    act.undo(world.database, 1, by="ana", now=world.now)
    world.runs_until("14:30")
    told = heard(world)
    assert [one for one in told if one[1] in ("opened", "breached", "step_due")] == []
    world.pictures_are_true()


def test_a_case_that_was_entered_by_hand_is_heard_as_breached_when_it_is_due(world: World) -> None:
    world.runs_until("08:00")
    said = by_hand.heard(SHOP, "still no parcel", url=None, author="ana", posted_at=world.now)
    by_hand.open_case(
        world.database,
        SHOP,
        said,
        rules=(RULE,),
        lexicon=NO_WORDS,
        severity=None,
        by="dan",
        now=world.now,
    )
    world.runs_until("12:20")
    assert [one for one in heard(world) if one[1] != "step_due"] == [(1, "opened"), (1, "breached")]


@pytest.mark.parametrize(
    ("written", "is_set_aside", "is_proved"),
    [("12:30", False, False), ("12:30", True, True), ("13:05", False, True)],
)
def test_an_own_post_that_nobody_could_match_holds_up_only_what_it_may_answer(
    world: World, written: str, is_set_aside: bool, is_proved: bool
) -> None:
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10").sleeps_until("13:20")
    world.x.posts("A word to all", at=written, by="acme_help")
    trouble: dict[str, Any] = {"stage": "settle", "item": "1:2", "reason": "odd", "attempts": 6}
    trouble["first_at"] = clock_time("13:00")
    rests = {"quarantined_at" if is_set_aside else "retry_at": clock_time("13:22")}
    with world.database.writing() as conn:
        conn.execute(schema.failure.insert().values(**trouble, **rests))
    world.runs_until("13:21")
    assert ((1, "breached") in heard(world)) is is_proved


def test_who_subscribed_before_a_case_is_confirmed_hears_of_it_then(
    tmp_path: Path, database_url: str
) -> None:
    world = World(tmp_path, database_url)
    world.x.posts("Hmm, odd", at="09:00")
    world.runs_until("09:10")
    world.subscribers = ("crm",)
    world.runner = world.start()
    world.runs_until("09:20")
    act.confirm(world.database, 1, by="ana", now=world.now)
    world.runs_until("09:30")
    assert heard(world) == [(1, "opened")]
    world.database.close()


def test_who_subscribes_later_hears_of_old_cases_from_then_on(
    tmp_path: Path, database_url: str
) -> None:
    world = World(tmp_path, database_url)
    broken = world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10")
    world.subscribers = ("crm",)
    world.runner = world.start()
    world.x.we_answer(broken, at="09:20")
    world.x.posts("All broken", at="09:30", by="bo")
    world.runs_until("10:00")
    assert heard(world) == [(1, "answered"), (2, "opened")]
    world.subscribers = ()
    world.runner = world.start()
    world.x.posts("Never again", at="10:10", by="carl")
    world.runs_until("10:30", every=timedelta(minutes=10))
    assert heard(world) == []
    assert world.now == clock_time("10:30")
    world.database.close()
