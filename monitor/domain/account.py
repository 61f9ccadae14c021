"""An account on a network, as a config names it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from monitor.domain.post import Author

ANY_NETWORK = "*"


@lru_cache(maxsize=4096)
def plain_handle(handle: str) -> str:
    """A handle as people compare it: no case, no at-sign."""
    return handle.strip().casefold().lstrip("@")


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that answers in the brand's name. `network` may be `*`; `id` beats `handle`."""

    network: str
    id: str | None = None
    handle: str | None = None

    def is_(self, network: str, author: Author) -> bool:
        if self.network not in (ANY_NETWORK, network):
            return False
        if self.id is not None and author.id is not None:
            return self.id == author.id
        return (
            self.handle is not None
            and author.handle is not None
            and plain_handle(self.handle) == plain_handle(author.handle)
        )
