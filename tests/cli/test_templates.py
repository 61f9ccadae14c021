"""The store of approved answers at the terminal."""

from __future__ import annotations

import pytest

from tests.cli.shop import CONFIG, Shop

TEMPLATES = """
[answers]
forbidden = ["our fault"]
[[answers.templates]]
name = "late parcel"
topic = "delivery"
language = "en"
text = '''
Hi {name}, sorry!
It left today.'''
[[answers.templates]]
name = "colet"
topic = "delivery"
language = "ro"
text = "Bună {name}!"
"""
FLAWED = """
[[answers.templates]]
name = "bad"
topic = "delivery"
language = "en"
text = "Not our fault, {customer}. (1/2)"
"""


@pytest.fixture
def written(shop: Shop) -> Shop:
    shop.configure(CONFIG + TEMPLATES)
    return shop


def test_they_are_listed_and_shown_whole(written: Shop) -> None:
    said = written.does("templates", "list").stdout
    assert "late parcel" in said
    assert [one["name"] for one in written.data("templates", "list")] == ["late parcel", "colet"]
    assert (
        "Hi {name}, sorry!\nIt left today."
        in written.does("templates", "show", "late parcel").stdout
    )
    assert written.data("templates", "show", "colet")["topic"] == "delivery"
    assert "templates list" in written.refuses("templates", "show", "none")


def test_good_ones_pass_and_flaws_are_named(written: Shop) -> None:
    assert "2 templates, 0 remarks" in written.does("templates", "lint").stdout
    written.configure(CONFIG + TEMPLATES + FLAWED)
    said = written.does("templates", "lint", status=1).stdout
    assert "bad: unknown field: {customer} is no field" in said
    assert "bad: forbidden word: “our fault”" in said
    assert "bad: more than one message" in said
    assert "bad: two for one" in said
    found = written.data("templates", "lint", status=1)
    assert found["templates"] == 3
    assert len(found["remarks"]) == 4


def test_a_store_without_any_says_how_to_begin(shop: Shop) -> None:
    assert "[[answers.templates]]" in shop.does("templates", "list").stdout


def test_two_of_one_name_and_an_empty_one_are_mistakes(shop: Shop) -> None:
    shop.configure(CONFIG + TEMPLATES + TEMPLATES.partition('fault"]')[2])
    assert 'there are two called "late parcel"' in shop.refuses("templates", "list")
    shop.configure(CONFIG + TEMPLATES.replace("Bună {name}!", "  "))
    assert "is empty: write the answer" in shop.refuses("templates", "list")


def test_an_answer_at_the_terminal_keeps_to_the_same_rules(written: Shop) -> None:
    written.does("db", "upgrade")
    assert "must not be said" in written.refuses("cases", "answer", "1", "It is our fault.")
