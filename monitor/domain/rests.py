"""Rests: to whom nothing is brought for a while, as one notice was not received there."""

from __future__ import annotations

from datetime import datetime, timedelta

REST = timedelta(seconds=15)
"""How long an audience, or a notifier, is left alone: it may be down."""


class Rests:
    """Which audiences of which notifiers rest, in one process; times are transport time.

    One audience's trouble (a full mailbox, an address that answers 500) is not the others'. The whole
    notifier rests once two different audiences in a row were not reached, or if it cannot be reached at all.
    """

    def __init__(self) -> None:
        self._until: dict[tuple[str, ...], datetime] = {}
        """Of notifiers, and of audiences of theirs."""
        self._last_in_vain: dict[str, str] = {}
        """By notifier the audience that was not reached last, if nobody was since."""

    def begin(self, notifier: str, audience: str, at: datetime, *, is_down: bool = False) -> None:
        """The audience was not reached; `is_down`: nobody is."""
        self._until[notifier, audience] = at + REST
        before = self._last_in_vain.get(notifier, audience)
        self._last_in_vain[notifier] = audience
        if is_down or before != audience:
            self._until[(notifier,)] = at + REST

    def end(self, notifier: str, audience: str) -> None:
        """It was reached."""
        self._last_in_vain.pop(notifier, None)
        self._until.pop((notifier, audience), None)

    def has(self, notifier: str, audience: str, at: datetime) -> bool:
        """Whether nothing is to be brought to that audience now."""
        left = [self._until.get(one, at) - at for one in ((notifier,), (notifier, audience))]
        # a longer one was begun by a clock set back since
        return any(timedelta(0) < one <= REST for one in left)
