"""What a forum lists, newest first: all public posts, what a search finds, what an account wrote.

The first brings whole posts, in the order of their ids. The other two bring excerpts, in the order of
their times, and each post that is new there is asked for by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from monitor.domain.errors import SourceError
from monitor.domain.quoting import quoted
from monitor.fetching import Client, Leaf, Spot, Thing
from monitor.fetching.descent import when
from monitor.sources.discourse import posts

_WINDOW = 50
"""The posts that one call goes through; what we may not see among them is left out of the answer."""
_EMPTY = 5
"""So many answers without a post in them are the listing's end."""
_SEARCH_PAGES = 10
"""The forum turns no further page of a search."""
_SAID = 200
_A_DAY = timedelta(days=1)
ACTIONS = 30
"""The actions that are asked for in one call."""
_SHIFT = 5
"""So many are asked for again on the next page, as deletions move the rest up."""
_WRITTEN = "4,5"
"""The actions: began a topic, answered."""


@dataclass(frozen=True, slots=True)
class Latest:
    """All public posts of the forum."""

    client: Client

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """The posts from there down, by id."""
        asked = {} if spot is None else {"before": spot.at}
        found = _listed(self.client.get("posts.json", **asked), "latest_posts")
        things = [posts.thing(one) for one in found]
        orders = [thing.order for thing in things if thing.order is not None]
        if orders:
            further: Spot | None = Spot(min(orders) - 1)
        elif spot is not None and spot.skip < _EMPTY:
            further = Spot(spot.at - _WINDOW, spot.skip + 1)
        else:
            further = None
        return Leaf(things, further if further and further.at > 0 else None)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search finds: of each topic the newest post that fits."""

    client: Client
    query: str

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """The next page of the search."""
        skip = spot.skip if spot else 0
        # whole days, in the forum's own zone
        day = (when(max(floor, 0)) - _A_DAY).date() if floor > _A_DAY.total_seconds() else None
        query = f"{self.query} order:latest" + (f" after:{day}" if day else "")
        answer = self.client.get("search.json", q=query, page=skip + 1)
        things = [by_time(one) for one in _listed(answer, "posts", missing_is_none=True)]
        about = answer.get("grouped_search_result")
        if not isinstance(about, dict):
            raise SourceError("the forum's answer to a search makes no sense")
        if about.get("error"):
            raise SourceError(f"the forum can't search now: {quoted(str(about['error'])[:_SAID])}")
        if not (things and about.get("more_full_page_results")):
            return Leaf(things, None)
        if skip + 1 >= _SEARCH_PAGES:
            return Leaf(things, None, f"the forum shows {_SEARCH_PAGES} pages of a search")
        return Leaf(things, Spot(_lowest(things, spot, floor), skip + 1))


@dataclass(frozen=True, slots=True)
class Written:
    """All that an account wrote, as far as we may see it."""

    client: Client
    account: str

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """The next of its actions."""
        skip = spot.skip if spot else 0
        answer = self.client.get(
            "user_actions.json",
            username=self.account,
            filter=_WRITTEN,
            offset=skip * (ACTIONS - _SHIFT),
            limit=ACTIONS,
        )
        found = _listed(answer, "user_actions")
        things = [by_time(one) for one in found]
        if len(found) < ACTIONS:
            return Leaf(things, None)
        return Leaf(things, Spot(_lowest(things, spot, floor), skip + 1))


def by_time(post: Any) -> Thing:
    """An excerpt's place among the others, which is its time; its name is the post's address."""
    told = post if isinstance(post, dict) else {}
    at = posts.seconds(told)
    thing = posts.thing(post)
    address = f"{told.get('topic_id')}/{told.get('post_number')}"
    name = address if posts.numbers(address) else thing.name
    return replace(thing, name=name, order=None if at is None else int(at))


def _lowest(things: list[Thing], spot: Spot | None, floor: int) -> int:
    orders = [thing.order for thing in things if thing.order is not None]
    return min(orders, default=spot.at if spot else floor)


def _listed(answer: Any, name: str, *, missing_is_none: bool = False) -> list[Any]:
    listed = answer.get(name) if isinstance(answer, dict) else None
    if listed is None and missing_is_none and isinstance(answer, dict):
        return []
    if not isinstance(listed, list):
        raise SourceError("the forum answered with something that is no list of posts")
    return listed
