"""The light guess at a language."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from monitor.classifiers.language import guess
from tests.classifiers.strangers import KNOWN, UNHEARD

DATA = Path(__file__).parents[2] / "models" / "data"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Still waiting for my order, it was due last week", "en"),
        ("where is my refund?", "en"),
        ("Aștept coletul de două săptămâni", "ro"),
        ("de ce nu raspunde nimeni la telefon", "ro"),
        ("Îmi puteți spune când ajunge?", "ro"),
        ("Das Paket ist immer noch nicht da", "de"),
        ("Mon colis n'est toujours pas arrivé", "fr"),
        ("Llevo tres semanas sin mi pedido, ¿dónde está?", "es"),
        ("Il pacco non è ancora arrivato", "it"),
        ("A encomenda ainda não chegou", "pt"),
        ("Még mindig nem jött meg a csomag", "hu"),
        ("Paczka jeszcze nie dotarła", None),
        ("😡😡😡", None),
        ("", None),
        ("12345", None),
        ("Xyzzy plugh", None),
    ],
)
def test_eight_languages_are_told_and_others_left_open(text: str, language: str | None) -> None:
    assert guess(text) == language


@pytest.mark.parametrize(("language", "texts"), KNOWN.items(), ids=list(KNOWN))
def test_other_languages_and_scripts_are_not_taken_for_one_of_the_eight(
    language: str, texts: Sequence[str]
) -> None:
    assert {text: guess(text) for text in texts} == dict.fromkeys(texts)


def test_even_languages_that_nobody_thought_of_are_seldom_named() -> None:
    """Catalan and Estonian are, now and then: they share small words with Spanish and Hungarian."""
    named = [text for texts in UNHEARD.values() for text in texts if guess(text)]
    assert len(named) <= 3


def test_a_word_in_another_script_does_not_hide_the_language() -> None:
    assert guess("still waiting for my ТОВАР, where is it?") == "en"
    assert guess("Приложение Smart Home is") is None


@pytest.mark.parametrize("path", sorted(DATA.glob("*.jsonl")), ids=lambda path: path.stem)
def test_it_would_rather_say_nothing_than_guess_wrong(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    told = Counter(guess(row["text"]) for row in rows)
    language = rows[0]["lang"]
    wrong = len(rows) - told[language] - told[None]
    assert wrong / len(rows) <= 0.02
    assert told[language] / len(rows) >= 0.9
