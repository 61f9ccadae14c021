"""All that a person has goes to somebody else: the end of a shift, by a command or from the Home tab."""

from __future__ import annotations

from monitor.domain.errors import PhrasedError
from monitor.render import slack_forms as forms
from monitor.render.slack_forms import Origin
from monitor.render.slack_lists import HANDOVER
from monitor.settings.slack import Right
from monitor.slackapp import lists, views
from monitor.slackapp.filled import Filled
from monitor.slackapp.staff import Person
from monitor.slackapp.workplace import Press, Workplace
from monitor.stages import act

ACT = HANDOVER


class ToNobodyError(PhrasedError):
    """Nobody was chosen."""


def give(place: Workplace, key: str, giver: Person, to: Person) -> tuple[int, ...]:
    """Give them, once, and tell whoever has them from now on. Raises MonitorError: why not.

    Cases of brands that are not there for both stay where they are.
    """
    place.staff.require(Right.WORK, giver)
    with place.database.reading() as conn:
        brands = place.brand_names(conn)
    if place.staff.keeps_apart:
        seen = place.staff.sees(to, list(brands.values()))
        brands = {number: name for number, name in brands.items() if name in seen}
    return act.hand_over(
        place.once(key),
        list(brands),
        lists.goes_by(giver),
        to.name,
        by=giver.name,
        now=place.clock(),
        tell=place.alone(to),
    )


def ask(place: Workplace, press: Press) -> None:
    """Ask to whom."""
    place.staff.require(Right.WORK, press.person)
    say_in = place.tongue(press.channel)
    origin = Origin(ACT, None, press.channel)
    view = forms.asking(origin, forms.assign_fields(say_in), say_in)
    place.calls.open(press.trigger, view)


def submit(place: Workplace, press: Press, filled: Filled) -> None:
    """Give them to who was chosen, and show the Home tab as it is then."""
    chosen = filled.said("person")
    if not chosen:
        raise ToNobodyError("Cases are given to somebody: say to whom.")
    give(place, press.key, press.person, place.staff.person(chosen))
    views.home(place, press.person)
