"""On which line of a TOML text each key stands, so that a mistake can be pointed at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the top of the document: `("policies", 1, "steps", 0, "after")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_STRING = re.compile(
    r'''
    """ (?: [^\\] | \\. )*? "{3,5}      # of several lines
    | \'{3} .*? \'{3,5}
    | " (?: [^"\\\n] | \\. )* "        # of one
    | \' [^\'\n]* \'
    ''',
    re.DOTALL | re.VERBOSE,
)
_BARE = re.compile(r"[^\s,\]}#]+(?: \d[^\s,\]}#]*)?")


def lines_of(text: str) -> Mapping[Place, int]:
    """The line, from 1, of every table, key and array element of a valid TOML text."""
    lines: dict[Place, int] = {}
    for place, line in _Scan(text).places():
        for end in range(1, len(place) + 1):  # `[a.b]` makes `a` too
            lines.setdefault(place[:end], line)
    return lines


def line_of(lines: Mapping[Place, int], place: Place) -> int | None:
    """The line of a place, or of what is nearest above it: a key that is missing has none."""
    return next(
        (lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), None
    )


class _Scan:
    """One walk over a text that tomllib accepted: it need not notice mistakes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counts: dict[Place, int] = {}

    def places(self) -> Iterator[tuple[Place, int]]:
        table: Place = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            line = self._line()
            if self._text.startswith("[", self._at):
                table = self._header()
                yield table, line
            else:
                yield from self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Place:
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        keys = self._keys()
        self._at += 2 if many else 1
        place: Place = ()
        for key in keys:
            place = self._last((*place, key)) if key is not keys[-1] or not many else (*place, key)
        if many:
            self._counts[place] = self._counts.get(place, -1) + 1
            place = self._last(place)
        return place

    def _last(self, place: Place) -> Place:
        """Of an array of tables, the element that is being written."""
        return (*place, self._counts[place]) if place in self._counts else place

    def _pair(self, table: Place) -> Iterator[tuple[Place, int]]:
        line = self._line()
        place: Place = (*table, *self._keys())
        yield place, line
        self._at += 1  # the equals sign
        yield from self._value(place)

    def _value(self, place: Place) -> Iterator[tuple[Place, int]]:
        self._skip(_BLANK)
        match self._text[self._at]:
            case "[":
                self._at += 1
                yield from self._elements(place)
            case "{":
                self._at += 1
                yield from self._fields(place)
            case '"' | "'":
                self._skip(_STRING)
            case _:
                self._skip(_BARE)

    def _elements(self, place: Place) -> Iterator[tuple[Place, int]]:
        index = 0
        while self._more("]"):
            yield (*place, index), self._line()
            yield from self._value((*place, index))
            index += 1

    def _fields(self, place: Place) -> Iterator[tuple[Place, int]]:
        while self._more("}"):
            yield from self._pair(place)

    def _more(self, end: str) -> bool:
        """Step over blanks and commas; False, and past it, at the closing bracket."""
        self._skip(_BLANK)
        while self._text.startswith(",", self._at):
            self._at += 1
            self._skip(_BLANK)
        if self._text.startswith(end, self._at):
            self._at += 1
            return False
        return True

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_BLANK)
            key = self._skip(_KEY)
            keys.append(key[1:-1] if key[:1] in ("'", '"') else key)
            if not self._skip(_DOT):
                self._skip(_BLANK)
                return keys

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
