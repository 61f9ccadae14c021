"""How long Bluesky finds a text: characters as people see them, and bytes."""

from __future__ import annotations

import re
import unicodedata

from monitor.domain.reply import Length

LONGEST = 300
_BYTES = 10
"""For each of these characters the network has so many bytes of room, all together."""
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_JOINED = re.compile("\u200d.", re.DOTALL)
_TINTS = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_MARKS = ("Mn", "Me", "Mc")


def length_of(text: str) -> Length:
    """The text as Bluesky counts it; a joined picture, a flag, a letter with its marks are one."""
    plain = _TINTS.sub("", _JOINED.sub("", text.replace("\r\n", "\n")))
    plain, flags = _FLAG.subn("", plain)
    seen = sum(unicodedata.category(one) not in _MARKS for one in plain)
    needed = -(-len(text.encode(errors="replace")) // _BYTES)
    return Length(max(seen + flags, needed), LONGEST)
