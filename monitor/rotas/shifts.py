"""From the text of an iCalendar (RFC 5545) to the shifts that it names, repeats and exceptions included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.domain.errors import MonitorError
from monitor.domain.quoting import quoted
from monitor.domain.rota import Person

if TYPE_CHECKING:
    from dateutil.rrule import rrule

_DAY = timedelta(days=1)
_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_MOST = 5000
"""Shifts that are taken from a calendar: of more, it is none of people on call."""
_MAIL = re.compile(r"mailto:", re.IGNORECASE)


class RotaError(MonitorError):
    """A rota that cannot be read: the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """Half-open, in UTC. `people` are names of the config; `title` is what the calendar calls it."""

    begins_at: datetime
    ends_at: datetime
    title: str
    people: tuple[str, ...]


def shifts_of(
    text: bytes,
    *,
    zone: ZoneInfo,
    people: Mapping[str, Person],
    since: datetime,
    until: datetime,
) -> tuple[Shift, ...]:
    """The shifts that touch [since, until), in order.

    `zone` holds for whole days and for times that name no zone. On call are the people whose name stands
    in an event's title, and those who are invited to it by the e-mail address at which they are told.

    Raises:
        RotaError: it is no calendar, or one that cannot be meant.

    """
    from icalendar import Calendar

    try:
        found = Calendar.from_ical(text)
        events = [one for one in found.walk("VEVENT") if one.get("STATUS") != "CANCELLED"]
        cancelled = [one for one in found.walk("VEVENT") if one.get("STATUS") == "CANCELLED"]
        moved = _moved([*events, *cancelled], zone)
        shifts = set()
        for event in events:
            who = tuple(_who(event, people))
            title = str(event.get("SUMMARY", ""))
            for begins, ends in _spans(event, zone, moved, since, until):
                shifts.add(Shift(begins, ends, title, who))
                if len(shifts) > _MOST:
                    raise RotaError(f"it names more than {_MOST} shifts")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        said = f"{type(error).__name__} {quoted(error)}"
        raise RotaError(f"what is there is no iCalendar that can be read: {said}") from error
    return tuple(sorted(shifts))


def on_call(shifts: Iterable[Shift], at: datetime) -> tuple[str, ...]:
    """Who has a shift at that moment, each once."""
    names = (name for one in shifts if one.begins_at <= at < one.ends_at for name in one.people)
    return tuple(dict.fromkeys(names))


def _who(event: Any, people: Mapping[str, Person]) -> Iterator[str]:
    title = str(event.get("SUMMARY", "")).casefold()
    invited = event.get("ATTENDEE", [])
    addresses = {
        _MAIL.sub("", str(one)).casefold()
        for one in (invited if isinstance(invited, list) else [invited])
    }
    for name, person in people.items():
        named = re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", title)
        if named or person.audience.partition(":")[2].casefold() in addresses:
            yield name


def _moved(events: Iterable[Any], zone: ZoneInfo) -> set[tuple[str, datetime]]:
    """The single repeats that another event of the same name stands for, or that are called off."""
    return {
        (str(one.get("UID")), _moment(one["RECURRENCE-ID"].dt, zone))
        for one in events
        if "RECURRENCE-ID" in one
    }


def _spans(
    event: Any,
    zone: ZoneInfo,
    moved: set[tuple[str, datetime]],
    since: datetime,
    until: datetime,
) -> Iterator[tuple[datetime, datetime]]:
    first = _local(event["DTSTART"].dt, zone)
    length = _local(event.end, zone) - first
    besides = {_moment(one, zone) for one in _dates(event, "EXDATE")}
    if "RECURRENCE-ID" not in event:
        besides |= {at for uid, at in moved if uid == str(event.get("UID"))}
    starts = {first, *(_local(one, zone) for one in _dates(event, "RDATE"))}
    if "RRULE" in event:
        rule = _rule(event, first, zone)
        starts |= set(rule.between(since - length - _DAY, until, inc=True))
    for one in starts:
        # the length is of the wall: a shift from 18:00 to 08:00 is that also when clocks change
        begins, ended = one.astimezone(UTC), (one + length).astimezone(UTC)
        if begins not in besides and begins < until and ended > since:
            yield begins, ended


def _rule(event: Any, first: datetime, zone: ZoneInfo) -> rrule:
    from dateutil.rrule import rrulestr

    said = event["RRULE"]
    which = f"{quoted(event.get('SUMMARY'))}, first on {first:%Y-%m-%d},"
    if isinstance(said, list):
        raise RotaError(f"{which} repeats by two rules at once")
    if str(said["FREQ"][0]).upper() in _OFTEN:
        raise RotaError(f"{which} repeats more often than once a day")
    last = said.get("UNTIL")
    if last:
        said = said.copy()
        end = last[0] if isinstance(last[0], datetime) else datetime.combine(last[0], time.max)
        said["UNTIL"] = [_moment(end, zone)]
    made: rrule = rrulestr(said.to_ical().decode(), dtstart=first)
    return made


def _dates(event: Any, name: str) -> Iterator[date]:
    found = event.get(name, [])
    for one in found if isinstance(found, list) else [found]:
        yield from (it.dt for it in one.dts)


def _local(at: date, zone: ZoneInfo) -> datetime:
    """The moment on its own clock; a whole day begins at its midnight."""
    if not isinstance(at, datetime):
        return datetime.combine(at, time(), zone)
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _moment(at: date, zone: ZoneInfo) -> datetime:
    return _local(at, zone).astimezone(UTC)
