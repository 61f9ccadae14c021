"""The words of HTML as people read them: paragraphs, line breaks, and nothing that others said."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {"p", "div", "blockquote", "ul", "ol", "pre", "aside", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_UNSAID = frozenset({"script", "style", "template"})
_LONELY = frozenset({"br", "img", "hr", "wbr", "input", "meta", "link", "source"})
"""Elements that never end."""
_SPACE = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<[^>]*>")


def plain(html: str, *, without: frozenset[str] = frozenset()) -> str:
    """The text, paragraphs apart by an empty line. Broken HTML gives what can be had.

    `without`: elements that are left out, such as quotations: a class, or `element[type=word]`.
    """
    words = _Words(without)
    # behind the last ">" no tag ends; looking for its end from each "<" anew would take hours
    tags, end, rest = html.rpartition(">")
    try:
        words.feed(tags + end + rest.replace("<", "&lt;"))
        words.close()
    except AssertionError:  # what the standard library says of "<![" and what follows it
        return _SPACE.sub(" ", unescape(_TAG.sub(" ", html))).strip()
    return words.text


class _Words(HTMLParser):
    def __init__(self, without: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._without = without
        self._parts: list[str] = []
        self._silent: list[str] = []
        """The elements that are open within one that is left out, that one included."""

    @property
    def text(self) -> str:
        lines = "".join(self._parts).split("\n")
        joined = "\n".join(line.strip(" ") for line in lines)
        return re.sub(r"\n{3,}", "\n\n", joined).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element; of a picture that stands for a character, say the character."""
        told = dict(attrs)
        classes = (told.get("class") or "").split()
        marks = (*classes, f"{tag}[type={told.get('type')}]")
        if self._silent or tag in _UNSAID or not self._without.isdisjoint(marks):
            if tag not in _LONELY:
                self._silent.append(tag)
        elif tag == "br":
            self._parts.append("\n")
        elif tag == "img" and "emoji" in classes:
            self._parts.append(told.get("alt") or "")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag in _BLOCKS:
            self._parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        """End an element, and with it those in it that nobody ended."""
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif not self._silent and tag in _BLOCKS:
            self._parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        """Say it, line ends of the source being mere spaces."""
        if not self._silent:
            self._parts.append(_SPACE.sub(" ", data))
