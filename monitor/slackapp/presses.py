"""What comes of a button or a choice on a card: an act at once, or a modal that asks first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from monitor.domain.case import Case, Status
from monitor.domain.errors import PhrasedError
from monitor.domain.event import Answered, AnsweredElsewhere, Confirmed, Dismissed, Event
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
UNDO = "undo"
FREE = ("whole", "show")
"""To read what stands there is everybody's."""


class _Act(Protocol):
    """What is done to a case as it stands, with nothing to be asked."""

    def __call__(
        self, database: Transactions, case_id: int, /, *, by: str, now: datetime
    ) -> Case: ...


class NoTimeLeftError(PhrasedError):
    """It is too late for that."""


def right_for(name: str) -> Right:
    """The right that an act needs."""
    return RIGHTS.get(name, Right.WORK)


def right_to_undo(event: Event) -> Right:
    """The right that it takes to take it back: the one that it took to do it."""
    match event:
        case Answered() | AnsweredElsewhere():
            return Right.ANSWER
        case Confirmed() | Dismissed():
            return Right.DISMISS
        case _:
            return Right.WORK


def is_at_once(name: str) -> bool:
    """Whether the act needs nothing to be asked."""
    return name == UNDO or name in _AT_ONCE


def do(place: Workplace, press: Press) -> None:
    """Do what was pressed, once. Raises MonitorError: why not."""
    if press.act == UNDO:
        _undo(place, press)
        return
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
}


def _undo(place: Workplace, press: Press) -> None:
    """What would be taken back is known in the transaction only, and so is the right for it."""
    refused = place.staff.refusals(press.person)

    def may(event: Event) -> None:
        why = refused.get(right_to_undo(event))
        if why is not None:
            raise why

    by, now = press.person.name, place.clock()
    act.undo(place.once(press.key), press.case_id, by=by, now=now, may=may)


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
            raise PhrasedError(
                "Nothing here is called {name}: the app was upgraded; press again.", name=other
            )
    return forms.asking(origin, fields, say_in)


def _snooze(place: Workplace, press: Press) -> list[Block]:
    card, now, say_in = place.card(press.case_id), place.clock(), place.tongue(press.channel)
    if card.status != "open" or card.due_at is None:
        raise act.ActionError(
            "The case is {status}: nobody waits in it.", status=Status(card.status)
        )
    fields = forms.snooze_fields(card.due_at, now, say_in)
    if not fields:
        raise NoTimeLeftError(
            "It is due too soon, or overdue: nothing can be put off before the due time."
        )
    return fields
