"""Spans of time, times of day and zones, as a config writes them."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainValidator

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SPAN = re.compile(r"(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m)?\s*(?:(\d+)\s*s)?", re.ASCII)
_TIME = re.compile(r"(\d\d?):(\d\d)", re.ASCII)
_LONGEST = timedelta(days=366)
_MINUTES_A_DAY = 24 * 60
_MINUTES_AN_HOUR = 60


def span(value: object) -> timedelta:
    """A span from "90m", "2h", "1d 4h". A day is 24 hours; what counts as time, the calendar says.

    Raises:
        ValueError: it is none, or longer than a year.

    """
    if isinstance(value, timedelta):  # set by the program, not by a file: TOML has no spans
        return value
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        raise ValueError(f'{value!r} is no span of time: write "90m", "2h" or "1d 4h"')
    parts = zip(_UNITS.values(), found.groups(), strict=True)
    try:
        length = timedelta(**{unit: int(number) for unit, number in parts if number})
    except (OverflowError, ValueError):  # more digits than fit, or than Python reads
        length = timedelta.max
    if length > _LONGEST:
        raise ValueError(f"is too long a span of time: at most {_LONGEST.days}d")
    return length


def _more_than_none(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than no time at all")
    return value


def minutes(value: str) -> int:
    """Minutes from midnight of "09:00"; "24:00" is the day's end. Raises ValueError."""
    found = _TIME.fullmatch(value.strip())
    total = int(found[1]) * _MINUTES_AN_HOUR + int(found[2]) if found else -1
    if found is None or int(found[2]) >= _MINUTES_AN_HOUR or total > _MINUTES_A_DAY:
        raise ValueError(f'{value!r} is no time of day: write "09:00", up to "24:00"')
    return total


def _time_of_day(value: object) -> time:
    if isinstance(value, time):  # TOML has times of its own, without quotes
        return value
    total = minutes(str(value))
    if total == _MINUTES_A_DAY:
        raise ValueError('"24:00" is "00:00" of the next day: write that')
    return time(total // _MINUTES_AN_HOUR, total % _MINUTES_AN_HOUR)


def _zone(value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no IANA time zone such as Europe/Bucharest") from error


Span = Annotated[timedelta, PlainValidator(span)]
"""A span of time, perhaps of length zero."""

PositiveSpan = Annotated[timedelta, PlainValidator(lambda value: _more_than_none(span(value)))]
"""A span of time that passes."""

TimeOfDay = Annotated[time, PlainValidator(_time_of_day)]
"""A local time of day, "08:30"."""

Zone = Annotated[str, BeforeValidator(_zone)]
"""The name of an IANA time zone."""
