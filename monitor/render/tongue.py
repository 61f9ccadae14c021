"""The languages in which a channel is spoken to: every phrase is written in English, and looked up.

What is not translated stays English: a word in another language is better than none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from monitor.domain.errors import MonitorError, PhrasedError
from monitor.domain.phrase import LISTED, Phrase

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

    def of(self, said: Phrase | str) -> str:
        """A phrase with all that is translated of its values. What is text already stays as it is."""
        if isinstance(said, str):
            return said
        return self(said.text, **{name: self._value(one) for name, one in said.values.items()})

    def _value(self, one: object) -> object:
        match one:
            case Phrase():
                return self.of(one)
            case StrEnum():
                return self(one.value)
            case tuple():
                return LISTED.join(str(self._value(each)) for each in one)
            case _:
                return one

    def why(self, error: MonitorError) -> str:
        """What an error says; those of people's everyday work are said in the language."""
        return self.of(error.phrase) if isinstance(error, PhrasedError) else str(error)

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
