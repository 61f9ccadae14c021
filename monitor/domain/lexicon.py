"""Transparent word rules: the topics of a text, and how severe its own words say it is.

A rule is a list of words with a topic, a severity or both; docs/rules.md says how to write one.
All terms are followed at once through the tokens of a text, along one tree of words. One big
regular expression would report a single match per place ("charged twice" would hide "charge*") and
could be made to backtrack; here the time is linear, and the order of rules and words means nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Severity

SHORTEST_STEM = 3
"""Letters before a `*`; shorter ones would hit half the language."""
NUMBER = "#"
"""What stands for any number from two up in a rule's words."""
KEYS = ("topic", "severity", "words", "without")

_LATIN = (range(0x80, 0x250), range(0x1E00, 0x1F00))
_MARKS = range(0x300, 0x370)
# Not `normalize` over the text: it sorts runs of marks in quadratic time, and anybody may post one.
_PLAIN = dict.fromkeys(_MARKS) | {
    code: "".join(one for one in unicodedata.normalize("NFD", chr(code)) if ord(one) not in _MARKS)
    for block in _LATIN
    for code in block
}
# Links and handles are one token each, so that the words inside them count only if a rule names
# them; the end of a sentence is a token that no word fits, so that no phrase reaches over it.
_TOKEN = re.compile(r"(?:https?://|www\.)\S+|@\w+|[^\W_]+|[.!?\n]+")
_WORD = re.compile(r"#|@\w+\*?|[^\W_]+\*?")
_PHRASE = re.compile(rf"(?:{_WORD.pattern})(?:[\s'’-]+(?:{_WORD.pattern}))*")


def fold(text: str) -> str:
    """The text without case and without the diacritics of the Latin script, cedilla or comma alike."""
    return text.lower() if text.isascii() else text.casefold().translate(_PLAIN)


