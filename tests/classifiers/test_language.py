"""The light guess at a language."""

from __future__ import annotations

import pytest

from monitor.classifiers.language import guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Still waiting for my order, it was due last week", "en"),
        ("where is my refund?", "en"),
        ("Aștept coletul de două săptămâni", "ro"),
        ("de ce nu raspunde nimeni la telefon", "ro"),
        ("Îmi puteți spune când ajunge?", "ro"),
        ("Das Paket ist immer noch nicht da", None),
        ("😡😡😡", None),
        ("", None),
        ("12345", None),
        ("Xyzzy plugh", None),
    ],
)
def test_english_and_romanian_are_told_and_others_left_open(
    text: str, language: str | None
) -> None:
    assert guess(text) == language
