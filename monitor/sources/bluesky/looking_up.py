"""Asks whether posts still stand, twenty-five in a call.

What is not shown may have been deleted; or its author blocks the account. The author's records tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.fetching import FetchError
from monitor.sources.bluesky import posts
from monitor.sources.bluesky.calls import NETWORK, REFUSED, Calls, error_of
from monitor.sources.bluesky.views import AT_ONCE, Views

_DELETED = ("RecordNotFound", "RepoNotFound", "RepoTakendown", "RepoDeactivated")
_NO_ACCOUNT = "Could not find repo"
"""How it says so of an account that was deleted or closed, under a name that could mean anything."""


class LookUp:
    """Looks posts up by their addresses."""

    def __init__(self, calls: Calls, views: Views, mute: str | None) -> None:
        self._calls = calls
        self._views = views
        self._mute = mute

    def items(self, keys: Sequence[PostKey], now: datetime) -> Iterator[Post | Gone | Rejected]:
        """What is there, what is gone; nothing of what is only kept from us. Raises SourceError."""
        known = [one for one in keys if one.network == NETWORK and posts.address(one.external_id)]
        for first in range(0, len(known), AT_ONCE):
            some = known[first : first + AT_ONCE]
            shown = self._views.posts([one.external_id for one in some])
            found, _ = self._views.followed([posts.thing(one) for one in shown.values()])
            for one in found:
                yield posts.read(one.name, one.said, self._mute)
            for key in some:
                if key.external_id not in shown and self._is_gone(key.external_id):
                    yield Gone(key, now)

    def _is_gone(self, uri: str) -> bool:
        did, rkey = posts.address(uri) or ("", "")
        try:
            self._calls.get(
                "com.atproto.repo.getRecord", repo=did, collection=posts.POST, rkey=rkey
            )
        except FetchError as error:
            if error.status != REFUSED:
                raise
            return error_of(error) in _DELETED or _NO_ACCOUNT in str(error)
        return False
