"""Calendars of the config, made business hours."""

from __future__ import annotations

import re
from datetime import date
from importlib.metadata import version
from itertools import pairwise
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from monitor.domain.hours import BusinessHours, Intervals, always
from monitor.settings.spans import Zone, minutes

ALWAYS = "always"
"""The calendar that needs no table: round the clock, in the config's own zone."""

HOLIDAYS_FROM, HOLIDAYS_TO = 2010, 2040
"""The years for which public holidays are drawn up. Fixed, so that a calendar is the same every day."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_RANGE = re.compile(rf"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))?")


class CalendarTable(BaseModel):
    """`[calendars.NAME]`: when the staff are at work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: Zone | None = Field(default=None, description="IANA zone; default: `timezone`.")
    always: bool = Field(default=False, description="Round the clock, every day.")
    weekly: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description='Opening hours by weekday: mon-fri = ["09:00-18:00"].'
    )
    holidays: str | None = Field(
        default=None, description="Closed on the public holidays of a country: RO, or DE-BY."
    )
    exceptions: dict[date, tuple[str, ...]] = Field(
        default_factory=dict, description='Hours of one day: "2026-12-24" = ["09:00-13:00"].'
    )

    @field_validator("weekly")
    @classmethod
    def _known_days(cls, weekly: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        seen: set[int] = set()
        for key, spans in weekly.items():
            days = set(_days(key))
            if twice := seen & days:
                raise ValueError(f'"{_DAYS[min(twice)]}" is given hours twice')
            seen |= days
            _intervals(spans)
        return weekly

    @field_validator("exceptions")
    @classmethod
    def _known_hours(cls, exceptions: dict[date, tuple[str, ...]]) -> dict[date, tuple[str, ...]]:
        for spans in exceptions.values():
            _intervals(spans)
        return exceptions

    @field_validator("holidays")
    @classmethod
    def _known_country(cls, code: str | None) -> str | None:
        if code is not None:
            _holidays(code)
        return code

    @model_validator(mode="after")
    def _open_sometime(self) -> Self:
        if self.always == any(self.weekly.values()):
            raise ValueError(
                'say when it is open: weekly = { mon-fri = ["09:00-18:00"] }, or always = true'
            )
        return self

    def hours(self, timezone: str) -> BusinessHours:
        """The business hours; `timezone` holds where the table names no zone."""
        week: list[Intervals] = [_ALL_DAY if self.always else ()] * len(_DAYS)
        for key, spans in self.weekly.items():
            for day in _days(key):
                week[day] = _intervals(spans)
        return BusinessHours(
            zone=self.zone or timezone,
            weekly=tuple(week),
            holidays=_holidays(self.holidays) if self.holidays else frozenset(),
            holidays_version=f"{self.holidays}, holidays {version('holidays')}"
            if self.holidays
            else "",
            exceptions=tuple(
                (day, _intervals(spans)) for day, spans in sorted(self.exceptions.items())
            ),
        )


def hours_of(calendars: dict[str, CalendarTable], name: str, timezone: str) -> BusinessHours:
    """The named calendar; `always` is there without a table."""
    return calendars[name].hours(timezone) if name in calendars else always(timezone)


_ALL_DAY: Intervals = ((0, minutes("24:00")),)


def _days(key: str) -> range:
    found = _DAY_RANGE.fullmatch(key)
    first = _DAYS.index(found[1]) if found else 0
    last = _DAYS.index(found[2] or found[1]) if found else -1
    if last < first:
        raise ValueError(f'"{key}" names no weekdays: write "mon-fri", "sat" or "sat-sun"')
    return range(first, last + 1)


def _intervals(spans: tuple[str, ...]) -> Intervals:
    """Minutes from midnight; what touches is one."""
    read = sorted(_interval(one) for one in spans)
    for (_, ends), (begins, _) in pairwise(read):
        if begins < ends:
            raise ValueError(f"the hours {', '.join(spans)} overlap")
    return tuple(read)


def _interval(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not dash:
        raise ValueError(f'{text!r} are no hours: write "09:00-18:00"')
    begins, ends = minutes(first), minutes(last)
    if begins >= ends:
        raise ValueError(
            f'{text!r} ends before it begins: hours past midnight are two, "22:00-24:00" and, '
            f'on the next day, "00:00-06:00"'
        )
    return begins, ends


def _holidays(code: str) -> frozenset[date]:
    import holidays

    country, _, part = code.partition("-")
    known = getattr(holidays, country, None) if country.isupper() else None
    if known is None or (part and part not in known(years=HOLIDAYS_FROM).subdivisions):
        raise ValueError(
            f"{code!r}: no public holidays are known for it; write a country such as RO, "
            f"or a country and its part such as DE-BY"
        )
    years = range(HOLIDAYS_FROM, HOLIDAYS_TO + 1)
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=years))
