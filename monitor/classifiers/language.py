"""A light guess at a text's language: Romanian, English, or not told.

Two languages need no model: their small words and Romanian's letters give them away. Where a
network states the language, that statement counts instead.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-zăâîșțşţ']+")
_ROMANIAN_LETTERS = frozenset("ășțşţ")
"""â and î are French and others' too; these are Romanian's (and some Turkish)."""

_ENGLISH = frozenset(
    """the and you your for with this that have has had was were are is it it's i'm i my me we our
    they what when where why how not don't can't didn't doesn't won't isn't of to at by from been
    would could should will just get got still again please thanks thank order help does did
    there their them who which than then after before because about any only its i've you're
    never always nothing love great good bad best worst app service""".split()  # noqa: SIM905 - thirty words read better as words
)
_ROMANIAN = frozenset(
    """și si să sa nu am ați ati la cu din pe că ca ce de un una unei este sunt au fost mai dar
    pentru vă va mi îmi imi mă ma nici când cand unde cum cât cat iar tot foarte asta acest această
    voi noi eu el ea lui lor dacă daca sau după dupa până pana fără fara bine bun bună buna prea
    mulțumesc multumesc mersi vreau aveți aveti aș ai se le îi ii cei cele care nimeni nimic acum
    azi ieri mâine maine zile lei comanda comandă coletul produsul rog salut""".split()  # noqa: SIM905 - thirty words read better as words
)
_SHARED = _ENGLISH & _ROMANIAN


def guess(text: str) -> str | None:
    """`en`, `ro`, or None where too little speaks for either."""
    words = _WORD.findall(text[:2_000].casefold())
    english = sum(word in _ENGLISH for word in words if word not in _SHARED)
    romanian = sum(
        (word in _ROMANIAN) + 2 * (not _ROMANIAN_LETTERS.isdisjoint(word))
        for word in words
        if word not in _SHARED
    )
    most = max(english, romanian)
    if english == romanian or most < max(1, len(words) // 12):
        return None
    return "ro" if romanian > english else "en"
