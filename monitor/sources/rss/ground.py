"""The cursor of a feed: which entries were seen, and what the server called the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from monitor.domain.cursor import held
from monitor.domain.post import Cursor
from monitor.fetching.shapes import Seconds, shaped

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a feed.

    `horizon`: nothing posted before is ever brought, seconds of the epoch. `known`: the entries that
    the last whole look saw, with their marks. `seen`: those that a look brought which broke off.
    `address`, `etag`, `modified`: which document that was, so that it is not sent again.
    """

    horizon: Seconds
    known: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    is_first: bool = True
    address: int = 0
    etag: str | None = None
    modified: str | None = None

    def conditions(self, address: int) -> dict[str, str]:
        """The headers by which a server sees that nothing changed since."""
        if self.seen or address != self.address:
            return {}
        told = {"if-none-match": self.etag, "if-modified-since": self.modified}
        return {name: value for name, value in told.items() if value}


def write(ground: Ground) -> Cursor:
    """As a cursor."""
    return json.dumps({"feed": _VERSION, **asdict(ground)}, separators=(",", ":"))


def read(cursor: Cursor | None, first: Callable[[], Ground]) -> Ground:
    """What a cursor holds; without one, the first.

    Raises:
        SourceError: it is no cursor of this source.

    """
    return first() if cursor is None else held(cursor, "a feed", _ground)


def _ground(said: Any) -> Ground:
    return shaped({_VERSION: Ground}[said.pop("feed")], said)
