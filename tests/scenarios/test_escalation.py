"""The chain of people, told as stories."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from monitor.domain.event import Channel
from monitor.domain.hours import always
from monitor.domain.judgement import Severity
from monitor.domain.notice import CaseCard
from monitor.domain.policy import Anchor, Match, Rule, Step
from monitor.domain.sla import State
from monitor.settings.rules import lexicon_of
from monitor.stages import act
from tests.scenarios.world import RULE, World, clock_time

QUIET = "2 h without an answer"


def test_after_downtime_only_the_highest_step_is_told(world: World) -> None:
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10").slack.hears("#care", "Still no refund")
    world.sleeps_until("20:00").runs_until("20:10").slack.hears("#leads", "overdue")
    world.slack.hears_nothing_more()


def test_what_was_open_before_the_first_run_is_not_told_one_by_one(
    tmp_path: Path, database_url: str
) -> None:
    world = World(tmp_path, database_url, starts="12:00")
    world.x.posts("Still no refund", at="09:30")
    world.runs_until("13:20").slack.hears_nothing_more()
    world.runs_until("13:30").slack.hears("#leads", "overdue").hears_nothing_more()
    world.database.close()


def test_claiming_shows_on_the_card_and_does_not_stop_the_clock(world: World) -> None:
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10").slack.hears("#care", "Still no refund")
    act.claim(world.database, world.the_case(), by="carmen", now=world.now)
    world.runs_until("09:20").slack.card_shows("open", owner="carmen")
    world.runs_until("13:00").slack.hears("#care", QUIET).hears("#leads", "overdue")


def test_a_snooze_holds_the_steps_back_and_then_tells_the_highest(world: World) -> None:
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("10:00").slack.hears("#care", "Still no refund")
    act.snooze(
        world.database, world.the_case(), timedelta(hours=2), by="carmen", now=world.now, why=None
    )
    world.runs_until("11:50").slack.hears_nothing_more()
    world.runs_until("12:00").slack.hears("#care", QUIET)


def test_answered_on_the_phone_ends_the_wait_in_its_own_column(world: World) -> None:
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("10:00").slack.hears("#care", "Still no refund")
    act.answered_elsewhere(
        world.database,
        world.the_case(),
        Channel.PHONE,
        by="carmen",
        now=world.now,
        answered_at=clock_time("09:40"),
    )
    world.runs_until("18:00").slack.hears_nothing_more()
    figures = world.report().total.figures
    assert (figures.states[State.MET], figures.elsewhere) == (1, 1)


def test_a_dismissal_can_be_undone_and_the_clock_never_stopped(world: World) -> None:
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:30").slack.hears("#care", "Still no refund")
    act.dismiss(world.database, world.the_case(), by="carmen", now=world.now)
    world.runs_until("12:00").slack.hears_nothing_more()
    assert world.report().total.figures.states.get(State.MET, 0) == 0
    act.undo(world.database, world.the_case(), by="carmen", now=world.now)
    world.runs_until("12:10").slack.hears("#care", QUIET)
    world.runs_until("13:00").slack.hears("#leads", "overdue").hears_nothing_more()


def test_an_unsure_post_waits_for_a_person_and_alerts_once_confirmed(world: World) -> None:
    world.x.posts("Hmm, is that it", at="09:00")
    world.runs_until("10:00").slack.hears_nothing_more()
    assert world.report().total.figures.received == 0
    act.confirm(world.database, world.the_case(), by="carmen", now=world.now)
    world.runs_until("10:10").slack.hears("#care", "Hmm").hears_nothing_more()


def test_a_restart_repeats_nothing(world: World) -> None:
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("11:00").slack.hears("#care", "Still no refund").hears("#care", QUIET)
    world.runner = world.start()
    world.runs_until("12:50").slack.hears_nothing_more()
    world.runs_until("13:00").slack.hears("#leads", "overdue").hears_nothing_more()


def test_a_graver_follow_up_is_told_under_the_card_to_its_own_people(
    tmp_path: Path, database_url: str
) -> None:
    page = Step(name="page", anchor=Anchor.START, offset=timedelta(0), audiences=("slack:#safety",))
    grave = Rule(
        name="grave",
        match=Match(severities=(Severity.CRITICAL,)),
        target=timedelta(minutes=30),
        hours=always("UTC"),
        audience="slack:#safety",
        steps=(page,),
    )
    world = World(tmp_path, database_url, rules=(grave, RULE), lexicon=lexicon_of({}))
    first = world.x.posts("Still no refund", at="09:00")
    world.runs_until("13:10").slack.hears("#care", "Still no refund").hears("#care", QUIET)
    world.slack.hears("#leads", "overdue")
    burned = "Still no refund, it exploded and I am burned, in hospital"
    world.x.posts(burned, at="13:20", to=first)
    world.runs_until("18:00").slack.hears("#safety", "refund").hears("#safety", "page")
    world.slack.hears_nothing_more()
    cards = [one.key for _, one, _ in world.slack.messages if one.thread is None]
    assert cards == ["alert:1:1"]
    world.database.close()


def test_a_snooze_ends_with_its_wait(world: World) -> None:
    first = world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10").slack.hears("#care", "Still no refund")
    act.snooze(
        world.database, world.the_case(), timedelta(days=3), by="carmen", now=world.now, why="away"
    )
    world.x.we_answer(first, at="09:20")
    world.x.posts("broken again", at="10:00", to=first)
    world.runs_until("14:00").slack.hears("#care", "broken").hears("#care", QUIET)
    world.slack.hears("#leads", "overdue")


def test_a_complaint_that_nobody_had_seen_survives_a_dismissal(world: World) -> None:
    first = world.x.posts("hmm refund?", at="09:00")
    world.x.posts("Still no money, charged twice", at="09:25", to=first, seen="09:40")
    world.runs_until("09:30")
    act.dismiss(world.database, world.the_case(), by="carmen", now=world.now)
    world.runs_until("09:40").slack.hears("#care", "hmm refund").hears("#care", "charged twice")
    figures = world.report().total.figures
    assert (figures.states[State.DISMISSED], figures.states[State.PENDING]) == (1, 1)


def test_a_deleted_follow_up_changes_the_card(world: World) -> None:
    first = world.x.posts("Still no refund", at="09:00")
    world.x.posts("Still no refund, ask Ben", at="09:20", to=first)
    world.runs_until("09:30").slack.hears("#care", "Still no refund")
    before = len(world.slack.edits)
    world.x.deletes(first, at="09:40")
    world.runs_until("09:50")
    assert len(world.slack.edits) > before
    _, card = world.slack.edits[-1]
    assert isinstance(card.content, CaseCard)
    assert card.content.text == "Still no refund, ask Ben"
