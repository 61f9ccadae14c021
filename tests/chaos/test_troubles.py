"""The drill of `tests/chaos/troubles.py` in small: who is not killed lives on, and loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import checker_networks
from tests.chaos.harm import harmed, misdate_an_alert
from tests.chaos.troubles import suffer

pytestmark = pytest.mark.timeout(900)


@pytest.mark.bench
def test_one_that_is_frozen_and_crowded_loses_nothing(tmp_path: Path) -> None:
    done, _, found = suffer(tmp_path, ("twice", "shortly frozen"), blows=2, seed=5, least=8)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [])
    assert done.struck == ["a second run was refused", "frozen"]
    assert found.alerts > 0


@pytest.mark.needs("faketime")
def test_one_whose_clock_jumps_goes_on_once_it_is_right(tmp_path: Path) -> None:
    """Forwards by hours, while Slack fails: what rests for seconds must not rest for hours afterwards."""
    _, world, found = suffer(tmp_path, ("clock",), blows=1, seed=5, least=4)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [])
    assert found.alerts > 0
    with harmed(tmp_path / "monitor.db", misdate_an_alert) as rows:
        assert any("alert was due at" in one for one in checker_networks.check(rows, world).wrong)
    assert not world.slack.is_ill("chat.postMessage")
