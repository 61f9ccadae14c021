"""Who can be told alone: people with their quiet hours, and rotas that say who is on call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from monitor.domain.hours import BusinessHours, Intervals
from monitor.domain.rota import Person
from monitor.settings.calendars import CalendarTable, hours_of
from monitor.settings.policies import Names
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan, Zone, minutes

_MIDNIGHT = minutes("24:00")
_A_WEEK = 7


class PersonTable(BaseModel):
    """`[people.NAME]`: where one person reads, and when they sleep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tell: str = Field(min_length=1, description="A notifier and a place: email:ana@shop.example.")
    quiet: Names = Field(default=(), description='When they are let sleep: "22:00-07:00".')
    calendar: str | None = Field(default=None, description="Or: told only while that is open.")
    zone: Zone | None = Field(default=None, description="Theirs; default: `timezone`.")

    @model_validator(mode="after")
    def _one_way_to_sleep(self) -> Self:
        if self.quiet and self.calendar:
            raise ValueError("quiet and calendar are two ways to say when they sleep: use one")
        if self.calendar and self.zone:
            raise ValueError("a calendar has a zone of its own: zone goes with quiet")
        if self.quiet and not _awake(self.quiet):
            raise ValueError("they would sleep all day, and never be told")
        return self

    def person(self, name: str, calendars: Mapping[str, CalendarTable], timezone: str) -> Person:
        """The domain's person; `timezone` holds where the table names none."""
        awake = None
        if self.calendar:
            awake = hours_of(dict(calendars), self.calendar, timezone)
        elif self.quiet:
            week = (_awake(self.quiet),) * _A_WEEK
            awake = BusinessHours(zone=self.zone or timezone, weekly=week)
        return Person(name=name, audience=self.tell, awake=awake)


def _awake(quiet: tuple[str, ...]) -> Intervals:
    """What is left of a day. "22:00-07:00" goes on after midnight. Raises ValueError."""
    sleeps: list[tuple[int, int]] = []
    for text in quiet:
        first, dash, last = text.partition("-")
        if not dash:
            raise ValueError(f'{text!r} are no hours: write "22:00-07:00"')
        begins, ends = minutes(first), minutes(last)
        if begins < ends:
            sleeps.append((begins, ends))
        else:
            sleeps += [(begins, _MIDNIGHT), (0, ends)]
    awake, since = [], 0
    for begins, ends in sorted(sleeps):
        if begins > since:
            awake.append((since, begins))
        since = max(since, ends)
    return (*awake, (since, _MIDNIGHT)) if since < _MIDNIGHT else tuple(awake)


def _path(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str) else value


class RotaTable(BaseModel):
    """`[rotas.NAME]`: who is on call, by an iCalendar that people keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[Path | None, BeforeValidator(_path)] = Field(
        default=None, description="An .ics file."
    )
    url: str | None = Field(default=None, pattern=r"^https?://.", description="Or an address …")
    secret: SecretName | None = Field(
        default=None, description="… that is a secret, as calendars' private addresses are."
    )
    zone: Zone | None = Field(
        default=None, description="For times without a zone; default: `timezone`."
    )
    every: PositiveSpan = Field(
        default=timedelta(minutes=15), description="How often it is read again."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(one is not None for one in (self.file, self.url, self.secret)) != 1:
            raise ValueError("say where it is: one of file, url and secret")
        return self
