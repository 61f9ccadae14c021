"""The languages in which a channel is spoken to: every phrase is written in English, and looked up.

What is not translated stays English: a word in another language is better than none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

ENGLISH = "en"
_WITH_DE = 20
LANGUAGES = (ENGLISH, "ro")
"""English is what the phrases are written in; of the others there is a file `phrases_….json`."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """Says phrases in one language. `{name}` in a phrase stands for a value, which stays as it is."""

    language: str = ENGLISH
    phrases: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, phrase: str, /, **values: object) -> str:
        said = self.phrases.get(phrase, phrase)
        return said.format(**values) if values else said

    def count(self, number: int, one: str, many: str) -> str:
        """`1 gap`, `{number} gaps`: as so many are said; in Romanian 19 goluri, but 20 de goluri."""
        if number == 1:
            return self(one)
        with_de = self.language == "ro" and not 0 < number % 100 < _WITH_DE
        return self(many, number=f"{number} de" if with_de and number else number)

    def number(self, text: str) -> str:
        """A number that was written with a point, as it is written here."""
        return text.replace(".", ",") if self.language == "ro" else text


IN_ENGLISH = Tongue()


@lru_cache(maxsize=8)
def tongue(language: str) -> Tongue:
    """The tongue of a language; one without phrases speaks English."""
    if language == ENGLISH or language not in LANGUAGES:
        return IN_ENGLISH
    name = f"phrases_{language}.json"
    text = files("monitor.render").joinpath(name).read_text(encoding="utf-8")
    return Tongue(language, json.loads(text))
