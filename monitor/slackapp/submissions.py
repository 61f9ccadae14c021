"""What comes of a modal that was sent off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.domain.errors import MonitorError
from monitor.domain.event import Channel
from monitor.slackapp.presses import right_for
from monitor.slackapp.workplace import Press, Workplace
from monitor.stages import act


class Filled:
    """What somebody typed and chose, by the names of the fields."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        """`view` as Slack sends it off."""
        values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
        self._fields = {
            name: state for block in values.values() for name, state in dict(block).items()
        }

    def said(self, name: str) -> str:
        """The text, the choice or the member; empty if there is none."""
        state: Mapping[str, Any] = self._fields.get(name) or {}
        chosen = (state.get("selected_option") or {}).get("value")
        return str(chosen or state.get("selected_user") or state.get("value") or "")

    def moment(self, name: str) -> datetime | None:
        """The time that was picked."""
        stamp = (self._fields.get(name) or {}).get("selected_date_time")
        return None if stamp is None else datetime.fromtimestamp(int(stamp), UTC)


def do(place: Workplace, press: Press, filled: Filled) -> None:
    """Do what was sent off, once. Raises MonitorError: why not."""
    place.staff.require(right_for(press.act), press.person)
    its = place.once(press.key)
    by, now, case_id = press.person.name, place.clock(), press.case_id
    match press.act:
        case "assign":
            to = place.staff.person(filled.said("person")).name
            act.assign(its, case_id, to, by=by, now=now)
        case "snooze":
            span = timedelta(seconds=int(filled.said("span")))
            act.snooze(its, case_id, span, by=by, now=now, why=None)
        case "duplicate":
            act.dismiss(its, case_id, by=by, now=now, duplicate_of=int(filled.said("case")))
        case "elsewhere":
            act.answered_elsewhere(
                its,
                case_id,
                Channel(filled.said("channel")),
                by=by,
                now=now,
                # the picker knows minutes: what it calls now may lie some seconds back, or ahead
                answered_at=min(filled.moment("at") or now, now),
                text=filled.said("note") or None,
            )
        case "contact":
            channel, address = Channel(filled.said("channel")), filled.said("address")
            act.note_contact(its, case_id, channel, address, by=by, now=now)
        case other:
            raise MonitorError(f"Nothing here is called {other}: the app was upgraded; try again.")
