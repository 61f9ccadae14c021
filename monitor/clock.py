"""The one place that asks the machine for the time of day (domain time is an argument elsewhere)."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)
