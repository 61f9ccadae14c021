"""From labelled texts to lessons: what training is shown of them, how often, and how sure."""

from __future__ import annotations

import random
import unicodedata
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.domain.judgement import Label
from monitor.learning.training import Lesson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.learning.calibration import Scores
    from monitor.learning.corpora import Example

_SMOOTHING = 0.05
"""No label is beyond doubt: so much of each is spread over all four classes."""
_SLIPS = 0.12
"""Share of the words of a misspelt copy that get a slip of the finger."""
_BARE = frozenset({"neutral", "chitchat"})


def hard(examples: Iterable[Example], own: int = 1) -> list[Lesson]:
    """One lesson a text, as sure as its label.

    An epoch shows the texts written for this project `own` times: they hold what public sets lack.
    Bare statements that address nobody it shows twice as often: those that accuse ("Same finger. Two
    results.") are complaints, and outnumber the others.
    """
    return [Lesson(one.shown, _almost(one.label), _times(one, own)) for one in examples]


def misspelt(examples: Iterable[Example]) -> list[Example]:
    """The project's texts as hurried thumbs would write them: without diacritics, with slips.

    Without their stars, too: where a source tells none, the words alone must do.
    """
    return [
        replace(one, text=slips(one.text), rating=None)
        for one in examples
        if one.corpus == "project"
    ]


def slips(text: str) -> str:
    """The text with its diacritics gone and some letters swapped, lost or doubled.

    The same text always slips the same way.
    """
    chance = random.Random(zlib.crc32(text.encode()))  # noqa: S311 - not for secrets
    plain = "".join(
        letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)
    )
    words = [_slip(word, chance) if chance.random() < _SLIPS else word for word in plain.split()]
    joined = " ".join(words)
    return joined.lower() if chance.random() < 0.5 else joined  # noqa: PLR2004 - every other


def _slip(word: str, chance: random.Random) -> str:
    if len(word) < 4 or not word.isalpha():  # noqa: PLR2004 - short words would become others
        return word
    at = chance.randrange(1, len(word) - 1)
    before, one, two, after = word[:at], word[at], word[at + 1 : at + 2], word[at + 2 :]
    return chance.choice(
        (before + two + one + after, before + two + after, word[:at] + word[at - 1 :])
    )


def distilled(
    texts: Sequence[str], taught: Scores, labelled: Iterable[Lesson], trust: float = 0.5
) -> list[Lesson]:
    """Lessons whose answer is the teachers' where nobody labelled, and a mix where somebody did.

    Args:
        texts: all of them, the labelled ones too.
        taught: the teachers' mean probabilities, a row a text.
        labelled: lessons with labels; their texts are among `texts`.
        trust: the teachers' share where there is a label.

    """
    known = {one.text: one for one in labelled}
    lessons = []
    for text, row in zip(texts, taught.tolist(), strict=True):
        one = known.get(text)
        target = (
            row
            if one is None
            else [
                trust * theirs + (1 - trust) * label
                for theirs, label in zip(row, one.target, strict=True)
            ]
        )
        lessons.append(
            Lesson(text, tuple(round(part, 6) for part in target), one.times if one else 1)
        )
    return lessons


def _times(example: Example, own: int) -> int:
    if example.corpus != "project":
        return 1
    return 2 * own if _BARE.intersection(example.phenomena[:1]) else own


def _almost(label: Label) -> tuple[float, ...]:
    rest = _SMOOTHING / len(Label)
    return tuple(rest + (1 - _SMOOTHING if one is label else 0) for one in Label)
