"""When a server wants to be asked again: the one reading of `Retry-After` for all networks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_LEAST = timedelta(seconds=1)
_MOST = timedelta(days=1)
"""Nobody waits longer unasked."""
_LAST = 10**11
"""Seconds of the epoch: beyond that, in the year 5138, it is no time of ours."""


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """The span that `Retry-After` names, bounded; None: it names none, or makes no sense.

    It is seconds, or a date (RFC 9110, 10.2.3), which is measured on the server's own clock: its
    `Date`, else `now`, as ours may be wrong. Names of headers in any case.
    """
    said = _header(headers, "retry-after")
    try:
        seconds = float(said)
    except ValueError:
        at, asked_at = _date(said), server_time(headers) or now
        return None if at is None or asked_at is None else _bounded(at - asked_at)
    return (
        _bounded(timedelta(seconds=min(seconds, _MOST.total_seconds()))) if seconds >= 0 else None
    )


def until_reset(
    said: str, headers: Mapping[str, str], now: datetime | None = None
) -> timedelta | None:
    """The span to the moment when a network counts calls anew, measured and bounded as above.

    `said`: what its own header says: seconds of the epoch, or a time as ISO 8601 has it.
    """
    said, asked_at = said.strip(), server_time(headers) or now
    try:
        if said.isdecimal():
            at = datetime.fromtimestamp(min(int(said[:15]), _LAST), UTC)
        else:
            at = datetime.fromisoformat(said)
            at = at.replace(tzinfo=at.tzinfo or UTC)
        return None if asked_at is None else _bounded(at - asked_at)
    except (ValueError, OverflowError):
        return None


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's own time, which `Date` says."""
    return _date(_header(headers, "date"))


def _bounded(span: timedelta) -> timedelta:
    """At least a second, at most a day."""
    return min(max(span, _LEAST), _MOST)


def _header(headers: Mapping[str, str], name: str) -> str:
    """A header, however its name is written; empty if there is none."""
    return next((said.strip() for one, said in headers.items() if one.lower() == name), "")


def _date(said: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError, OverflowError):
        return None
    return at.replace(tzinfo=at.tzinfo or UTC)
