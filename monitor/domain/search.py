"""What people type to find something, and the words by which texts are found: the same on any database.

Words are cut here, not by the database: so both find the same, and what is typed is never its syntax.
A word is a run of letters and digits, without regard to case, accents and ways to write the same letter
(`ș`, `ş` and `s`); Chinese and Japanese signs are words of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import normalize

READ = 15_000
"""Letters of a text by which it can be found; what comes behind them cannot be."""
LONGEST = 200
"""Letters of a word that count."""
MOST_WORDS = 32
"""Of a search; what is typed behind them is left out."""
SHORTEST_BEGINNING = 3
"""Letters that stand for all words that begin with them; fewer are in nearly every text."""

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'))
_SCHEME = re.compile(r"\bhttps?://")
_TYPED = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_MARKS = re.compile(  # accents and vowel signs that stand above or below a letter
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_BETWEEN = re.compile(r"[\W_]+")
_SIGN = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
_TOO_LONG = re.compile(rf"(\w{{{LONGEST}}})\w+")


def words(text: str) -> str:
    """The words of a text, in their order, with one space between them."""
    text = text[:READ]
    if text.isascii():
        text = text.lower()
    else:
        text = _MARKS.sub("", normalize("NFKD", text)).casefold()
        text = _SIGN.sub(r" \1 ", text)[:READ]
    found = _BETWEEN.sub(" ", text).strip()
    return found if len(found) <= LONGEST else _TOO_LONG.sub(r"\1", found)


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one behind the other; of the last one perhaps only the beginning."""

    words: tuple[str, ...]
    is_beginning: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What one text must hold, all of it, and what it must not. One without any term finds nothing."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.wanted or self.unwanted)


def search(typed: str) -> Search:
    """Read what a person typed: `words "words in a row" -not`.

    The last word may be the beginning of one. Whatever else is typed is no mistake: a word with signs in
    it (`ana@shop.example`) is words in a row, as is an address, and a quotation mark without its other
    half goes to the end.
    """
    wanted: list[Term] = []
    unwanted: list[Term] = []
    left = MOST_WORDS
    is_open = False
    plainly = _SCHEME.sub("", typed.translate(_QUOTES))
    for minus, quoted, plain in _TYPED.findall(plainly):
        said = tuple(words(quoted or plain).split()[:left])
        if not said:
            continue
        left -= len(said)
        is_open = bool(plain) and not minus and len(said[-1]) >= SHORTEST_BEGINNING
        (unwanted if minus else wanted).append(Term(said))
    if is_open:
        wanted[-1] = Term(wanted[-1].words, is_beginning=True)
    return Search(tuple(wanted), tuple(unwanted))
