"""Near-duplicates: what a text says as a MinHash signature, which can be compared when the text is gone.

The share of equal places in two signatures estimates the Jaccard index of the texts' shingles
(Broder 1997). Equal bands of a signature name the candidates: any two texts of which four fifths are
alike share one with a probability of 99.98 %, of which a third is alike, with one of 18 %. Written
by hand: datasketch, with which the tests compare it, brings scipy and seconds of start for this.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from hashlib import blake2b
from typing import TypeAlias

from monitor.domain.lexicon import fold

Signature: TypeAlias = tuple[int, ...]

PLACES = 64
BANDS = 16
"""Of four places each."""
LEAST_ALIKE = 0.8
WITHIN = timedelta(hours=48)
"""Between the posts; what was said days later is said again."""
FEWEST_WORDS = 12
"""Of a text that counts as another author's copy: shorter ones many people find by themselves."""
FEWEST_OWN = 3
"""Of one that its author posted twice."""

_PRIME = (1 << 61) - 1
_MOST = (1 << 32) - 1
_SHINGLE = 3
# links and the accounts that are called differ from copy to copy
_WORD = re.compile(r"(?:https?://|www\.)\S+|@\w+|([^\W_]+)")


def words(text: str) -> list[str]:
    """The words that count, without case, diacritics, links and handles."""
    return [word for word in _WORD.findall(fold(text)) if word]


def shingles(said: list[str]) -> set[str]:
    """Runs of three words, or the words themselves where there are fewer."""
    if len(said) < _SHINGLE:
        return set(said)
    return {" ".join(said[at : at + _SHINGLE]) for at in range(len(said) - _SHINGLE + 1)}


def signature(said: list[str]) -> Signature:
    """What the words say, in 64 numbers below 2**32, the same on every machine and for ever."""
    hashes = [_number(one) for one in shingles(said)]
    return tuple(
        min((((a * one + b) % _PRIME) & _MOST for one in hashes), default=_MOST)
        for a, b in _permutations()
    )


def bands(of: Signature) -> list[int]:
    """One number a band, in its order, below 2**63."""
    width = PLACES // BANDS
    return [_number(repr((band, of[band * width : (band + 1) * width]))) for band in range(BANDS)]


def alike(one: Signature, other: Signature) -> float:
    """The share of the two texts' shingles that both have, estimated: from 0 to 1."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / PLACES


def numbers(said: list[str]) -> str:
    """The numbers among the words, in a few letters: another order's number is another complaint."""
    found = sorted(one for one in said if any(map(str.isdigit, one)))
    return f"{_number(' '.join(found)):x}"


def is_copy(length: int, *, same_author: bool) -> bool:
    """Whether a text of so many words is long enough that saying the same is no chance."""
    return length >= (FEWEST_OWN if same_author else FEWEST_WORDS)


@cache
def _permutations() -> tuple[tuple[int, int], ...]:
    return tuple(
        (_number(f"a{one}") % (_PRIME - 1) + 1, _number(f"b{one}")) for one in range(PLACES)
    )


def _number(text: str) -> int:
    """Below 2**63."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
