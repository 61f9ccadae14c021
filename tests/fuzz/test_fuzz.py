"""What is read, or sent to us, may be ill-made in any way: it is refused, or read as far as it can be.

`just fuzz` does more of it.
"""

from __future__ import annotations

import random

import pytest

from tests.fuzz.__main__ import PARTS
from tests.fuzz.parsers import sources
from tests.fuzz.spoiling import Found, spoilt

ROUNDS = {
    "cursors": 3,
    "models": 3,
    "slack": 20,
    "socket": 20,
    "pages": 10,
    "openid": 4,
    "intake": 10,
}


@pytest.mark.parametrize("part", [one for one in PARTS if one != "sources"])
def test_what_is_spoilt_is_refused_or_read(part: str) -> None:
    found, rounds = Found(), ROUNDS.get(part, 40)
    PARTS[part](found, random.Random(7), rounds)
    assert found.unhandled == []
    assert found.rounds.total() >= rounds
    assert found.refused.total() > 0


def test_a_network_that_answers_nonsense_is_a_source_error() -> None:
    found = Found()
    sources(found, random.Random(7), 1)
    assert found.unhandled == []
    assert {"source x", "source reddit"} <= found.rounds.keys()


def test_what_nobody_foresaw_is_found() -> None:
    found, nothing = Found(), dict[str, str]()
    found.tries("it", "once", ValueError, lambda: nothing["no"])
    found.tries("it", "twice", KeyError, lambda: nothing["no"])
    found.answered("it", "thrice", 500)

    assert len(found.unhandled) == 2
    assert spoilt(b"whole", random.Random(1)) != b"whole"
