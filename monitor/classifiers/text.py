"""What the model is shown of a post: the same at training time and at run time."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.domain.post import Post

_LONGEST = 4_000
"""Characters; the model reads 128 tokens, and cutting 100 kB into pieces to drop them costs time."""

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.@/])@\w[\w.-]*(?:@[\w.-]+\w)?")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_NOT_TEXT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_BLANK = re.compile(r"\s+")


def prepared(text: str) -> str:
    """The text as the model reads it: handles and links made alike, markup and bad characters gone.

    NUL, control characters and lone surrogates become blanks; an empty text stays empty.
    """
    text = _NOT_TEXT.sub(" ", text[:_LONGEST])
    text = html.unescape(_TAG.sub(" ", text))
    text = _HANDLE.sub("@user", _LINK.sub("http", text))
    return _BLANK.sub(" ", _NOT_TEXT.sub(" ", text)).strip()


def of_post(post: Post) -> str:
    """Stars, title and text, prepared. A title that the text repeats is not said twice."""
    title, text = prepared(post.title or ""), prepared(post.text)
    if title and not text.startswith(title):
        text = f"{title}. {text}" if text else title
    return starred(text, post.rating)


def starred(text: str, rating: float | None) -> str:
    """A review's stars before its words: "Works as expected" means another thing with one star.

    Stars without a word stay what they are to the rules of triage, and are no text.
    """
    return f"{rating:g}/5. {text}" if text and rating is not None else text
