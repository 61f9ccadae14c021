"""Markup becomes what people read."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetching import plain

_TAGS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<aside class='quote'>",
        "</aside>",
        "<br>",
        "<![",
        "<!--",
        "<a href='",
        "&#",
        ">",
    ]
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Unde e\n coletul?</p><p>De 3 zile&hellip;</p>", "Unde e coletul?\n\nDe 3 zile…"),
        ("one<br>two", "one\ntwo"),
        ("<ul><li>late</li><li>broken</li></ul>", "- late\n- broken"),
        ("a &lt; b &amp; c", "a < b & c"),
        ('great <img class="emoji" alt=":rage:">', "great :rage:"),
        ("<script>steal()</script>hi", "hi"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_markup_becomes_words(html: str, text: str) -> None:
    assert plain(html) == text


def test_what_others_said_is_left_out() -> None:
    html = '<aside class="quote x"><p>They <br>lie</p></aside><p>I am content</p>'
    assert plain(html, without=frozenset({"quote"})) == "I am content"


@given(st.lists(st.one_of(_TAGS, st.text(max_size=5)), max_size=30).map("".join))
def test_no_markup_is_too_broken(html: str) -> None:
    text = plain(html, without=frozenset({"quote"}))
    assert text == text.strip()
    assert "\n\n\n" not in text


@pytest.mark.parametrize("tail", ["", ">", "'>", "-->"])
@pytest.mark.parametrize("unit", ["<a ", "<", "<!--", "<![", "<a b='", "<style ", "</a ", "&#"])
def test_a_tag_that_never_ends_does_not_take_for_ever(unit: str, tail: str) -> None:
    began = time.process_time()
    plain(unit * (2**17 // len(unit)) + tail)
    assert time.process_time() - began < 20


def test_an_element_of_a_type_is_left_out() -> None:
    html = 'mine <blockquote class="x" type="cite">yours</blockquote><blockquote>mine'
    assert plain(html, without=frozenset({"blockquote[type=cite]"})) == "mine\n\nmine"
