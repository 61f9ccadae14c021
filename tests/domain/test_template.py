"""Approved answers: what a linter finds in them, and in an answer that is about to leave."""

from __future__ import annotations

import pytest

from monitor.domain.reply import Length
from monitor.domain.template import Approved, Flaw, Template, fill, unfilled

LATE_EN = Template("late", "delivery", "en", "Hi {name}, sorry! Order {order} left today: {link}")
LATE_RO = Template("târziu", "delivery", "ro", "Bună {name}, ne pare rău! Comanda a plecat azi.")


def flaws(*templates: Template, forbidden: tuple[str, ...] = (), most: int = 280) -> list[Flaw]:
    found = Approved(templates, forbidden).lint({"x": lambda text: Length(len(text), most)})
    return [one.flaw for one in found]


def test_good_templates_have_no_flaws() -> None:
    assert flaws(LATE_EN, LATE_RO) == []


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("Dear {customer}, sorry.", Flaw.UNKNOWN_FIELD),
        ("Sorry, but it is NOT our fault.", Flaw.FORBIDDEN),
        ("Vina noastră? Nu e vina noastra.", Flaw.FORBIDDEN),
        ("We are sorry (1/2)", Flaw.SEVERAL),
        ("Sorry.\n---\nYour refund is on its way.", Flaw.SEVERAL),
        ("Hello Ana,\nsorry.\nHello again, we forgot something.", Flaw.SEVERAL),
        ("word " * 80, Flaw.TOO_LONG),
    ],
)
def test_a_flaw_is_found(text: str, flaw: Flaw) -> None:
    one = Template("t", "refund", "en", text)
    assert flaw in flaws(one, forbidden=("not our fault", "vina noastra"))


def test_a_part_of_a_word_and_a_date_are_no_flaws() -> None:
    text = "Since 24/7 support (24/7) on 3/4/2026 … 1/2 price, classic and/or default 24/7"
    assert flaws(Template("t", "refund", "en", text), forbidden=("class", "fault")) == []


def test_fields_are_measured_as_if_they_were_filled_in() -> None:
    assert flaws(Template("t", "refund", "en", "{link}"), most=10) == [Flaw.TOO_LONG]


def test_one_message_for_one_topic_and_language() -> None:
    another = Template("late 2", "delivery", "en", "Too bad.")
    assert flaws(LATE_EN, another, LATE_RO) == [Flaw.AMBIGUOUS]


def test_a_topic_without_a_translation_is_named_and_is_not_grave() -> None:
    refund = Template("refund", "refund", "en", "It is on its way.")
    [found] = Approved((LATE_EN, LATE_RO, refund)).lint({})
    assert (found.template, found.flaw, found.is_grave) == ("refund", Flaw.UNTRANSLATED, False)
    assert found.said == "refund has none in ro"


def test_what_is_known_is_filled_in_and_the_rest_is_seen_to_be_open() -> None:
    text = fill(LATE_EN.text, {"name": "Dana {order}", "order": ""})
    assert text == "Hi Dana {order}, sorry! Order {order} left today: {link}"
    assert unfilled(text) == ["order", "link"]
    assert [flaw for flaw, _ in Approved().flaws_of(text)] == [Flaw.UNFILLED, Flaw.UNFILLED]
    assert Approved().flaws_of("Use {braces} as you like.") == []


def test_what_fits_the_case_comes_first() -> None:
    store = Approved((LATE_EN, LATE_RO, Template("r", "refund", "ro", "Da.")))
    assert [one.name for one in store.fitting(("refund",), "ro")] == ["r", "târziu", "late"]
    assert store.named("late") == LATE_EN
    assert store.named("none") is None
