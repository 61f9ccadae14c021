"""What comes of a modal that was sent off."""

from __future__ import annotations

from monitor.domain.errors import PhrasedError
from monitor.slackapp.filled import Filled
from monitor.slackapp.presses import right_for
from monitor.slackapp.workplace import Press, Workplace
from monitor.stages import act


def do(place: Workplace, press: Press, filled: Filled) -> None:
    """Do what was sent off, once. Raises MonitorError: why not."""
    place.staff.require(right_for(press.act), press.person)
    its = place.once(press.key)
    by, now, case_id = press.person.name, place.clock(), press.case_id
    match press.act:
        case "assign":
            to = place.staff.person(filled.said("person"))
            place.require_seen(case_id, to)
            act.assign(its, case_id, to.name, by=by, now=now)
        case "snooze":
            span = filled.span("span")
            act.snooze(its, case_id, span, by=by, now=now, why=None)
        case "duplicate":
            act.dismiss(its, case_id, by=by, now=now, duplicate_of=filled.number("case"))
        case "elsewhere":
            act.answered_elsewhere(
                its,
                case_id,
                filled.channel("channel"),
                by=by,
                now=now,
                # the picker knows minutes: what it calls now may lie some seconds back, or ahead
                answered_at=min(filled.moment("at") or now, now),
                text=filled.said("note") or None,
            )
        case "contact":
            channel, address = filled.channel("channel"), filled.said("address")
            act.note_contact(its, case_id, channel, address, by=by, now=now)
        case other:
            raise PhrasedError(
                "Nothing here is called {name}: the app was upgraded; press again.", name=other
            )
