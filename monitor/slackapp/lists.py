"""What is read for lists and the Home tab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from monitor.domain.digest import Unanswered
from monitor.domain.report import last_week
from monitor.domain.search import search as read
from monitor.render import slack_lists as shown
from monitor.render.slack_lists import Line, Team
from monitor.render.tongue import Tongue
from monitor.slackapp.staff import Person
from monitor.slackapp.workplace import Workplace
from monitor.store import cards, readings, searching, waits
from monitor.store.engine import Connection

_AT_ONCE = 500


def open_cases(
    place: Workplace, say_in: Tongue, which: Callable[[Unanswered, datetime], bool]
) -> list[Line]:
    """The open cases of all brands of which that is true, first due first."""
    now = place.clock()
    with place.database.reading() as conn:
        found = [
            one
            for brand_id in place.brand_names(conn)
            for one in _waiting(conn, brand_id, now)
            if which(one, now)
        ]
    found.sort(key=lambda one: one.due_at)
    return [shown.waiting(one, now, say_in) for one in found]


def _waiting(conn: Connection, brand_id: int, now: datetime) -> Iterator[Unanswered]:
    """Page by page: nobody is left out."""
    after: tuple[datetime, int] | None = None
    while True:
        page = waits.open_list(conn, brand_id, now, limit=_AT_ONCE, after=after)
        yield from page
        if len(page) < _AT_ONCE:
            return
        after = page[-1].due_at, page[-1].line.case_id


def is_of(person: Person) -> Callable[[Unanswered, datetime], bool]:
    """Whether the case is that person's, by whatever name the person goes."""
    is_theirs = goes_by(person)
    return lambda one, _: is_theirs(one.line.owner or "")


def goes_by(person: Person) -> Callable[[str], bool]:
    """Whether a name is that person's."""
    marked = f"({person.id})"
    return lambda owner: owner in (person.name, person.id) or owner.endswith(marked)


def is_overdue(one: Unanswered, now: datetime) -> bool:
    """Whether it should have been answered by now."""
    return one.confirmed and one.due_at < now


def search(place: Workplace, typed: str, say_in: Tongue, limit: int) -> list[Line]:
    """The newest cases in which that is said."""
    now, asked = place.clock(), read(typed)
    with place.database.reading() as conn:
        numbers = searching.cases_with(conn, place.brand_names(conn), asked, limit)
        return [shown.found(cards.card(conn, one, now, None), say_in) for one in numbers]


def teams(place: Workplace) -> list[Team]:
    """How each brand stands."""
    now = place.clock()
    period = last_week(now, place.zone)
    found = []
    with place.database.reading() as conn:
        for brand_id, name in place.brand_names(conn).items():
            waiting = list(_waiting(conn, brand_id, now))
            report = readings.report(conn, brand_id, period=period, as_of=now)
            found.append(
                Team(
                    brand=name,
                    open=sum(one.confirmed for one in waiting),
                    overdue=sum(is_overdue(one, now) for one in waiting),
                    unconfirmed=sum(not one.confirmed for one in waiting),
                    last_week=report.total,
                )
            )
    return found
