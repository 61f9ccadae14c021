"""What is read may be ill-made in any way: it is refused, or read as far as it can be (`just fuzz`)."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.parsers import Found, config, files, rota, sources, spoilt


@pytest.mark.parametrize("part", [config, rota, files])
def test_what_is_spoilt_is_refused_or_read(part: object) -> None:
    found = Found()
    part(found, random.Random(7), 40)  # type: ignore[operator]
    assert found.unhandled == []
    assert found.rounds.total() >= 40
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
    assert len(found.unhandled) == 1
    assert spoilt(b"whole", random.Random(1)) != b"whole"
