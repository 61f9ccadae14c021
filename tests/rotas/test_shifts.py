"""Calendars that say who is on call: repeats, exceptions, zones, whole days, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.quoting import unquoted
from monitor.domain.rota import Person
from monitor.rotas.shifts import RotaError, Shift, on_call, shifts_of

ZONE = ZoneInfo("Europe/Bucharest")
PEOPLE = {
    name: Person(name=name, audience=f"email:{name}@shop.example") for name in ("ana", "dan", "eva")
}
SINCE = datetime(2026, 10, 19, tzinfo=UTC)


def calendar(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\n{one.strip()}\nEND:VEVENT\n" for one in events)
    said = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test\n{body}END:VCALENDAR\n"
    return said.replace("\n", "\r\n").encode()


def shifts(*events: str, days: int = 21) -> tuple[Shift, ...]:
    until = SINCE + timedelta(days=days)
    return shifts_of(calendar(*events), zone=ZONE, people=PEOPLE, since=SINCE, until=until)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE).astimezone(UTC)


NIGHTS = """
UID:n
SUMMARY:Night: Ana
DTSTART;TZID=Europe/Bucharest:20261019T180000
DTEND;TZID=Europe/Bucharest:20261020T080000
RRULE:FREQ=DAILY;UNTIL=20261101
EXDATE;TZID=Europe/Bucharest:20261022T180000
"""


def test_a_shift_that_repeats_keeps_its_hours_on_the_wall_when_clocks_change() -> None:
    found = shifts(NIGHTS)
    before, after = local("10-23T18:00"), local("10-26T18:00")
    assert [one.ends_at for one in found if one.begins_at == before] == [local("10-24T08:00")]
    assert [one.ends_at for one in found if one.begins_at == after] == [local("10-27T08:00")]
    (over_the_change,) = [one for one in found if one.begins_at == local("10-24T18:00")]
    assert over_the_change.ends_at == local("10-25T08:00")
    assert over_the_change.ends_at - over_the_change.begins_at == timedelta(hours=15)


def test_a_day_off_and_the_last_day_are_kept() -> None:
    found = shifts(NIGHTS)
    assert on_call(found, local("10-21T23:00")) == ("ana",)
    assert on_call(found, local("10-22T23:00")) == ()
    assert on_call(found, local("11-01T23:00")) == ("ana",)
    assert on_call(found, local("11-02T23:00")) == ()


def test_one_night_given_to_somebody_else_is_theirs_alone() -> None:
    swapped = """
UID:n
SUMMARY:Night: Dan instead
RECURRENCE-ID;TZID=Europe/Bucharest:20261020T180000
DTSTART;TZID=Europe/Bucharest:20261020T190000
DTEND;TZID=Europe/Bucharest:20261021T080000
"""
    found = shifts(NIGHTS, swapped)
    assert on_call(found, local("10-20T18:30")) == ()
    assert on_call(found, local("10-20T23:00")) == ("dan",)
    assert on_call(found, local("10-19T23:00")) == ("ana",)


def test_one_night_called_off_is_nobodys() -> None:
    off = NIGHTS.replace("RRULE:FREQ=DAILY;UNTIL=20261101\n", "STATUS:CANCELLED\n").replace(
        "DTSTART", "RECURRENCE-ID;TZID=Europe/Bucharest:20261020T180000\nDTSTART"
    )
    assert on_call(shifts(NIGHTS, off), local("10-20T23:00")) == ()


def test_whole_days_begin_at_midnight_of_the_rotas_zone() -> None:
    week = "UID:w\nSUMMARY:eva\nDTSTART;VALUE=DATE:20261026\nDTEND;VALUE=DATE:20261102"
    found = shifts(week)
    assert (found[0].begins_at, found[0].ends_at) == (local("10-26T00:00"), local("11-02T00:00"))
    one_day = shifts("UID:d\nSUMMARY:eva\nDTSTART;VALUE=DATE:20261026")
    assert one_day[0].ends_at == local("10-27T00:00")


def test_people_are_known_by_name_or_by_invitation_and_strangers_are_not() -> None:
    when = "DTSTART:20261020T080000Z\nDURATION:PT4H"
    found = shifts(
        f"UID:1\nSUMMARY:On call\nATTENDEE;CN=E:MAILTO:Eva@shop.example\n{when}",
        f"UID:2\nSUMMARY:Anastasia\n{when}",
        f"UID:3\nSUMMARY:DAN + ana\n{when}",
    )
    assert {one.title: one.people for one in found} == {
        "On call": ("eva",),
        "Anastasia": (),
        "DAN + ana": ("ana", "dan"),
    }
    assert on_call(found, datetime(2026, 10, 20, 12, tzinfo=UTC)) == ()
    assert set(on_call(found, datetime(2026, 10, 20, 9, tzinfo=UTC))) == {"ana", "dan", "eva"}


def test_an_added_date_counts() -> None:
    extra = NIGHTS.replace("EXDATE;", "RDATE;TZID=Europe/Bucharest:20261103T180000\nEXDATE;")
    assert on_call(shifts(extra), local("11-03T20:00")) == ("ana",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"<html>please log in</html>", "no iCalendar"),
        (b"", "no iCalendar"),
        (calendar("UID:1\nSUMMARY:ana"), "no iCalendar"),
        (calendar(NIGHTS.replace("DAILY", "MINUTELY")), "more often than once a day"),
        (calendar(NIGHTS.replace("EXDATE", "RRULE:FREQ=WEEKLY\nEXDATE")), "two rules"),
    ],
    ids=["a page", "nothing", "no time", "every minute", "two rules"],
)
def test_what_cannot_be_meant_is_refused(text: bytes, said: str) -> None:
    until = SINCE + timedelta(days=7)
    with pytest.raises(RotaError, match=said) as told:
        shifts_of(text, zone=ZONE, people=PEOPLE, since=SINCE, until=until)
    for_the_log = unquoted(str(told.value))
    assert said in for_the_log
    assert not any(one in for_the_log for one in ("log in", "ana"))


def test_a_calendar_of_too_many_shifts_is_none_of_people() -> None:
    many = [
        f"UID:{number}\nSUMMARY:ana\nDTSTART:20261001T{number // 60:02}{number % 60:02}00Z\n"
        "DURATION:PT1H\nRRULE:FREQ=DAILY"
        for number in range(90)
    ]
    with pytest.raises(RotaError, match="more than 5000"):
        shifts(*many, days=60)


def test_a_weekly_shift_without_an_end_goes_on() -> None:
    weekly = NIGHTS.replace("DAILY;UNTIL=20261101", "WEEKLY;BYDAY=MO")
    assert on_call(shifts(weekly), local("11-02T20:00")) == ("ana",)
    assert on_call(shifts(weekly), local("11-03T20:00")) == ()
