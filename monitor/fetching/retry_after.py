"""When a server wants to be asked again: the one reading of `Retry-After` for all networks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LEAST = timedelta(seconds=1)
_MOST = timedelta(days=1)
"""Nobody waits longer unasked."""


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """The span that `Retry-After` names, bounded; None: it names none, or makes no sense.

    It is seconds, or a date (RFC 9110, 10.2.3), which is measured on the server's own clock: its
    `Date`, else `now`, as ours may be wrong. Names of headers in any case.
    """
    said = header(headers, "retry-after")
    try:
        seconds = float(said)
    except ValueError:
        at, asked_at = _date(said), server_time(headers) or now
        return None if at is None or asked_at is None else bounded(at - asked_at)
    return bounded(timedelta(seconds=min(seconds, _MOST.total_seconds()))) if seconds >= 0 else None


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's own time, which `Date` says."""
    return _date(header(headers, "date"))


def bounded(span: timedelta) -> timedelta:
    """At least a second, at most a day."""
    return min(max(span, _LEAST), _MOST)


def header(headers: Mapping[str, str], name: str) -> str:
    """A header, however its name is written; empty if there is none."""
    return next((said.strip() for one, said in headers.items() if one.lower() == name), "")


def _date(said: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError, OverflowError):
        return None
    return at.replace(tzinfo=at.tzinfo or UTC)
