"""Algolia's `search_by_date`: newest first, gone through by the second and not by page.

It shows a thousand hits of a question and no more, and pages shift while they are read: each further
question is for what is at most as old as the oldest seen. Only within one second pages are turned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.errors import SourceError
from monitor.fetching import Client, Leaf, Spot, descent
from monitor.sources.hackernews import items

_MOST_HITS = 1000
_PATH = "api/v1/search_by_date"


@dataclass(frozen=True, slots=True)
class Hits:
    """What a question finds."""

    client: Client
    size: int
    asked: dict[str, str] = field(default_factory=dict)

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """The hits from there down."""
        bounds = [f"created_at_i>={max(floor, 0)}"]
        if spot is not None:
            bounds.append(f"created_at_i<={spot.at}")
        answer = self.client.get(
            _PATH,
            **self.asked,
            numericFilters=",".join(bounds),
            hitsPerPage=self.size,
            page=spot.skip if spot else 0,
        )
        hits = answer.get("hits") if isinstance(answer, dict) else None
        if not isinstance(hits, list):
            raise SourceError("Hacker News answered with something that is no list of hits")
        things = [items.thing(hit) for hit in hits]
        if len(hits) < self.size:
            return Leaf(things, None)
        return Leaf(things, descent.below(things, spot, floor, _MOST_HITS // self.size))
