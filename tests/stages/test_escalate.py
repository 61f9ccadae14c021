"""Escalate: what is decided of one case, whoever was faster."""

from __future__ import annotations

from monitor.stages.escalate import Escalate
from tests.scenarios.world import World


def test_a_case_answered_since_it_fell_due_is_left_alone(world: World) -> None:
    """A second worker took it from the same list."""
    broken = world.x.posts("Still no refund", at="09:00")
    world.x.we_answer(broken, at="09:05")
    world.runs_until("09:30")
    before = world.report().total
    Escalate(world.database).handle(str(world.the_case()), world.now)
    assert world.report().total == before
    world.pictures_are_true()
