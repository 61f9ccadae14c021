"""Keeps texts from being endless, and what is shown of a rejected row short."""

from __future__ import annotations

from monitor.domain.storable import storable

MAX_TEXT = 100_000
"""Characters of a text that are kept; what is cut beyond is said at its end."""

SAMPLE = 200
"""Characters of a rejected row that are shown."""


def capped(text: str) -> str:
    """The text whole up to `MAX_TEXT` characters; a longer one cut, with a note that says so."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}… [cut by complaint-monitor: {len(text) - MAX_TEXT} characters]"


def sample(text: str) -> str:
    """The beginning of a row, to show beside the reason why it was rejected."""
    shown = storable(text[: SAMPLE + 1]).strip()
    return shown if len(text) <= SAMPLE else f"{shown[:SAMPLE]}…"
