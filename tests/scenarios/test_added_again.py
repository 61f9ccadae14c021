"""A source that was taken out of the config, and is put back days later."""

from __future__ import annotations

from pathlib import Path

from monitor.stages.intake import Intake
from tests.scenarios.world import World
from tests.store.written import rows


def test_a_source_that_is_added_again_brings_what_came_meanwhile_and_tells_it_as_late(
    tmp_path: Path,
) -> None:
    """Nothing is missed; an open wait is told by its highest step alone, an answered one not at all."""
    world = World(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}")
    world.x.posts("Still no refund", at="08:10")
    world.runs_until("08:20").slack.hears("#care", "refund").hears_nothing_more()
    Intake(world.database, []).due(world.now)  # a program whose config names it no longer
    first = world.x.posts("Where is my refund?", at="09:00", by="dan")
    world.x.posts("My refund is lost", at="10:00", by="eva")
    world.x.we_answer(first, at="11:00")
    world.sleeps_until("+2 12:00")
    world.x.posts("No refund, nobody answers", at="+2 11:50", by="ion")
    world.runner = world.start()
    world.runs_until("+2 12:10")
    slack = world.slack.hears("#leads", "overdue: Still no refund")
    slack.hears("#care", "My refund is lost").hears("#care", "nobody answers")
    slack.hears("#leads", "overdue: My refund is lost").hears_nothing_more()
    assert rows(world.database, "SELECT count(*) FROM post") == [(5,)]
    assert rows(world.database, "SELECT count(*) FROM cases") == [(4,)]
    world.database.close()
