"""Relevance: which posts that name a brand are not about it, or are nobody's own words. Transparent rules.

A post that is addressed to the brand is never set aside for what it is about: a review, a mail, one that
names an account of the brand. Nor is anything in a conversation that the brand or its customer has
with each other; the caller knows that. Whatever is set aside stays where it was, with the rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.account import Identity
from monitor.domain.lexicon import Lexicon
from monitor.domain.post import Author, Post, PostKind

CONTEXT, WITHOUT, SPAM = "context", "without", "spam"
"""The lists of words, as rules of one lexicon: a text is read once."""
NO_WORDS = Lexicon({})

_REPOST = re.compile(r"\s*RT @\w+\s*:", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<!\w)#\w+")
_HANDLE = re.compile(r"(?<!\w)@\w+")
_TO_US = frozenset({PostKind.REVIEW, PostKind.RESPONSE, PostKind.MAIL})


class Filter(StrEnum):
    """The rule by which a post was set aside. Reaches the row, digest, report and `filtered`."""

    AUTHOR = "author"
    """An account of which nothing is a customer's: a partner, a bot, a news feed."""
    REPOST = "repost"
    """Somebody else's words: it begins with `RT @…:`."""
    SPAM = "spam"
    """More links, hashtags or accounts than are allowed, or one of the words."""
    LANGUAGE = "language"
    WITHOUT = "without"
    """One of the words that show that something else is meant."""
    CONTEXT = "context"
    """None of the words that show that the brand is meant."""
    BRAND_UNKNOWN = "brand_unknown"
    """No config named the brand for as long as words of posts without a case are kept."""
    ALIKE = "alike"
    """It says the same as a post of which a case is open already: linked to that one."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """A rule that a post fell under, and what of the rule: never other words of the customer."""

    rule: Filter
    because: str


@dataclass(frozen=True, slots=True)
class Relevance:
    """What of the posts that name a brand is about it. By default everything but reposts and copies."""

    words: Lexicon = NO_WORDS
    languages: tuple[str, ...] = ()
    """Two letters each; none: all. A post whose language nobody knows is let through."""
    ignored: tuple[Identity, ...] = ()
    reposts: bool = False
    """Whether reposts count as posts."""
    most_links: int | None = None
    most_hashtags: int | None = None
    most_handles: int | None = None
    alike: bool = True
    """Whether a copy of a complaint is linked to it, instead of being a case of its own."""


EVERYTHING = Relevance()
"""What holds where nothing else is said."""


def filtered(
    post: Post,
    relevance: Relevance,
    *,
    language: str | None,
    addressed: bool,
) -> Filtered | None:
    """The first rule that the post falls under, those about its author and make first.

    `language` is what the classifier takes it for; what the network says goes before. `addressed`: it
    speaks to the brand, so that what it is about need not be asked.
    """
    found = _of_author(post, relevance) or _of_make(post, relevance)
    if found is not None or addressed:
        return found
    spoken = primary(post.lang) or primary(language)
    if relevance.languages and spoken is not None and spoken not in relevance.languages:
        return Filtered(Filter.LANGUAGE, f"{spoken} is not among {', '.join(relevance.languages)}")
    hits = relevance.words.hits(_text(post))
    if WITHOUT in hits:
        return Filtered(Filter.WITHOUT, f'"{hits[WITHOUT]}"')
    if CONTEXT in relevance.words.rules and CONTEXT not in hits:
        return Filtered(Filter.CONTEXT, "none of the words that go with the name")
    return None


def speaks_to(post: Post, identities: tuple[Identity, ...]) -> bool:
    """Whether a post is addressed to whom these accounts belong to, by its kind or by naming one."""
    if post.kind in _TO_US:
        return True
    named = [Author(handle=one[1:]) for one in _HANDLE.findall(_text(post))]
    # an id alone names nobody in a text
    return any(one.is_(post.key.network, author) for one in identities for author in named)


def primary(tag: str | None) -> str | None:
    """The language of a BCP 47 tag: `en` of `en-GB`; None where it says that nobody knows."""
    found = (tag or "").replace("_", "-").partition("-")[0].strip().lower()
    return None if found in ("", "und", "mul", "zxx", "qme", "qst", "art") else found


def _of_author(post: Post, relevance: Relevance) -> Filtered | None:
    for one in relevance.ignored:
        if one.is_(post.key.network, post.author):
            return Filtered(Filter.AUTHOR, one.handle or one.id or "")
    return None


def _of_make(post: Post, relevance: Relevance) -> Filtered | None:
    text = _text(post)
    if not relevance.reposts and _REPOST.match(post.text):
        return Filtered(Filter.REPOST, "it begins with RT")
    limits = (
        ("links", _LINK, relevance.most_links),
        ("hashtags", _HASHTAG, relevance.most_hashtags),
        ("accounts", _HANDLE, relevance.most_handles),
    )
    for what, pattern, most in limits:
        if most is not None and (number := len(pattern.findall(text))) > most:
            return Filtered(Filter.SPAM, f"{number} {what}, more than {most}")
    if SPAM in relevance.words.rules:
        word = relevance.words.hits(text).get(SPAM)
        if word is not None:
            return Filtered(Filter.SPAM, f'"{word}"')
    return None


def _text(post: Post) -> str:
    return f"{post.title or ''}\n{post.text}"
