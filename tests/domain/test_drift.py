"""Whether what is judged looks like what was judged before."""

from __future__ import annotations

import random
from collections import Counter

from monitor.domain.drift import ALARM, drift

BINS = ["a", "b", "c", "d"]


def drawn(chance: random.Random, weights: list[int], n: int) -> Counter[str]:
    return Counter(chance.choices(BINS, weights, k=n))


def test_the_same_crowd_raises_no_alarm() -> None:
    chance = random.Random(1)
    found = [
        drift("scores", drawn(chance, [70, 20, 8, 2], 800), drawn(chance, [70, 20, 8, 2], 200))
        for _ in range(200)
    ]
    assert not any(one.is_alarming for one in found)


def test_another_crowd_does_and_the_bins_that_moved_are_told() -> None:
    found = drift("languages", {"en": 500, "ro": 480}, {"en": 150, "ro": 150, "de": 300})
    assert found.is_alarming
    assert found.index is not None
    assert found.index > ALARM
    assert found.most[0] == ("de", 0.0, 0.5)


def test_too_few_posts_say_nothing() -> None:
    found = drift("scores", {"a": 1000}, {"b": 199})
    assert found.index is None
    assert not found.is_alarming
    assert (found.n, found.n_before) == (199, 1000)
