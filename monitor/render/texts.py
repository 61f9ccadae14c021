"""Text that people wrote, made fit to be shown anywhere, and times as people say them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, tzinfo

from monitor.render.tongue import IN_ENGLISH, Tongue

QUOTE = 600
"""Characters of a post on a card."""
EXCERPT = 80
"""Characters of a post in a line."""

_NUMBER_OF_A_MEMBER = re.compile(r" \([UW][A-Z0-9]{8,}\)$")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_JOINERS = "\u200c\u200d"  # Persian words and emoji of several parts need them


def local_time(at: datetime, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> str:
    """`Tue 3 Mar 2026 14:05 EET`. The zone is said: an hour comes twice when clocks go back."""
    there = at.astimezone(zone)
    return f"{long_day(there.date(), say_in)} {there:%Y %H:%M %Z}"


def long_day(day: date, say_in: Tongue = IN_ENGLISH) -> str:
    """`Tue 3 Mar`."""
    return f"{say_in(WEEKDAYS[day.weekday()])} {local_day(day, say_in)}"


def local_day(day: date, say_in: Tongue = IN_ENGLISH) -> str:
    """`3 Mar`."""
    return f"{day.day} {say_in(_MONTHS[day.month - 1])}"


def plain(text: str) -> str:
    """A stranger's text on one line: spaces joined, controls shown as `�`, invisible marks dropped."""
    # what Python prints as it is holds none of them; most texts do not, and pages show many
    harmless = text if text.isprintable() else "".join(map(_harmless, text))
    return " ".join(harmless.split())


def _harmless(one: str) -> str:
    if one in _JOINERS:
        return one
    match unicodedata.category(one):
        case "Cc" if one in "\t\n\v\f\r\x85":
            return " "
        case "Cc" | "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case "Zl" | "Zp":
            return " "
        case "Cf":
            return ""
        case _:
            return one


def cut(text: str, most: int) -> str:
    """At most `most` characters, at the end of a word where there is one, with `…` for what is left out."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    word, space, _ = kept.rpartition(" ")
    return f"{word if space and len(word) > most // 2 else kept}…"


def person(name: str) -> str:
    """A colleague's name as it is shown: without the number that tells two of one name apart."""
    return plain(_NUMBER_OF_A_MEMBER.sub("", name))
