"""How long X finds a text. X's own word counts in the end: it knows the newest emoji and every domain."""

from __future__ import annotations

import re
import unicodedata

from monitor.domain.reply import Length

_LINK = 23
"""Whatever its length, a link is shortened to that."""
_NARROW = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Letters that count one: those of most alphabets. All others count two."""
_ENDINGS = "com|net|org|info|biz|shop|store|online|site|app|dev|co|tv"
_LINKS = re.compile(
    rf"""
    https?://\S+
    | (?<![\w@.-])
      (?: (?:[a-z0-9-]+\.)+(?:{_ENDINGS})(?![\w-]|\.\w)(?:/\S*)?
        # of a country's ending X makes a link only behind two names, or before a path
        | (?:[a-z0-9-]+\.){{2,}}[a-z]{{2}}(?![\w-]|\.\w)(?:/\S*)?
        | [a-z0-9-]+\.[a-z]{{2}}/\S*
      )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PICTURE = (
    r"(?:[0-9#*]\ufe0f?\u20e3|[\U0001F1E6-\U0001F1FF]{2}|[\u2190-\u2bff\U0001F000-\U0001FAFF])"
)
_EMOJI = re.compile(
    rf"{_PICTURE}[\ufe0f\U0001F3FB-\U0001F3FF]*(?:\u200d{_PICTURE}[\ufe0f\U0001F3FB-\U0001F3FF]*)*"
)
"""One picture, though several signs may be joined in it; it counts two."""


def length_of(text: str, most: int) -> Length:
    """The text as X counts it."""
    words, links = _LINKS.subn("", unicodedata.normalize("NFC", text))
    letters, pictures = _EMOJI.subn("", words)
    counted = sum(1 if _is_narrow(ord(one)) else 2 for one in letters)
    return Length(links * _LINK + pictures * 2 + counted, most)


def _is_narrow(code: int) -> bool:
    return any(first <= code <= last for first, last in _NARROW)
