"""Each rule of *Escalation* that is not told elsewhere, as a story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Notice, NoticeKind, Reason, Receipt
from monitor.domain.policy import Anchor, Step
from monitor.stages import act
from monitor.stages.act import ActionError
from monitor.store import outbox
from tests.scenarios.world import OFFICE, RULE, Channel, World

QUIET = "2 h without an answer"
AGAIN = replace(
    RULE,
    steps=(
        replace(
            RULE.steps[0],
            name="nobody yet",
            repeat=timedelta(minutes=30),
            repeats=3,
        ),
        RULE.steps[1],
    ),
)


def a_world(folder: Path, **how: object) -> World:
    return World(folder, f"sqlite:///{folder / 'shop.db'}", **how)  # type: ignore[arg-type]


@pytest.fixture
def repeating(tmp_path: Path) -> Iterator[World]:
    made = a_world(tmp_path, rules=(AGAIN,))
    yield made
    made.database.close()


def reasons(world: World) -> dict[str, Reason]:
    with world.database.reading() as conn:
        found = outbox.case_notices(conn, world.the_case())
    return {one.step: one.reason for one in found if one.step}


def test_steps_wait_for_the_office_to_open(tmp_path: Path) -> None:
    """Friday 17:00, due after four office hours: one on Friday, three on Monday."""
    due_soon = Step(
        name="due soon", anchor=Anchor.DUE, offset=-timedelta(hours=1), audiences=("slack:#care",)
    )
    rule = replace(RULE, hours=OFFICE, steps=(due_soon, RULE.steps[1]))
    world = a_world(tmp_path, rules=(rule,), starts="+4 16:00")
    world.x.posts("Still no refund", at="+4 17:00")
    hour = timedelta(hours=1)
    world.runs_until("+4 17:10").slack.hears("#care", "refund")
    world.runs_until("+7 10:59", every=5 * hour).slack.hears_nothing_more()
    world.runs_until("+7 11:00").slack.hears("#care", "due soon").hears_nothing_more()
    world.runs_until("+7 12:00").slack.hears("#leads", "overdue").hears_nothing_more()
    world.database.close()


def test_a_complaint_found_late_is_told_once_and_by_its_highest_step(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.x.posts("Still no refund", at="08:30", seen="14:00")
    world.runs_until("14:10").slack.hears("#care", "refund").hears("#leads", "overdue")
    world.runs_until("18:00").slack.hears_nothing_more()
    assert reasons(world) == {QUIET: Reason.SUPERSEDED, "overdue": Reason.STEP_DUE}
    world.database.close()


def test_an_acknowledgement_holds_back_repeats_and_expires(repeating: World) -> None:
    world = repeating
    world.x.posts("Still no refund", at="08:30")
    world.runs_until("10:30").slack.hears("#care", "refund").hears("#care", "nobody yet")
    act.acknowledge(world.database, world.the_case(), by="carmen", now=world.now)
    world.runs_until("12:20").slack.hears_nothing_more()
    assert reasons(world)["nobody yet#1"] is Reason.ACKNOWLEDGED
    world.runs_until("12:30").slack.hears("#leads", "overdue").hears_nothing_more()
    assert world.report().total.figures.received == 1


def test_repeats_go_on_until_somebody_acknowledges_and_are_bounded(repeating: World) -> None:
    world = repeating
    world.x.posts("Still no refund", at="08:30")
    world.runs_until("12:00").slack.hears("#care", "refund").hears("#care", "nobody yet")
    for number in ("#1", "#2", "#3"):
        world.slack.hears("#care", f"nobody yet{number}")
    world.slack.hears_nothing_more()


def test_an_expired_acknowledgement_lets_the_repeats_go_on(tmp_path: Path) -> None:
    short = replace(AGAIN, acknowledged_for=timedelta(minutes=45))
    world = a_world(tmp_path, rules=(short,))
    world.x.posts("Still no refund", at="08:30")
    world.runs_until("10:30").slack.hears("#care", "refund").hears("#care", "nobody yet")
    act.acknowledge(world.database, world.the_case(), by="carmen", now=world.now)
    world.runs_until("11:29").slack.hears_nothing_more()
    world.runs_until("11:30").slack.hears("#care", "nobody yet#2").hears_nothing_more()
    world.database.close()


def test_who_is_given_the_case_has_not_seen_it_yet(repeating: World) -> None:
    """Reassigning resets the acknowledgement, and nothing else."""
    world = repeating
    world.x.posts("Still no refund", at="08:30")
    world.runs_until("10:30").slack.hears("#care", "refund").hears("#care", "nobody yet")
    act.acknowledge(world.database, world.the_case(), by="carmen", now=world.now)
    act.assign(world.database, world.the_case(), "dan", by="carmen", now=world.now)
    world.runs_until("11:00").slack.hears("#care", "nobody yet#1").hears_nothing_more()
    world.runs_until("12:30").slack.hears("#care", "#2").hears("#care", "#3")
    world.slack.hears("#leads", "overdue")


def test_a_snooze_ends_before_due_unless_a_reason_is_given(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("10:00").slack.hears("#care", "refund")
    case, long = world.the_case(), timedelta(hours=5)
    with pytest.raises(ActionError, match="give a reason"):
        act.snooze(world.database, case, long, by="carmen", now=world.now, why=None)
    act.snooze(world.database, case, long, by="carmen", now=world.now, why="calls back at 15:00")
    world.runs_until("14:59").slack.hears_nothing_more()
    world.runs_until("15:00").slack.hears("#leads", "overdue").hears_nothing_more()
    assert reasons(world)[QUIET] is Reason.SUPERSEDED
    world.database.close()


class Deaf(Channel):
    """A channel that cannot be reached for a while."""

    is_down = False

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        if self.is_down and notice.kind is NoticeKind.ESCALATION:
            raise SendError("nobody there", outcome=Outcome.NOT_SENT, retry_after=timedelta(0))
        return super().send(notice, earlier)


def test_an_answer_takes_back_the_step_that_is_on_its_way(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.slack = Deaf()
    world.runner = world.start()
    said = world.x.posts("Still no refund", at="09:00")
    world.runs_until("10:50").slack.hears("#care", "refund")
    world.slack.is_down = True
    world.runs_until("11:10").slack.hears_nothing_more()
    world.x.we_answer(said, at="11:20")
    world.runs_until("11:20")
    world.slack.is_down = False
    world.runs_until("18:00").slack.hears_nothing_more()
    assert reasons(world) == {QUIET: Reason.ANSWERED}
    world.database.close()
