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

NUMBER = 10
"""Recordings."""
every_recording = pytest.mark.parametrize("number", range(NUMBER))


def player(number: int) -> recorded.Player:
    return recorded.played(recorded.recordings(SHARED / "recordings")[number])


@pytest.mark.needs("shared")
def test_whatever_was_recorded_is_read() -> None:
    found: dict[str, Counter[str]] = {}
    for number in range(NUMBER - 2):
        with player(number) as one:
            found[one.recording.name] = recorded.counted(one)
    # Facebook leaves ids out for apps without the right
    assert {what for what, counts in found.items() if counts["Rejected"]} == {"facebook comments"}
    assert not any(counts["refused"] for counts in found.values())
    for what, counts in found.items():
        if what != "facebook comments":
            assert counts["Post"] == counts["things"] > 0


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("number", "posts", "dateless", "mute"),
    [(NUMBER - 2, 16, 115, 2), (NUMBER - 1, 60, 0, 73)],
    ids=["first look", "later look"],
)
def test_a_recorded_feed_s_words_are_read_unless_nobody_knows_how_old_they_are(
    number: int, posts: int, dateless: int, mute: int
) -> None:
    with player(number) as one:
        counts = recorded.counted(one)
    assert (counts["things"], counts["Post"]) == (222, posts)
    old = "Rejected: it names no date, and stood in the feed before the first look"
    assert counts[old] == dateless
    # they hold a date, a link or a contributor, and no word
    assert counts["Rejected: it says nothing"] == mute == counts["Rejected"] - dateless
    assert counts["refused: what is there is no feed"] == counts["refused"] == 2  # CDF


@pytest.mark.needs("shared")
@every_recording
@settings(max_examples=30)
@given(chance=st.integers(0, 2**32).map(Random))
def test_no_spoilt_recording_goes_unhandled(number: int, chance: Random) -> None:
    with player(number) as one, suppress(SourceError):
        assert recorded.spoil(one, chance)
