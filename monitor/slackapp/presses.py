"""What comes of a button or a choice on a card: an act at once, or a modal that asks first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from monitor.domain.case import Case
from monitor.domain.errors import MonitorError
from monitor.render import slack_forms as forms
from monitor.render.slack_blocks import Block
from monitor.render.slack_buttons import LABELS
from monitor.render.slack_forms import Origin, View
from monitor.settings.slack import Right
from monitor.slackapp import replying, views
from monitor.slackapp.workplace import Press, Workplace
from monitor.stages import act
from monitor.store.engine import Transactions

RIGHTS: Mapping[str, Right] = {
    "answer": Right.ANSWER,
    "elsewhere": Right.ANSWER,
    "dismiss": Right.DISMISS,
    "confirm": Right.DISMISS,
    "duplicate": Right.DISMISS,
}
"""What an act needs; any other one needs the right to work."""
FREE = ("whole", "show")
"""To read what stands there is everybody's."""


class _Act(Protocol):
    """What is done to a case as it stands, with nothing to be asked."""

    def __call__(
        self, database: Transactions, case_id: int, /, *, by: str, now: datetime
    ) -> Case: ...


class NoTimeLeftError(MonitorError):
    """It is too late for that."""


def right_for(name: str) -> Right:
    """The right that an act needs."""
    return RIGHTS.get(name, Right.WORK)


def is_at_once(name: str) -> bool:
    """Whether the act needs nothing to be asked."""
    return name in _AT_ONCE


def do(place: Workplace, press: Press) -> None:
    """Do what was pressed, once. Raises MonitorError: why not."""
    if press.act not in FREE:
        place.staff.require(right_for(press.act), press.person)
    if press.act in _AT_ONCE:
        its, by = place.once(press.key), press.person.name
        _AT_ONCE[press.act](its, press.case_id, by=by, now=place.clock())
    else:
        made = replying.form if press.act == replying.ACT else _form
        place.calls.open(press.trigger, made(place, press), above=press.is_in_modal)


_AT_ONCE: Mapping[str, _Act] = {
    "claim": act.claim,
    "ack": act.acknowledge,
    "dismiss": act.dismiss,
    "confirm": act.confirm,
    "undo": act.undo,
}


def _form(place: Workplace, press: Press) -> View:
    """The modal that asks for what the act needs, or shows what was asked for."""
    card = place.card(press.case_id)
    say_in = place.tongue(press.channel)
    origin = Origin(press.act, press.case_id, press.channel)
    match press.act:
        case "assign":
            fields = forms.assign_fields(say_in)
        case "snooze":
            fields = _snooze(place, press)
        case "duplicate":
            fields = forms.duplicate_fields(card, say_in)
        case "elsewhere":
            fields = forms.elsewhere_fields(place.clock(), say_in)
        case "contact":
            fields = forms.contact_fields(say_in)
        case views.SHOW:
            return views.case(place, press.case_id, press.channel)
        case "whole":
            return forms.modal(origin, say_in(LABELS["whole"]), forms.whole_text(card), say_in)
        case other:
            raise MonitorError(
                f"Nothing here is called {other}: the app was upgraded; press again."
            )
    return forms.asking(origin, fields, say_in)


def _snooze(place: Workplace, press: Press) -> list[Block]:
    card, now, say_in = place.card(press.case_id), place.clock(), place.tongue(press.channel)
    if card.status != "open" or card.due_at is None:
        raise act.ActionError(f"The case is {card.status}: nobody waits in it.")
    fields = forms.snooze_fields(card.due_at, now, say_in)
    if not fields:
        raise NoTimeLeftError(
            say_in("It is due too soon, or overdue: nothing can be put off before the due time.")
        )
    return fields
