"""A wait goes on after it seemed to have ended, while nobody could be told."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Notice, Receipt
from monitor.stages import act
from tests.scenarios.world import Channel, World, clock_time


class Disturbed(Channel):
    """Cannot be reached for a while."""

    down = True

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        if self.down:
            message = "no connection"
            raise SendError(message, outcome=Outcome.NOT_SENT, retry_after=timedelta(minutes=1))
        return super().send(notice, earlier)


def disturbed(world: World) -> Disturbed:
    """The world's channel, out of reach until its `down` is set to False."""
    channel = Disturbed()
    world.slack = channel
    world.runner = world.start()
    return channel


def test_the_alert_that_an_answer_cancelled_is_told_when_the_answer_is_deleted(
    world: World,
) -> None:
    channel = disturbed(world)
    complaint = world.x.posts("Still no refund", at="09:00")
    answer = world.x.we_answer(complaint, at="09:30")
    world.x.deletes(answer, at="10:30")
    world.runs_until("10:00")
    channel.down = False
    world.runs_until("10:20").slack.hears_nothing_more()
    world.runs_until("10:40").slack.hears("#care", "Still no refund").hears_nothing_more()


def test_so_is_the_one_of_a_case_dismissed_by_mistake(world: World) -> None:
    channel = disturbed(world)
    world.x.posts("Still no refund", at="09:00")
    world.runs_until("09:10")
    act.dismiss(world.database, world.the_case(), by="dan", now=clock_time("09:11"))
    channel.down = False
    world.runs_until("09:20").slack.hears_nothing_more()
    act.undo(world.database, world.the_case(), by="dan", now=clock_time("09:21"))
    world.runs_until("09:40").slack.hears("#care", "Still no refund").hears_nothing_more()


def test_and_the_step_that_was_about_to_be_told(world: World) -> None:
    channel = disturbed(world)
    channel.down = False
    complaint = world.x.posts("Still no refund", at="09:00")
    world.runs_until("10:50").slack.hears("#care", "Still no refund")
    channel.down = True
    answer = world.x.we_answer(complaint, at="11:10")
    world.x.deletes(answer, at="11:40")
    world.runs_until("11:20")
    channel.down = False
    world.runs_until("11:30").slack.hears_nothing_more()
    world.runs_until("11:50").slack.hears("#care", "2 h without").hears_nothing_more()
    world.pictures_are_true()
