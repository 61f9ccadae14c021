"""What was typed and chosen in a modal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.domain.event import Channel
from monitor.slackapp.payloads import UnreadableError, number


class Filled:
    """What somebody typed and chose, by the names of the fields."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        """`view` as Slack sends it off."""
        values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
        self._fields = {
            name: state for block in values.values() for name, state in dict(block).items()
        }

    def said(self, name: str) -> str:
        """The text, the choice or the member; empty if there is none."""
        state: Mapping[str, Any] = self._fields.get(name) or {}
        chosen = (state.get("selected_option") or {}).get("value")
        return str(chosen or state.get("selected_user") or state.get("value") or "")

    def number(self, name: str) -> int:
        """The number that was typed. Raises UnreadableError."""
        return number(self.said(name))

    def span(self, name: str) -> timedelta:
        """The time, in seconds, that was chosen. Raises UnreadableError."""
        try:
            return timedelta(seconds=self.number(name))
        except OverflowError:
            raise UnreadableError from None

    def channel(self, name: str) -> Channel:
        """The channel that was chosen. Raises UnreadableError."""
        try:
            return Channel(self.said(name))
        except ValueError:
            raise UnreadableError from None

    def moment(self, name: str) -> datetime | None:
        """The time that was picked. Raises UnreadableError."""
        stamp = (self._fields.get(name) or {}).get("selected_date_time")
        try:
            return None if stamp is None else datetime.fromtimestamp(int(stamp), UTC)
        except (OverflowError, ValueError, OSError):
            raise UnreadableError from None
