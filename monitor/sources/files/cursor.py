"""How far each file was read, as the text that a stream's cursor is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import IO, TYPE_CHECKING, Any

from monitor.domain.cursor import held
from monitor.fetching.shapes import shaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.domain.post import Cursor

HEAD_BYTES = 4096
"""A file is known again by as many of its first bytes, as far as they had been read."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read. `offset` is in bytes; `line` counts physical lines, from 0.

    `head_size` and `head` (a hash) tell the file from another that took its name.
    `interchangeable` counts the rows so far whose id depends on how many equal ones preceded.
    `open_line` is where the next row begins if it has no end yet (0: there is none).
    """

    offset: int
    line: int
    head_size: int
    head: str
    interchangeable: int = 0
    open_line: int = 0

    def is_in(self, file: IO[bytes], size: int) -> bool:
        """Whether this is a place in that file: not in one truncated, rotated or replaced since."""
        file.seek(0)
        return self.offset <= size and _hash(file.read(self.head_size)) == self.head


def place(file: IO[bytes], offset: int, line: int, interchangeable: int, open_line: int) -> Place:
    """The place behind `offset` bytes of the file."""
    size = min(offset, HEAD_BYTES)
    back = file.tell()
    file.seek(0)
    head = _hash(file.read(size))
    file.seek(back)
    return Place(offset, line, size, head, interchangeable, open_line)


def write(places: Mapping[str, Place]) -> Cursor:
    """The places of a stream's files, by their names, as a cursor."""
    listed = {
        name: [at.offset, at.line, at.head_size, at.head, at.interchangeable, at.open_line]
        for name, at in places.items()
    }
    return json.dumps({"v": 1, "files": listed}, separators=(",", ":"), sort_keys=True)


def read(cursor: Cursor | None) -> dict[str, Place]:
    """The places that a cursor holds; none before the first look.

    Raises:
        SourceError: it is no cursor of this source.

    """
    if cursor is None:
        return {}
    return held(cursor, "the source files", _places)


def _places(said: Any) -> dict[str, Place]:
    names = [one.name for one in fields(Place)]
    return {
        name: shaped(Place, dict(zip(names, at, strict=True))) for name, at in said["files"].items()
    }


def _hash(head: bytes) -> str:
    return hashlib.blake2b(head, digest_size=8).hexdigest()
