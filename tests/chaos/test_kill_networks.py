"""The drill of `tests/chaos/kill_networks.py` in small, and what its checker would see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos import checker_networks, kill_networks
from tests.chaos.found import Verdict
from tests.chaos.harm import HARMS, Harm, harmed, nothing
from tests.chaos.kill_networks import Run
from tests.chaos.networks import Noting


def forget_an_alert(slack: Noting) -> None:
    slack.posts.remove(next(one for one in slack.posts if one.key.startswith("alert:")))


def forget_who_is_named(slack: Noting) -> None:
    slack.posts.remove(next(one for one in slack.posts if one.key.startswith("roll_up:")))


def tell_twice(slack: Noting) -> None:
    told = next(one for one in slack.posts if one.key.startswith("step:"))
    slack.posts.append(replace(told, ts=f"{told.ts}1"))


def take_the_cards_away(slack: Noting) -> None:
    for channel in slack.channels.values():
        channel.messages.clear()


FORGERIES: tuple[tuple[Callable[[Noting], None], str], ...] = (
    (forget_an_alert, "lost"),
    (forget_who_is_named, "lost"),
    (tell_twice, "doubled"),
    (take_the_cards_away, "lost"),
)


@pytest.mark.timeout(900)
def test_kills_and_broken_lines_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """And had they, the checker would have seen it: the same result, harmed in many ways."""
    run, found = kill_networks.chaos(tmp_path, None, kills=8, seed=3, least=30)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [])
    assert (found.possibly_repeated, checker_networks.repeats(run.world)) == (0, 0)
    assert found.alerts > 0
    assert found.gathered > 0
    for harm, seen_as in HARMS:
        assert getattr(checked(run, harm), seen_as) != [], harm.__name__
    for forge, seen_as in FORGERIES:
        posts = list(run.world.workspace.posts)
        forge(run.world.workspace)
        assert getattr(checked(run, nothing), seen_as) != [], forge.__name__
        run.world.workspace.posts[:] = posts


def checked(run: Run, harm: Harm) -> Verdict:
    with harmed(run.home.folder / "monitor.db", harm) as rows:
        return checker_networks.check(rows, run.world)


@pytest.mark.timeout(900)
def test_what_nobody_can_look_up_is_told_again_and_says_so(tmp_path: Path) -> None:
    """Without the right to read the channel, a message whose answer was lost cannot be found."""
    run, found = kill_networks.chaos(tmp_path, None, kills=4, seed=4, may_look=False, least=10)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [])
    assert checker_networks.repeats(run.world) > 0
    assert checker_networks.repeats(run.world) <= found.again
    assert found.possibly_repeated > 0
