"""Near-duplicates: signatures say how alike two texts are, as datasketch does, and what is no copy."""

from __future__ import annotations

from random import Random

import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.likeness import (
    BANDS,
    LEAST_ALIKE,
    PLACES,
    alike,
    bands,
    is_copy,
    numbers,
    shingles,
    signature,
    words,
)

SAID = "My parcel has not arrived after three weeks and nobody at all answers the phone any more"


def jaccard(one: list[str], other: list[str]) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def test_case_marks_links_and_handles_make_no_difference() -> None:
    assert words("Coletul n-a AJUNS, @Shop! https://t.example/abc țară") == [
        *("coletul", "n", "a", "ajuns", "tara"),
    ]
    assert words(" … !") == []
    copy = f"@shop {SAID.upper()}!!! https://t.example/xyz"
    assert alike(signature(words(copy)), signature(words(SAID))) == 1.0


def test_signatures_never_change() -> None:
    """They are kept in databases: another release must find the same."""
    assert signature(words("still no refund"))[:3] == SIGNED
    assert len(signature([])) == PLACES


SIGNED = (1458291327, 1410883307, 4272079671)


@given(st.lists(st.sampled_from("abcdefgh"), max_size=30), st.randoms(use_true_random=False))
def test_alike_texts_share_a_band(said: list[str], chance: Random) -> None:
    assert set(bands(signature(said))) == set(bands(signature(list(said))))
    assert len(bands(signature(said))) == BANDS
    assert all(0 <= one < 1 << 63 for one in bands(signature(said)))


def test_what_they_say_is_what_datasketch_says() -> None:
    """Both estimate the Jaccard index; over 200 pairs neither is farther from it on the whole."""
    chance = Random(7)
    ours, theirs = 0.0, 0.0
    for _ in range(200):
        one = [str(chance.randrange(40)) for _ in range(30)]
        other = [word if chance.random() < 0.9 else "changed" for word in one]
        exact = jaccard(one, other)
        ours += (alike(signature(one), signature(other)) - exact) ** 2
        theirs += (_datasketch(one).jaccard(_datasketch(other)) - exact) ** 2
    assert ours / 200 == pytest.approx(theirs / 200, abs=0.002)
    assert (ours / 200) ** 0.5 < 0.07, "of 64 places: a standard error of at most 0.0625"


def _datasketch(said: list[str]) -> MinHash:
    made = MinHash(num_perm=PLACES, seed=1)
    made.update_batch([one.encode() for one in shingles(said)])
    return made


def test_another_order_is_another_complaint() -> None:
    assert numbers(words("order 4711 is late")) != numbers(words("order 4712 is late"))
    assert numbers(words("a 1 b 2")) == numbers(words("2 or 1"))


def test_short_texts_are_found_by_many() -> None:
    assert is_copy(3, same_author=True)
    assert not is_copy(2, same_author=True)
    assert not is_copy(11, same_author=False)
    assert is_copy(12, same_author=False)


def test_a_changed_word_in_twenty_leaves_a_copy_and_five_do_not() -> None:
    said = words(f"{SAID} and I want to have all of my money back now please")
    one, five = list(said), list(said)
    one[0] = "the"
    five[2:22:4] = ["x"] * 5
    assert alike(signature(said), signature(one)) >= LEAST_ALIKE
    assert alike(signature(said), signature(five)) < LEAST_ALIKE
