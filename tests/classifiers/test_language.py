"""The light guess at a language."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from monitor.classifiers.language import guess

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


@pytest.mark.parametrize("path", sorted(DATA.glob("*.jsonl")), ids=lambda path: path.stem)
def test_it_would_rather_say_nothing_than_guess_wrong(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    told = Counter(guess(row["text"]) for row in rows)
    language = rows[0]["lang"]
    wrong = len(rows) - told[language] - told[None]
    assert wrong / len(rows) <= 0.02
    assert told[language] / len(rows) >= 0.9
