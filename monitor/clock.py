"""The one place that asks the machine for the time of day (domain time is an argument elsewhere)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

CLOCKS_DIFFER = timedelta(seconds=5)
"""By no more do the clocks of machines differ that are kept right (NTP holds them within a second).

So what was written at a time up to so far ahead, another machine wrote; only what lies further ahead was
written by a clock that has since been set back.
"""


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)
