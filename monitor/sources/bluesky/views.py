"""Fills in what listings leave out: notifications, how a post is shown; all, how many follow its author."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from monitor.domain.errors import SourceError
from monitor.fetching import FetchError, Thing
from monitor.sources.bluesky import posts
from monitor.sources.bluesky.calls import REFUSED, Calls

AT_ONCE = 25
"""Posts or profiles that the network shows in one call."""


class Views:
    """What the network shows, of many at once."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def posts(self, uris: Sequence[str]) -> dict[str, Any]:
        """Posts by their address, `AT_ONCE` at most; what is not shown is left out. Raises SourceError."""
        return self._shown("app.bsky.feed.getPosts", "posts", "uri", uris=uris)

    def notified(self, things: Sequence[Thing]) -> tuple[Sequence[Thing], int]:
        """Notifications with the posts that they tell of; one that is not shown stays as it is told."""
        shown: dict[str, Any] = {}
        parts = list(_parts([one.name for one in things if not one.name.startswith("?")]))
        for some in parts:
            shown |= _unless_refused(partial(self.posts, some))
        found = [replace(one, said=shown.get(one.name, one.said)) for one in things]
        filled, calls = self.followed(found)
        return filled, calls + len(parts)

    def followed(self, things: Sequence[Thing]) -> tuple[Sequence[Thing], int]:
        """Posts with what is told of their authors alone."""
        dids = [_did(one.said) for one in things]
        known: dict[str, Any] = {}
        parts = list(_parts(list(dict.fromkeys(did for did in dids if did is not None))))
        for some in parts:
            known |= _unless_refused(partial(self._profiles, some))
        filled = [
            replace(thing, said={**thing.said, "author": {**thing.said["author"], **known[did]}})
            if did in known
            else thing
            for thing, did in zip(things, dids, strict=True)
        ]
        return filled, len(parts)

    def _profiles(self, dids: Sequence[str]) -> dict[str, Any]:
        return self._shown("app.bsky.actor.getProfiles", "profiles", "did", actors=dids)

    def _shown(self, method: str, inside: str, name: str, **asked: Sequence[str]) -> dict[str, Any]:
        found = self._calls.get(method, **asked).get(inside)
        if not isinstance(found, list):
            raise SourceError(f"Bluesky answered to {method} with something that makes no sense")
        return {
            one[name]: one for one in found if isinstance(one, dict) and _is_name(one.get(name))
        }


def _unless_refused(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Nothing where the question is refused: one name in it that makes no sense must not stop a stream."""
    try:
        return ask()
    except FetchError as error:
        if error.status != REFUSED:
            raise
        return {}


def _did(view: Any) -> str | None:
    if not isinstance(view, dict) or not isinstance(view.get("author"), dict):
        return None
    place = posts.address(view.get("uri"))
    return place[0] if place and view["author"].get("did") == place[0] else None


def _is_name(said: Any) -> bool:
    return isinstance(said, str)


def _parts(names: list[str]) -> Iterator[list[str]]:
    return (names[first : first + AT_ONCE] for first in range(0, len(names), AT_ONCE))
