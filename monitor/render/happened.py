"""What happened to a case, in words for people: each record of its history as a phrase."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from monitor.domain.event import Record
from monitor.render.tongue import Tongue
from monitor.render.words import plain

PHRASES: Mapping[str, str] = {
    "Opened": "A complaint opened the case",
    "FollowedUp": "The customer asked again",
    "Rejudged": "An edited post was judged again",
    "Withdrawn": "The customer deleted a post",
    "Answered": "Answered by a post of ours",
    "AnswerWithdrawn": "Our answer was deleted",
    "AnsweredElsewhere": "Answered elsewhere",
    "Confirmed": "Confirmed to be a complaint",
    "Dismissed": "Dismissed",
    "Claimed": "Claimed",
    "Assigned": "Assigned",
    "Acknowledged": "Acknowledged",
    "Snoozed": "Snoozed",
    "ContactNoted": "Preferred contact noted",
    "Escalated": "A step fell due",
    "Merged": "Became part of another case",
    "Undone": "Undone",
}
_DETAILS: Mapping[str, str] = {
    "to": "to {it}",
    "until": "until {it}",
    "channel": "by {it}",
    "reason": "{it}",
    "duplicate_of": "of case {it}",
    "step": "step {it}",
    "seq": "entry {it}",
    "into": "case {it}",
}


def happened(one: Record, notes: Mapping[int, str], zone: tzinfo, say_in: Tongue) -> str:
    """The record in words. `notes`: what staff wrote, as far as it is kept."""
    told = say_in(PHRASES[type(one.event).__name__])
    details = []
    for name, phrase in _DETAILS.items():
        value = getattr(one.event, name, None)
        if value is not None:
            said = _said(value, zone, say_in)
            details.append(say_in(phrase, it=said))
    note = getattr(one.event, "note", None)
    if note is not None:
        details.append(f"“{plain(notes.get(note, say_in('(the text was purged)')))}”")
    return f"{told}: {', '.join(details)}" if details else told


def _said(value: object, zone: tzinfo, say_in: Tongue) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    return plain(say_in(str(value)))
