"""Three workers that die, freeze, lose their database and are refused, in small (`-m bench`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.crew import BLOWS, chaos
from tests.postgres import server


@pytest.mark.bench
@pytest.mark.timeout(1500)
def test_three_workers_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    with server() as postgres:
        crew, found = chaos(tmp_path, postgres, blows=len(BLOWS), seed=7, least=10, longest=6.0)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [])
    assert found.waits > 0
    assert crew.done["killed"] >= 4
