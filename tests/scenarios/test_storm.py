"""Many complaints at once, told as a story: one message, each case by name, and what is grave by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from monitor.domain.storm import Limits, RollUp, Storm
from monitor.settings.rules import lexicon_of
from tests.scenarios.world import World

LIMITS = Limits(alarms=5, window=timedelta(minutes=10))


def test_a_storm_is_one_message_every_case_is_named_and_what_is_grave_passes(
    tmp_path: Path, database_url: str
) -> None:
    world = World(tmp_path, database_url, lexicon=lexicon_of({}), storms=LIMITS)
    said = [world.x.posts(f"Still no refund {one}", at="09:00", by=f"c{one}") for one in range(7)]
    world.x.posts("Still no refund, it exploded and I am burned, in hospital", at="09:00", by="ana")
    world.runs_until("09:10").slack.hears("#care", "exploded")
    storm, named = (notice.content for _, notice, _ in world.slack.messages[1:])
    assert isinstance(storm, Storm)
    assert isinstance(named, RollUp)
    assert (storm.cases, storm.open, storm.alone) == (7, 7, 1)
    assert len({one.case_id for one in named.cases}) == 7
    world.slack.heard = 3
    world.x.we_answer(said[0], at="09:12")
    world.runs_until("09:20").slack.hears_nothing_more()
    ticked = [one.content for _, one in world.slack.edits if isinstance(one.content, RollUp)]
    assert sum(one.status == "answered" for one in ticked[-1].cases) == 1
    world.database.close()
