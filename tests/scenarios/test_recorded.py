"""What X and Reddit really sent to others goes through the whole program, and nothing of it gets lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.needs import SHARED
from tests.scenarios import recorded


@pytest.mark.needs("shared")
@pytest.mark.timeout(300)
def test_everything_recorded_is_stored_known_rejected_or_no_post(tmp_path: Path) -> None:
    outcome = recorded.run(SHARED / "recordings", tmp_path, "tests.scenarios.live:Keywords")
    told = "\n".join(recorded.table(outcome))
    assert outcome.adds_up, told
    assert outcome.posts > 2000, told
    assert outcome.alerts > 0, told
    # one name in praw's cassettes is its authors' own, and twice there: Reddit never gives it
    assert sum(one.rejected for one in outcome.rows) == 2, told


def test_what_is_unaccounted_for_is_told() -> None:
    served = recorded.Served(things=5)
    row = recorded.Row("x-one", served, stored=3, known=1, rejected=0)
    outcome = recorded.Outcome([row], 3, 3, 0, 1, 0, 1, 1, [])
    assert not outcome.adds_up
    lines = list(recorded.table(outcome))
    assert lines[-1] == "IT DOES NOT ADD UP"
    assert any(line.startswith("x-one") and line.endswith(" 1") for line in lines)
