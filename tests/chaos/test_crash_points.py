"""The drill of `tests/chaos/crash_points.py` in small, and what its checker would see."""

from __future__ import annotations

import random

import pytest

from tests.chaos.crash_points import LATER, Ground, Scenario, play

SEED = 8
POINTS = 16
FORGETS = "UPDATE {table} SET attempted_at = NULL, attempts = 0, leased_until = NULL"
TOLD, POSTED = "slack /api/chat.postMessage", "reddit /api/comment"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("crashes"))


@pytest.fixture(scope="module")
def whole(ground: Ground) -> Scenario:
    """The scenario in which nobody dies."""
    return play(ground, SEED)


def test_unharmed_all_that_is_drilled_happens(whole: Scenario) -> None:
    assert whole.findings == []
    assert whole.found.escalations > 0
    assert whole.replies["sent"] > 0
    assert {"commit", TOLD, POSTED} <= {*whole.lasting}


@pytest.mark.timeout(300)
def test_wherever_it_dies_nothing_is_lost_and_nothing_doubled(
    ground: Ground, whole: Scenario
) -> None:
    chance = random.Random(SEED)
    points = {1 + whole.lasting.index(one) for one in (TOLD, POSTED)}
    points |= {*chance.sample(range(1, len(whole.lasting) + 1), POINTS - len(points))}
    for point in sorted(points):
        again = [chance.randint(1, LATER)] if point % 2 else []
        one = play(ground, SEED, (point, *again))
        assert one.deaths[0] == whole.lasting[point - 1]
        assert one.findings == [], f"dies after {one.dies_after}: {one.deaths}"


@pytest.mark.parametrize(("table", "after"), [("notice", TOLD), ("reply", POSTED)])
def test_who_forgets_what_it_tried_is_seen_to_double(
    ground: Ground, whole: Scenario, table: str, after: str
) -> None:
    point = 1 + whole.lasting.index(after)
    harm = FORGETS.format(table=table)
    one = play(ground, SEED, (point,), amnesia=harm)
    assert one.found.doubled != []


def test_who_forgets_a_notice_is_seen_to_lose_it(ground: Ground, whole: Scenario) -> None:
    point = whole.lasting.index(TOLD)
    harm = "UPDATE notice SET state = 'sent', place = 'C0', name = '1' WHERE state = 'pending'"
    one = play(ground, SEED, (point,), amnesia=harm)
    assert one.found.lost != []
