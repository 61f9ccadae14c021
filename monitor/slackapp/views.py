"""What is shown in modals and on the Home tab to be read, and is shown anew after an act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.domain.notice import Notice, NoticeKind, Reason
from monitor.render import slack_lists as shown
from monitor.render.slack_cards import messages
from monitor.render.slack_case import Look
from monitor.render.slack_forms import Origin, View, modal, origin_of
from monitor.render.slack_lists import PAGE
from monitor.slackapp import lists
from monitor.slackapp.staff import Person
from monitor.slackapp.workplace import Workplace

SHOW = "show"


def case(place: Workplace, case_id: int, channel: str | None) -> View:
    """A case's card, with its buttons."""
    card, say_in = place.card(case_id), place.tongue(channel)
    notice = Notice(
        key="",
        kind=NoticeKind.UPDATE,
        audience="",
        reason=Reason.REQUESTED,
        brand=card.brand,
        content=card,
        written_at=place.clock(),
    )
    [message] = messages(notice, place.zone, {}, Look(say_in, has_buttons=True))
    title = say_in("case {number}", number=case_id).capitalize()
    return modal(Origin(SHOW, case_id, channel), title, message.blocks, say_in)


def home(place: Workplace, person: Person) -> None:
    """Publish the person's Home tab."""
    say_in = place.tongue(None)
    mine = lists.open_cases(place, say_in, lists.is_of(person))
    more = None
    if len(mine) > PAGE:
        rest = len(mine) - PAGE
        more = say_in("{number} more: {command} mine", number=rest, command=place.command)
    view = shown.home(mine[:PAGE], lists.teams(place), say_in, more=more)
    place.calls.publish(person.id, view)


def again(place: Workplace, person: Person, view: Mapping[str, Any]) -> None:
    """Show anew what an act has changed: the Home tab, or the case that is shown."""
    if view.get("type") == "home":
        home(place, person)
        return
    origin = origin_of(view["private_metadata"])
    if origin.act == SHOW and origin.case_id is not None:
        place.calls.update(view["id"], case(place, origin.case_id, origin.channel))