_NUMBERS = frozenset(
    fold(
        "two three four five six seven eight nine ten eleven twelve several "
        "două doi trei patru cinci șase sapte opt nouă zece unsprezece doisprezece câteva"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of a text say.

    `severity` is None where no word speaks of it. `because` gives one dictionary word for each rule
    that was hit, most severe first, and never other text of the customer.
    """

    topics: tuple[str, ...]
    severity: Severity | None
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of a rule's dictionary, as written, and folded into words, stems (`*`) and numbers."""

    written: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WordRule:
    """What the presence of any of its terms says about a text."""

    name: str
    topic: str | None
    severity: Severity | None
    terms: tuple[Term, ...]


@dataclass(slots=True)
class _Node:
    """How far the tokens read so far have come into some terms, and the tokens that lead on."""

    ends: list[tuple[str, Term]] = field(default_factory=list)
    """The terms that are complete here, each with its rule's name."""
    whole: dict[str, _Node] = field(default_factory=dict)
    stems: dict[str, dict[str, _Node]] = field(default_factory=dict)
    """By the first letters of the stem, then by the stem."""

    def after(self, token: str) -> list[_Node]:
        """Where the token leads: by itself, as the beginning of a stem, or as a number."""
        found = [self.whole[token]] if token in self.whole else []
        for stem, node in self.stems.get(token[:SHORTEST_STEM], {}).items():
            if token.startswith(stem):
                found.append(node)
        if NUMBER in self.whole and _is_number(token):
            found.append(self.whole[NUMBER])
        return found

    def grow(self, word: str) -> _Node:
        """The node that a term's next word leads to, made where there is none."""
        if not word.endswith("*"):
            return self.whole.setdefault(word, _Node())
        stem = word.removesuffix("*")
        return self.stems.setdefault(stem[:SHORTEST_STEM], {}).setdefault(stem, _Node())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All word rules in force, by name; made by `lexicon_from`."""

    rules: Mapping[str, WordRule]
    _root: _Node = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_root", _tree(self.rules.values()))

    @property
    def topics(self) -> frozenset[str]:
        """The topics that a text can have, so that settings can check the names in policies."""
        return frozenset(one.topic for one in self.rules.values() if one.topic is not None)

    def read(self, text: str) -> Reading:
        """Topics in alphabetical order, the highest severity, and the first term hit of each rule."""
        words = self.hits(text)
        hit = sorted(
            (self.rules[name] for name in words),
            key=lambda one: (-(one.severity or Severity.LOW), one.name),
        )
        return Reading(
            topics=tuple(sorted({one.topic for one in hit if one.topic is not None})),
            severity=max((one.severity for one in hit if one.severity is not None), default=None),
            because=tuple(f'{one.name}: "{words[one.name]}"' for one in hit),
        )

    def hits(self, text: str) -> dict[str, str]:
        """Of each rule the term that is complete first; of several there the longest, as written."""
        tokens = _TOKEN.findall(fold(text))
        hits: dict[str, tuple[int, int, str]] = {}
        begun: list[_Node] = []
        for at, token in enumerate(tokens):
            begun = [node for one in begun for node in one.after(token)]
            begun += self._root.after(token)
            for node in begun:
                for name, term in node.ends:
                    hit = (at, -len(term.words), term.written)
                    hits[name] = min(hit, hits.get(name, hit))
        return {name: written for name, (_, _, written) in hits.items()}


def lexicon_from(*tables: Mapping[str, object]) -> Lexicon:
    """The rules of TOML tables, a later one adding to, overriding and taking from an earlier one.

    Raises ConfigError naming the key and the remedy.
    """
    rules: dict[str, WordRule] = {}
    for table in tables:
        for name, value in table.items():
            rules[name] = _rule(value, rules.get(name, WordRule(name, None, None, ())))
    return Lexicon(rules)


def word_rule(place: str, name: str, words: Iterable[str]) -> WordRule:
    """A rule that says nothing but that one of its words is there. Raises ConfigError naming `place`."""
    return WordRule(name, None, None, tuple(_terms(place, list(words))))


def _rule(value: object, earlier: WordRule) -> WordRule:
    place = f"[rules.{earlier.name}]"
    if not isinstance(value, Mapping):
        raise ConfigError(f'{place} must be a table such as {{topic = "gifts", words = ["gift*"]}}')
    for key in value:
        if key not in KEYS:
            raise ConfigError(f"{place} {key}: unknown key; known are {', '.join(KEYS)}")
    topic = _topic(place, value) if "topic" in value else earlier.topic
    severity = _severity(place, value) if "severity" in value else earlier.severity
    if topic is None and severity is None:
        raise ConfigError(f"{place} needs a topic, a severity or both, else it says nothing")
    terms = {one.words: one for one in earlier.terms}
    for one in _terms(f"{place} words", value.get("words", [])):
        terms.setdefault(one.words, one)
    for one in _terms(f"{place} without", value.get("without", [])):
        if terms.pop(one.words, None) is None:
            raise ConfigError(f'{place} without: "{one.written}" is none of the rule\'s words')
    if not terms:
        raise ConfigError(f"{place} words: at least one word is needed")
    return WordRule(earlier.name, topic, severity, tuple(terms.values()))


def _topic(place: str, value: Mapping[str, object]) -> str:
    topic = value["topic"]
    if not isinstance(topic, str) or not topic.strip() or "," in topic:
        raise ConfigError(f"{place} topic: must be a name without a comma")
    return topic.strip()


def _severity(place: str, value: Mapping[str, object]) -> Severity:
    known = {one.word: one for one in Severity}
    found = known.get(str(value["severity"]))
    if found is None:
        raise ConfigError(f"{place} severity: must be one of {', '.join(known)}")
    return found


def _terms(place: str, value: object) -> list[Term]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(f"{place}: must be a list of words in quotes")
    return [_term(place, one) for one in sorted(value)]


def _term(place: str, written: str) -> Term:
    folded = fold(written.strip())
    if not _PHRASE.fullmatch(folded):
        raise ConfigError(
            f'{place}: "{written}" is not a word or phrase of letters and digits; '
            f"`*` may only end a word, and `{NUMBER}` stands alone for a number"
        )
    words = tuple(_WORD.findall(folded))
    if any(one.endswith("*") and len(one) <= SHORTEST_STEM for one in words):
        raise ConfigError(f'{place}: "{written}" needs {SHORTEST_STEM} letters before the `*`')
    return Term(written.strip(), words)


def _tree(rules: Iterable[WordRule]) -> _Node:
    root = _Node()
    for rule in rules:
        for term in rule.terms:
            node = root
            for word in term.words:
                node = node.grow(word)
            node.ends.append((rule.name, term))
    return root


def _is_number(token: str) -> bool:
    return token in _NUMBERS or (token.isdecimal() and token not in ("0", "1"))
