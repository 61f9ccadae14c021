"""What may be done about a case, as buttons. They carry keys only: an act and the number of a case."""

from __future__ import annotations

from monitor.domain.case import Status
from monitor.domain.judgement import Band
from monitor.domain.notice import CaseCard
from monitor.render.slack_blocks import Block, Element
from monitor.render.tongue import Tongue

PREFIX = "case."
"""Of the ids of all that is pressed on a card: `case.claim`."""
MORE = "more"
"""The menu; its choices name acts."""
LABELS = {
    "answer": "Answer…",
    "claim": "Claim",
    "ack": "Acknowledge",
    "assign": "Assign…",
    "snooze": "Snooze…",
    "dismiss": "Not a complaint",
    "confirm": "It is a complaint",
    "duplicate": "Duplicate of…",
    "elsewhere": "Answered elsewhere…",
    "contact": "Preferred contact…",
    "undo": "Undo",
    "whole": "Show all",
    "show": "Show",
    "handover": "Hand all over…",
}
"""Every act, and what stands on its button. `…`: it asks first."""
_OPEN = ("answer", "claim", "ack", "snooze", "assign")
_UNSURE = ("confirm", "dismiss", "answer", "claim", "assign")
_MENU = ("elsewhere", "dismiss", "duplicate", "contact", "undo")
_CLOSED = ("undo", "contact")


def buttons(card: CaseCard, say_in: Tongue, *, is_cut: bool) -> list[Block]:
    """The row of buttons that fits how the case stands."""
    if card.status == Status.MERGED:
        return []
    whole = ("whole",) if is_cut else ()
    if card.status != Status.OPEN:
        row = [button(one, card.case_id, say_in) for one in (*_CLOSED, *whole)]
    else:
        shown = _UNSURE if card.band is Band.REVIEW else _OPEN
        row = [button(one, card.case_id, say_in) for one in (*shown, *whole)]
        row.append(_menu(card.case_id, [one for one in _MENU if one not in shown], say_in))
    return [{"type": "actions", "block_id": f"case:{card.case_id}", "elements": row}]


def button(act: str, case_id: int, say_in: Tongue) -> Element:
    """One button."""
    made: Element = {
        "type": "button",
        "action_id": f"{PREFIX}{act}",
        "text": {"type": "plain_text", "text": say_in(LABELS[act])},
        "value": str(case_id),
    }
    if act in ("answer", "confirm"):
        made["style"] = "primary"
    return made


def _menu(case_id: int, acts: list[str], say_in: Tongue) -> Element:
    options = [
        {
            "text": {"type": "plain_text", "text": say_in(LABELS[one])},
            "value": f"{one}:{case_id}",
        }
        for one in acts
    ]
    return {"type": "overflow", "action_id": f"{PREFIX}{MORE}", "options": options}
