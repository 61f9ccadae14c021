"""The cursor of a feed: which entries were seen, and what the server called the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

from monitor.domain.errors import SourceError
from monitor.domain.post import Cursor

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a feed.

    `horizon`: nothing posted before is ever brought, seconds of the epoch. `known`: the entries that
    the last whole look saw, with their marks. `seen`: those that a look brought which broke off.
    `address`, `etag`, `modified`: which document that was, so that it is not sent again.
    """

    horizon: float
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
    if cursor is None:
        return first()
    try:
        said = json.loads(cursor)
        return {_VERSION: Ground}[said.pop("feed")](**said)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(f"this is no cursor of a feed: {cursor[:80]}", permanent=True) from error
