"""Approved answers: texts with fields, and what is wrong with one, or with an answer made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from monitor.domain.lexicon import fold
from monitor.domain.phrase import Phrase, phrase
from monitor.domain.reply import Length

FIELDS = ("name", "order", "link")
"""What a template may leave open: the customer's name, the number of the order, an address."""
_SAMPLES = {"name": "Alexandra", "order": "1234567890", "link": "https://example.com/ab12cd34"}
"""So long are the fields taken to be, when a template is measured."""
_FIELD = re.compile(r"\{(\w*)\}")
_COUNTED = re.compile(
    r"[(\[]\s*(\d{1,2})/(\d{1,2})\s*[)\]]|^\s*(\d{1,2})/(\d{1,2})\s|\s(\d{1,2})/(\d{1,2})\s*$"
)
_RULE = re.compile(r"^\s*(?:[-–—=*_#~]\s*){3,}$", re.MULTILINE)
_GREETING = re.compile(
    r"^\s*(?:hi|hello|dear|good (?:morning|day|evening)|buna|salut|stimat[ea]?|draga?)\b",
    re.MULTILINE,
)


SEVERAL = (
    "it is numbered as a part of several (1/2)",
    "a line parts it in two",
    "it greets twice",
)
"""Signs that an answer is more than one message."""


class Flaw(StrEnum):
    """What is wrong with an answer, or with a template."""

    UNKNOWN_FIELD = "unknown field"
    UNFILLED = "unfilled field"
    TOO_LONG = "too long"
    FORBIDDEN = "forbidden word"
    SEVERAL = "more than one message"
    AMBIGUOUS = "two for one"
    """Two templates say the same topic in the same language: customers would hear different things."""
    UNTRANSLATED = "missing in a language"


@dataclass(frozen=True, slots=True)
class Template:
    """An approved answer. `topic` is one of the word rules', `language` an ISO 639-1 code."""

    name: str
    topic: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One flaw, with what is meant in words. Nothing but a translation may be missing."""

    template: str
    flaw: Flaw
    said: str

    @property
    def is_grave(self) -> bool:
        """Whether the template should not be used like that."""
        return self.flaw is not Flaw.UNTRANSLATED


@dataclass(frozen=True, slots=True)
class Approved:
    """The one store of answers, and the words that none may hold."""

    templates: tuple[Template, ...] = ()
    forbidden: tuple[str, ...] = ()

    def named(self, name: str) -> Template | None:
        """The template of that name."""
        return next((one for one in self.templates if one.name == name), None)

    def fitting(self, topics: Sequence[str], language: str | None) -> list[Template]:
        """All of them, those for one of the topics and in that language first."""

        def rank(one: Template) -> tuple[bool, bool]:
            return one.topic not in topics, language is not None and one.language != language

        return sorted(self.templates, key=rank)

    def flaws_of(self, text: str) -> list[tuple[Flaw, Phrase]]:
        """What is wrong with an answer that is about to leave, in words."""
        return [
            *(
                (Flaw.UNFILLED, phrase("{field} is not filled in", field=f"{{{one}}}"))
                for one in unfilled(text)
            ),
            *((Flaw.FORBIDDEN, _must_not(one)) for one in self._forbidden_in(text)),
            *((Flaw.SEVERAL, phrase(why)) for why in _several(text)),
        ]

    def lint(self, measures: Mapping[str, Callable[[str], Length]]) -> list[Remark]:
        """Everything that is wrong with the templates.

        Args:
            measures: how long each network finds a text, and how long it may be.

        """
        return [
            *(remark for one in self.templates for remark in self._of_one(one, measures)),
            *_ambiguous(self.templates),
            *_untranslated(self.templates),
        ]

    def _of_one(
        self, one: Template, measures: Mapping[str, Callable[[str], Length]]
    ) -> Iterator[Remark]:
        for name in dict.fromkeys(_FIELD.findall(one.text)):
            if name not in FIELDS:
                known = ", ".join(f"{{{field}}}" for field in FIELDS)
                said = f"{{{name}}} is no field; there are {known}"
                yield Remark(one.name, Flaw.UNKNOWN_FIELD, said)
        for word in self._forbidden_in(one.text):
            yield Remark(one.name, Flaw.FORBIDDEN, str(_must_not(word)))
        for why in _several(one.text):
            yield Remark(one.name, Flaw.SEVERAL, why)
        whole = fill(one.text, _SAMPLES)
        for network, measure in measures.items():
            length = measure(whole)
            if length.is_too_long:
                said = f"{length.used} of the {length.most} characters that {network} takes"
                yield Remark(one.name, Flaw.TOO_LONG, said)

    def _forbidden_in(self, text: str) -> list[str]:
        folded = fold(text)
        return [
            one
            for one in self.forbidden
            if re.search(rf"(?<!\w){re.escape(fold(one))}(?!\w)", folded)
        ]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the fields that are known filled in; the others stay to be seen."""
    return _FIELD.sub(lambda found: values.get(found[1]) or found[0], text)


def unfilled(text: str) -> list[str]:
    """The fields that are still open. Other words in braces are the writer's own."""
    return list(dict.fromkeys(one for one in _FIELD.findall(text) if one in FIELDS))


def _must_not(word: str) -> Phrase:
    return phrase("“{word}” must not be said", word=word)


def _several(text: str) -> Iterator[str]:
    """Signs that it is more than one message: an answer is one, the same in every channel."""
    numbered, parted, greeted = SEVERAL
    if any(_is_part(*filter(None, found)) for found in _COUNTED.findall(text)):
        yield numbered
    if _RULE.search(text):
        yield parted
    if len(_GREETING.findall(fold(text))) > 1:
        yield greeted


def _is_part(number: str, whole: str) -> bool:
    """1/2 is a part of a whole; 24/7 is not."""
    return int(number) <= int(whole)


def _ambiguous(templates: Iterable[Template]) -> Iterator[Remark]:
    def about(one: Template) -> tuple[str, str]:
        return one.topic, one.language

    for (topic, language), group in groupby(sorted(templates, key=about), key=about):
        names = [one.name for one in group]
        for name in names[1:]:
            said = f"“{names[0]}” is for {topic} in {language}, too: one message for one topic"
            yield Remark(name, Flaw.AMBIGUOUS, said)


def _untranslated(templates: Sequence[Template]) -> Iterator[Remark]:
    languages = {one.language for one in templates}
    for topic in dict.fromkeys(one.topic for one in templates):
        there = {one.language: one.name for one in templates if one.topic == topic}
        for missing in sorted(languages - there.keys()):
            yield Remark(min(there.values()), Flaw.UNTRANSLATED, f"{topic} has none in {missing}")
