"""Reads the times that people and programs write into files, and never guesses.

Read are ISO 8601, epoch seconds, milliseconds and microseconds, mail dates (RFC 2822), X's classic
form, and year/month/day and day.month.year with or without a time of day. Refused are forms with
two readings (03/04/2026) and, without a time zone to read them in, times that name none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from monitor.domain.storable import can_be_kept

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_RANGES = ((1e8, 1e10, 1), (1e12, 1e13, 1_000), (1e15, 1e16, 1_000_000))
"""From, below, and parts of a second: years 1973 or 2001 to 2286. What is written without signs
between year, month, day and hour (202603261000) falls between them, and is refused."""
_DATES = ("%Y/%m/%d", "%d.%m.%Y", "%a, %d %b %Y", "%d %b %Y")
_TIMES = (" %H:%M:%S", " %H:%M", "")
_FORMS = (
    "%a %b %d %H:%M:%S %z %Y",
    *(date + time + zone for date in _DATES for time in _TIMES for zone in (" %z", "")),
)
_SPACED_ZONE = re.compile(r" (?:UTC|GMT|([+-]\d\d:?\d\d))$")


def parse_time(value: object, zone: tzinfo | None, form: str | None = None) -> datetime:
    """The instant, in UTC. `zone` reads times that name none; `form` (strptime) is tried alone.

    Raises:
        ValueError: the reason, for the person who wrote the file.

    """
    if isinstance(value, str):
        written = value.strip()
        number = _number(written) if form is None else None
        found = _from_text(written, form) if number is None else _from_epoch(number, written)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _from_epoch(value, str(value)[:40])
    else:
        raise ValueError(f"{repr(value)[:40]} is no time")  # noqa: TRY004  # the file's mistake
    if found.tzinfo is None:
        if zone is None:
            raise ValueError(f'"{value}" names no time zone: set the option timezone')
        found = found.replace(tzinfo=zone)
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        found = found.replace(tzinfo=UTC)  # of the year 1 or 9999
    if not can_be_kept(found):
        raise ValueError(f'"{value}" is outside the years 1970 to 9999')
    return found


def _number(written: str) -> float | None:
    """Digits that can only be an epoch; eight of them are a date in ISO's basic form."""
    whole, _, part = written.partition(".")
    if len(whole) <= len("20260101") or not f"{whole}{part}".isdecimal():
        return None
    return float(written)


def _from_epoch(number: float, written: str) -> datetime:
    for low, below, parts in _EPOCH_RANGES:
        if low <= number < below:
            return _EPOCH + timedelta(seconds=number / parts)
    raise ValueError(
        f'"{written[:40]}" is no time in epoch seconds or milliseconds: set time_format'
    )


def _from_text(written: str, form: str | None) -> datetime:
    if form is not None:
        return datetime.strptime(written, form)  # noqa: DTZ007  # parse_time gives it the zone
    try:
        return datetime.fromisoformat(_SPACED_ZONE.sub(lambda zone: zone[1] or "+00:00", written))
    except ValueError:
        pass
    written = written.replace(" UTC", " +0000").replace(" GMT", " +0000")
    for known in _FORMS:
        try:
            return datetime.strptime(written, known)  # noqa: DTZ007  # parse_time gives it the zone
        except ValueError:
            continue
    raise ValueError(
        f'"{written[:40]}" is no time that can be read without guessing: set time_format'
    )
