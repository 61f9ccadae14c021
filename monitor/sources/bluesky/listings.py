"""What the network lists, newest first: who notified the account, what a search finds, what somebody wrote.

It sorts by the time that a post claims, or by that of its arrival if it claims a later one. So what
arrives late, or claims to be older than it is, stands further down; a look reads the overlap again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.errors import SourceError
from monitor.fetching import FetchError, Leaf, Spot, Thing, fields
from monitor.sources.bluesky import posts
from monitor.sources.bluesky.calls import REFUSED, Calls, iso

_EMPTY = 5
"""So many answers in a row without a post in them, though there is said to be more."""
_LATEST = 10**10
"""Seconds of the epoch; nothing is above that."""
_A_TICK = timedelta(milliseconds=1)
_REPOST = "repost of "


@dataclass(frozen=True, slots=True)
class _Page:
    """What was answered, and where it goes on."""

    found: list[Any]
    cursor: str | None
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """What `method` lists, which stands in its answer under `inside`."""

    calls: Calls
    method: str
    inside: str
    asked: Mapping[str, str | Sequence[str]]
    size: int

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        """The next page."""
        page = self._page(spot)
        things = list({one.name: one for one in map(thing, page.found)}.values())
        if page.cursor is None:
            return Leaf(things, None, calls=page.calls)
        orders = [one.order for one in things if one.order is not None]
        if orders:
            return Leaf(things, Spot(min(orders), 0, page.cursor), calls=page.calls)
        empty = spot.skip + 1 if spot else 1
        if empty > _EMPTY:
            why = f"{_EMPTY} pages had nothing of ours, and there were more"
            return Leaf(things, None, why, page.calls)
        at = spot.at if spot else _LATEST
        return Leaf(things, Spot(at, empty, page.cursor), calls=page.calls)

    def _page(self, spot: Spot | None) -> _Page:
        """A page; if the network knows the place no more, the top."""
        if spot is None:
            return self._answer(None)
        try:
            page = self._answer(_again(spot.token))
        except FetchError as error:
            if error.status != REFUSED:
                raise
            return replace(self._answer(None), calls=2)
        if page.cursor != spot.token or _again(spot.token) == spot.token:
            return page
        if len(page.found) < self.size:  # that moment is the last there is
            return replace(page, cursor=None)
        return replace(self._answer(spot.token), calls=2)  # a page of one moment: on below it

    def _answer(self, cursor: str | None) -> _Page:
        begun = {} if cursor is None else {"cursor": cursor}
        answer = self.calls.get(self.method, **self.asked, **begun, limit=self.size)
        found, further = answer.get(self.inside), answer.get("cursor")
        if not isinstance(found, list):
            raise SourceError(f"Bluesky answered to {self.method} with something that is no list")
        return _Page(found, further if isinstance(further, str) and further else None)


def thing(said: Any) -> Thing:
    """One thing that is listed: a post, a notification of one, or a post within a feed."""
    if not isinstance(said, dict) or "post" not in said:
        return posts.thing(said)
    reason = said.get("reason")
    at = reason.get("indexedAt") if isinstance(reason, dict) else None
    found = posts.thing(said["post"], at)
    return found if at is None else replace(found, name=f"{_REPOST}{found.name}")


def is_repost(one: Thing) -> bool:
    """Whether somebody only passes on what another one said."""
    return one.name.startswith(_REPOST)


def _again(cursor: str) -> str:
    """Where the network names a place by a moment, that moment again: it may have cut it in two."""
    try:
        at: datetime = fields.moment(cursor)
    except fields.UNREADABLE:
        return cursor
    return iso(at + _A_TICK)
