"""Reads the times that people and programs write into files, and never guesses.

Read are ISO 8601, epoch seconds, milliseconds and microseconds, mail dates (RFC 2822), X's classic
form, and year/month/day and day.month.year with or without a time of day. Refused are forms with
two readings (03/04/2026) and, without a time zone to read them in, times that name none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_EPOCH = 1e8
"""Seconds (1973): a smaller number is rather a year or a date without dashes."""
_EPOCH_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000))
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
        found = _from_epoch(value, str(value))
    else:
        raise ValueError(f"{value!r} is not a time")  # noqa: TRY004  # a value of the file, not of the program
    if found.tzinfo is None:
        if zone is None:
            raise ValueError(f'"{value}" names no time zone: set the option timezone')
        found = found.replace(tzinfo=zone)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f'"{value}" is outside the years 1 to 9999') from None


def _number(written: str) -> float | None:
    """Digits that can only be an epoch; eight of them are a date in ISO's basic form."""
    whole = written.partition(".")[0]
    if len(whole) > len("20260101") and whole.isdecimal() and written.isascii():
        try:
            return int(written) if whole == written else float(written)
        except ValueError:
            return None
    return None


def _from_epoch(number: float, written: str) -> datetime:
    if number >= _EARLIEST_EPOCH:
        for limit, per_second in _EPOCH_UNITS:
            if number < limit:
                return _EPOCH + timedelta(seconds=number / per_second)
    raise ValueError(f"{written[:40]} is not a time in epoch seconds or milliseconds")


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
