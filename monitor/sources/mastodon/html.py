"""The words of a status, which comes as HTML: paragraphs, line breaks, and links whose middle is hidden."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {"p", "div", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_UNSAID = frozenset({"script", "style", "template"})
_LONELY = frozenset({"br", "img", "hr", "wbr", "input", "meta", "link"})
"""Elements that never end."""
_QUOTE = "quote-inline"
"""A link to what is quoted, for those who cannot show quotes: `quotes` says it."""
_SPACE = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<[^>]*>")


def plain(html: str) -> str:
    """The text as people read it, paragraphs apart by an empty line. Broken HTML gives what can be had."""
    if "<" not in html:
        return _SPACE.sub(" ", unescape(html)).strip()
    words = _Words()
    try:
        words.feed(html)
        words.close()
    except AssertionError:  # what the standard library says of "<![" and what follows it
        return _SPACE.sub(" ", unescape(_TAG.sub(" ", html))).strip()
    return words.text


class _Words(HTMLParser):
    """Gathers what is said, also the parts of links that are hidden from the eye."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent: list[str] = []
        """The elements that are open within one that is not said, that one included."""

    @property
    def text(self) -> str:
        lines = "".join(self._parts).split("\n")
        joined = "\n".join(line.strip(" ") for line in lines)
        return re.sub(r"\n{3,}", "\n\n", joined).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        classes = (dict(attrs).get("class") or "").split()
        if self._silent or tag in _UNSAID or _QUOTE in classes:
            if tag not in _LONELY:
                self._silent.append(tag)
        elif tag == "br":
            self._parts.append("\n")
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
