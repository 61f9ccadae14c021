"""Asks whether posts still stand, twenty in a call, and leaves calls for what is more urgent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from monitor.domain.errors import SourceError
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.fetching import CallError
from monitor.sources.mastodon import statuses
from monitor.sources.mastodon.accounts import Accounts, host_of
from monitor.sources.mastodon.answers import sought
from monitor.sources.mastodon.calls import NOT_FOUND, Asks, Calls
from monitor.sources.mastodon.listing import Read
from monitor.sources.mastodon.threads import Threads

_AT_ONCE = 20
"""What Mastodon shows in one call, since its version 4.3."""
_SPARE = 100
"""Calls of the server's quota that are left to the streams and to answers."""
_UNKNOWN_CALL = (400, 404, 405, 410, 422)


class LookUp:
    """Looks posts up by their addresses."""

    def __init__(self, calls: Calls, threads: Threads, accounts: Accounts, read: Read) -> None:
        self._calls = calls
        self._threads = threads
        self._accounts = accounts
        self._read = read
        self._one_by_one = False
        """Once an older or another kind of server did not know the other way."""

    def items(self, keys: Sequence[PostKey], now: datetime) -> Iterator[Post | Gone | Rejected]:
        """What is there, what is gone; nothing of what the server does not say.

        Raises:
            CallError: the server can't be asked.
            SourceError: few calls are left.

        """
        waiting = [key for key in keys if key.network == statuses.NETWORK]
        for first in range(0, len(waiting), _AT_ONCE):
            some = waiting[first : first + _AT_ONCE]
            numbers = {number: key for key in some if (number := self._number(key.external_id))}
            yield from self._some(numbers, now)
            for key in set(some) - set(numbers.values()):
                yield from self._sought(key)

    def _some(self, numbers: dict[str, PostKey], now: datetime) -> Iterator[Post | Gone | Rejected]:
        shown = self._shown(list(numbers))
        for number, key in numbers.items():
            status = shown.get(number)
            if status is None:
                try:
                    status = self._ask(lambda client, number=number: client.status(number))
                except CallError as error:
                    if error.status != NOT_FOUND:
                        raise
                    yield Gone(key, now)
                    continue
            if isinstance(status, dict) and status.get("uri") == key.external_id:
                item = self._read(status, self._calls)
                if item is not None:
                    yield item

    def _shown(self, numbers: list[str]) -> dict[str, Any]:
        """Many at once, where the server can."""
        if self._one_by_one or not numbers:
            return {}
        try:
            answer = self._ask(lambda client: client.statuses(numbers))
        except CallError as error:
            if error.status not in _UNKNOWN_CALL:
                raise
            self._one_by_one = True
            return {}
        if not isinstance(answer, list):
            raise CallError("the server answered with something that is no listing")
        return {str(one.get("id")): one for one in answer if isinstance(one, dict)}

    def _sought(self, key: PostKey) -> Iterator[Post | Rejected]:
        """A post of elsewhere that this process never saw. None found need not mean that it is gone."""
        self._leave_some()
        status = sought(self._calls, key.external_id)
        item = None if status is None else self._read(status, self._calls)
        if item is not None:
            yield item

    def _number(self, uri: str) -> str | None:
        """Its number there: as it was shown, or, of the server's own, the address's last part."""
        known = self._threads.number(uri)
        if known is not None:
            return known
        last = uri.rpartition("/")[2]
        is_own = statuses.is_number(last) and host_of(uri) == self._accounts.home(self._calls)
        return last if is_own else None

    def _ask(self, question: Any) -> Any:
        self._leave_some()
        calls: Asks = self._calls
        return calls.ask(question)

    def _leave_some(self) -> None:
        left = self._calls.quota.left
        if left is not None and left[0] < _SPARE:
            raise SourceError(
                f"look-up: {left[0]} calls are left, which the streams need",
                retry_after=left[1],
                out_of_budget=True,
            )
