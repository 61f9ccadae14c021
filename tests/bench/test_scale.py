"""What the bench of sizes counts with: the networks' notes, and who used how much of a processor."""

from __future__ import annotations

import os
from pathlib import Path

from monitor import settings
from tests.bench.agency import agency, channel_of, cpu_s, family, name_of


def test_what_a_brand_is_told_is_found_by_its_mark(tmp_path: Path) -> None:
    with agency(tmp_path, "postgresql://nobody@/none", 3) as made:
        settings.read(made.home.config())
        marks = [made.complain(0), made.complain(2, in_own=True)]
        args = {"channel": channel_of(0), "text": f"{name_of(0)} ({marks[0]})"}
        said = {"event_type": "told", "event_payload": {"key": "alert:1:1", "part": 1}}
        made.workspace.call("chat.postMessage", args | {"metadata": said})
        assert set(made.told()) == {marks[0]}
        [waited] = made.waited(marks)
        assert 0 <= waited < 60


def test_a_process_has_used_its_processor_and_is_its_own_family() -> None:
    assert cpu_s([os.getpid()]) > 0
    assert family(os.getpid())[0] == os.getpid()
