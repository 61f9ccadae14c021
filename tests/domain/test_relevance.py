"""Which posts that name a brand are about it: each rule, and what no rule may set aside."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.domain.errors import ConfigError
from monitor.domain.identity import Brand, Identity
from monitor.domain.lexicon import Lexicon, word_rule
from monitor.domain.post import Author, Post, PostKind
from monitor.domain.relevance import (
    CONTEXT,
    EVERYTHING,
    SPAM,
    WITHOUT,
    Filter,
    Filtered,
    Relevance,
    filtered,
    primary,
)
from tests.store.written import written


def words(**lists: list[str]) -> Lexicon:
    return Lexicon({name: word_rule(name, name, said) for name, said in lists.items()})


SWIFT = Relevance(
    words=words(
        **{
            CONTEXT: ["parcel*", "courier", "swift delivery"],
            WITHOUT: ["taylor swift", "swift code*"],
            SPAM: ["promo code"],
        }
    ),
    languages=("ro", "en"),
    ignored=(Identity("*", handle="swift_partner"),),
    most_links=2,
    most_hashtags=3,
    most_handles=4,
)


def rule(text: str, *, addressed: bool = False, language: str | None = None, **said: Any) -> Any:
    post = written("1", text=text, **said)
    found = filtered(post, SWIFT, language=language, addressed=addressed)
    return found.rule if found else None


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("Swift lost my parcel", None),
        ("Coletul meu... PARCELA de la Swift", None),
        ("Swift is a fine language", Filter.CONTEXT),
        ("Taylor Swift was late, and so was the courier", Filter.WITHOUT),
        ("Which SWIFT code do I need for the courier?", Filter.WITHOUT),
        ("Taylor said that. Swift lost my parcel", None),
        ("RT @ana: Swift lost my parcel", Filter.REPOST),
        ("RT if Swift lost your parcel", None),
        ("swift parcel https://a.example https://b.example www.c.example", Filter.SPAM),
        ("swift parcel #a #b #c #d", Filter.SPAM),
        ("swift parcel @a @b @c @d @e", Filter.SPAM),
        ("swift parcel, use my promo code", Filter.SPAM),
        ("swift parcel https://a.example #a @a", None),
    ],
)
def test_each_rule(text: str, by: Filter | None) -> None:
    assert rule(text) == by


def test_what_speaks_to_the_brand_is_not_asked_what_it_is_about() -> None:
    assert rule("You are useless", addressed=True) is None
    assert rule("Taylor Swift is better than you", addressed=True) is None
    assert rule("Mi colis no llega", addressed=True, language="es") is None
    assert rule("RT @ana: you are useless", addressed=True) is Filter.REPOST
    assert rule("Hi, use my promo code", addressed=True) is Filter.SPAM


def test_a_title_counts_as_text() -> None:
    assert rule("Still nothing", title="Swift: where is my parcel?") is None


def test_partners_are_no_customers() -> None:
    assert rule("Swift lost my parcel", by="Swift_Partner") is Filter.AUTHOR
    by_id = Relevance(ignored=(Identity("x", id="7"),))
    post = written("1", author=Author(id="7", handle="bot"))
    assert filtered(post, by_id, language=None, addressed=False) == Filtered(Filter.AUTHOR, "7")


@pytest.mark.parametrize(
    ("told", "judged", "by"),
    [
        ("de", "en", Filter.LANGUAGE),
        ("ro-RO", "de", None),
        (None, "de", Filter.LANGUAGE),
        (None, None, None),
        ("und", "en", None),
        ("und", "pl", Filter.LANGUAGE),
    ],
)
def test_the_network_knows_a_language_better(
    told: str | None, judged: str | None, by: Filter | None
) -> None:
    assert rule("Swift lost my parcel", lang=told, language=judged) == by


def test_languages_are_told_by_their_first_part() -> None:
    assert [primary(one) for one in ("en-GB", "PT_br", "", None, "und")] == [
        "en",
        "pt",
        None,
        None,
        None,
    ]


def test_by_default_only_reposts_are_set_aside() -> None:
    spam = written("1", text="#a #b #c #d https://a.example https://b.example https://c.example")
    assert filtered(spam, EVERYTHING, language="xx", addressed=False) is None
    repost = written("1", text="rt @ana : broken")
    assert filtered(repost, EVERYTHING, language="xx", addressed=False) is not None
    assert filtered(repost, Relevance(reposts=True), language="xx", addressed=False) is None


def test_why_quotes_the_rule_and_never_the_customer() -> None:
    post: Post = written("1", text="Secret words of TAYLOR   SWIFT fans")
    assert filtered(post, SWIFT, language="en", addressed=False) == Filtered(
        Filter.WITHOUT, '"taylor swift"'
    )


def test_who_is_spoken_to() -> None:
    shop = Brand("Swift", (Identity("x", handle="@SwiftHelp"), Identity("x", id="7")))
    assert shop.is_addressed_in(written("1", text="Hey @swifthelp, where is it?"))
    assert shop.is_addressed_in(written("1", text="bad", kind=PostKind.REVIEW))
    assert not shop.is_addressed_in(written("1", text="ask @somebody"))
    assert not shop.is_addressed_in(written("1", text="mail me at ana@swifthelp"))


def test_a_word_that_cannot_be_one_says_so() -> None:
    with pytest.raises(ConfigError, match="is not a word or phrase"):
        word_rule("context", "context", ["a+b"])
