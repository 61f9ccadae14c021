"""What the model is shown of a post."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.classifiers import text
from monitor.domain.post import Post, PostKey


def post(words: str, title: str | None = None) -> Post:
    at = datetime(2026, 5, 4, 9, tzinfo=UTC)
    return Post(key=PostKey("forum", "1"), thread="1", text=words, title=title, posted_at=at)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("@northwind_help where is it?", "@user where is it?"),
        ("@care@shop.example still waiting", "@user still waiting"),
        ("see https://shop.example/a?b=1 now", "see http now"),
        ("mail me at ana@shop.example", "mail me at ana@shop.example"),
        ("<p>Broken&nbsp;again &amp; <b>loud</b></p>", "Broken again & loud"),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ("a\x00b\n\n c\t", "a b c"),
        ("lone \ud83d surrogate", "lone surrogate"),
        ("coșul meu 😡", "coșul meu 😡"),
        (" \n\t ", ""),
    ],
)
def test_handles_links_markup_and_bad_characters_are_levelled(raw: str, shown: str) -> None:
    assert text.prepared(raw) == shown


def test_a_title_stands_before_the_text_but_is_not_said_twice() -> None:
    assert text.of_post(post("It broke.", "Bad kettle")) == "Bad kettle. It broke."
    assert text.of_post(post("Bad kettle, it broke", "Bad kettle")) == "Bad kettle, it broke"
    assert text.of_post(post("", "Bad kettle")) == "Bad kettle"


def test_the_stars_of_a_review_stand_before_its_words() -> None:
    rated = replace(post("Works as expected", "Kettle"), rating=1.0)
    assert text.of_post(rated) == "1/5. Kettle. Works as expected"
    assert text.of_post(replace(rated, rating=4.5, title=None)) == "4.5/5. Works as expected"
    assert text.of_post(replace(rated, text="", title=None)) == ""


def test_a_huge_text_is_cut_before_it_costs_anything() -> None:
    assert len(text.prepared("late " * 20_000)) <= 4_000


@given(st.text(st.characters(codec=None)))
def test_whatever_comes_the_model_gets_clean_text(raw: str) -> None:
    shown = text.prepared(raw)
    shown.encode()
    assert "\x00" not in shown
    assert shown == shown.strip()
