"""What the network lists, newest first: who notified the account, what a search finds, what somebody wrote.

It sorts by the time that a post claims, or by that of its arrival if it claims a later one. So what
arrives late, or claims to be older than it is, stands further down; a look reads the overlap again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.domain.errors import SourceError
from monitor.fetching import FetchError, Leaf, Spot, Thing, fields
from monitor.sources.bluesky import posts
from monitor.sources.bluesky.calls import REFUSED, Calls

_EMPTY = 5
"""So many answers in a row without a post in them, though there is said to be more."""
_LATEST = 10**10
"""Seconds of the epoch; nothing is above that."""
_A_TICK = timedelta(milliseconds=1)
_REPOST = "repost of "


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
        answer, spot = self._page(spot)
        found = answer.get(self.inside)
        if not isinstance(found, list):
            raise SourceError(f"Bluesky answered to {self.method} with something that is no list")
        things = list({one.name: one for one in map(thing, found)}.values())
        cursor = answer.get("cursor")
        if not isinstance(cursor, str) or not cursor:
            return Leaf(things, None)
        orders = [one.order for one in things if one.order is not None]
        if orders:
            return Leaf(things, Spot(min(orders), 0, cursor))
        empty = spot.skip + 1 if spot else 1
        if empty > _EMPTY:
            return Leaf(things, None, f"{_EMPTY} pages had nothing of ours, and there were more")
        return Leaf(things, Spot(spot.at if spot else _LATEST, empty, cursor))

    def _page(self, spot: Spot | None) -> tuple[dict[str, Any], Spot | None]:
        """A page, and where it began: a place that the network knows no more is sought from the top."""
        if spot is None:
            return self._answer(None), None
        try:
            answer = self._answer(_again(spot.token))
            if answer.get("cursor") == spot.token:  # all of one moment: there is no way but on
                answer = self._answer(spot.token)
        except FetchError as error:
            if error.status != REFUSED:
                raise
            return self._answer(None), None
        return answer, spot

    def _answer(self, cursor: str | None) -> dict[str, Any]:
        begun = {} if cursor is None else {"cursor": cursor}
        return self.calls.get(self.method, **self.asked, **begun, limit=self.size)


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
    return (at + _A_TICK).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
