"""What networks really sent is read, and nothing that comes of it when it is spoilt goes unforeseen."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from tests.fuzz import recorded
from tests.plugins.needs import SHARED

NUMBER = 9
"""Recordings."""
every_recording = pytest.mark.parametrize("number", range(NUMBER))


def player(number: int) -> recorded.Player:
    return recorded.Player(recorded.recordings(SHARED / "recordings")[number])


@pytest.mark.needs("shared")
def test_whatever_was_recorded_is_read() -> None:
    found: dict[str, Counter[str]] = {}
    for number in range(NUMBER):
        with player(number) as one:
            of = one.recording
            found[f"{of.network} {of.stream}"] = recorded.counted(one)
    rejected = {what: counts["Rejected"] for what, counts in found.items() if counts["Rejected"]}
    # Facebook leaves ids out for apps without the right; feeds without a date tell nothing of their age
    assert rejected.keys() == {"facebook comments", "rss comments"}
    assert {what for what, counts in found.items() if counts["refused"]} == {"rss comments"}
    for what, counts in found.items():
        if what not in rejected:
            assert counts["Post"] == counts["things"] > 0


@pytest.mark.needs("shared")
@every_recording
@settings(max_examples=30)
@given(chance=st.integers(0, 2**32).map(Random))
def test_no_spoilt_recording_goes_unhandled(number: int, chance: Random) -> None:
    with player(number) as one, suppress(SourceError):
        assert recorded.spoil(one, chance)
