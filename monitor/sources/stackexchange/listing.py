"""What a method lists, newest first, gone through by the second: pages shift while they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.fetching import Leaf, Spot, descent
from monitor.sources.stackexchange import posts
from monitor.sources.stackexchange.calls import Calls

_MOST_PAGES = 25
"""Without a key no further page is turned."""


@dataclass(frozen=True, slots=True)
class Newest:
    """One method's items. `by`: what it sorts by, and the field that tells it."""

    calls: Calls
    path: str
    asked: Mapping[str, str]
    by: tuple[str, str]
    size: int

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """The items from there down."""
        sort, field = self.by
        bounds = {"min": max(floor, 0)} | ({} if spot is None else {"max": spot.at})
        found, is_more = self.calls.items(
            self.path,
            **self.asked,
            sort=sort,
            order="desc",
            **bounds,
            pagesize=self.size,
            page=spot.skip + 1 if spot else 1,
        )
        things = [posts.thing(one, field) for one in found]
        if not (is_more and found):
            return Leaf(things, None)
        return Leaf(things, descent.below(things, spot, floor, _MOST_PAGES))
