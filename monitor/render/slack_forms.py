"""Modals as plain dicts: what is asked before an act, within Slack's limits.

Every input's block and action bear the field's name, so that what comes back is found by it. A modal
carries keys only: the act, the number of the case, the channel in which it was opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from monitor.domain.event import Channel
from monitor.domain.notice import CaseCard
from monitor.render import slack_blocks as slack
from monitor.render.slack_blocks import Block, Element
from monitor.render.slack_buttons import LABELS, PREFIX
from monitor.render.tongue import Tongue
from monitor.render.words import EXCERPT, cut, duration, plain

View: TypeAlias = dict[str, Any]

NOTE = 3000
"""The most that Slack takes of a typed text."""
_TITLE = 24
_OPTION = 75
_WHOLE = 2900
_PIECES = 60
_NAPS = tuple(timedelta(minutes=one) for one in (15, 30, 60, 120, 240, 480, 1440))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a modal was opened, and what about. Keys only."""

    act: str
    case_id: int | None
    channel: str | None
    more: Mapping[str, Any] | None = None

    @property
    def metadata(self) -> str:
        """What Slack keeps with the modal."""
        told = {"act": self.act, "case": self.case_id, "channel": self.channel}
        return json.dumps(told | dict(self.more or {}))


def origin_of(metadata: str) -> Origin:
    """What `Origin.metadata` wrote. Raises ValueError, LookupError or TypeError: that was not us."""
    told = dict(json.loads(metadata))
    act, case_id, channel = str(told.pop("act")), told.pop("case"), told.pop("channel")
    return Origin(act, None if case_id is None else int(case_id), channel, told)


def modal(
    origin: Origin,
    title: str,
    blocks: Iterable[Block],
    say_in: Tongue,
    *,
    submit: str | None = None,
) -> View:
    """A modal; with `submit` it can be sent off."""
    view: View = {
        "type": "modal",
        "callback_id": f"{PREFIX}{origin.act}",
        "private_metadata": origin.metadata,
        "title": text(cut(title.rstrip("…"), _TITLE)),
        "close": text(say_in("Cancel" if submit else "Close")),
        "blocks": list(blocks),
    }
    if submit is not None:
        view["submit"] = text(submit)
    return view


def asking(origin: Origin, fields: Iterable[Block], say_in: Tongue) -> View:
    """A modal that asks for what an act needs."""
    title = say_in(LABELS[origin.act])
    return modal(origin, title, fields, say_in, submit=say_in("Save"))


def saying(origin: Origin, title: str, words: Sequence[str], say_in: Tongue) -> View:
    """A modal that says something of ours, in `mrkdwn`."""
    return modal(origin, title, [slack.section(one) for one in words], say_in)


# ------------------------------------------------------------------------------------------ fields


def text(words: str) -> Element:
    """Plain text of our own."""
    return {"type": "plain_text", "text": words}


def field(
    name: str, label: str, element: Element, *, optional: bool = False, hint: str | None = None
) -> Block:
    """An input of that name."""
    made: Block = {
        "type": "input",
        "block_id": name,
        "label": text(label),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return made | {"hint": text(hint)} if hint else made


def choice(options: Iterable[tuple[str, str]], chosen: str | None = None) -> Element:
    """One of several: (value, label)."""
    made = [{"text": text(cut(label, _OPTION)), "value": value} for value, label in options]
    element: Element = {"type": "static_select", "options": made}
    first = next((one for one in made if one["value"] == chosen), None)
    return element | {"initial_option": first} if first else element


def assign_fields(say_in: Tongue) -> list[Block]:
    """Whom a case is given to."""
    return [field("person", say_in("To whom?"), {"type": "users_select"})]


def snooze_fields(due_at: datetime, now: datetime, say_in: Tongue) -> list[Block]:
    """How long: choices that end before the due time. None, if it is too late for any."""
    spans = [one for one in _NAPS if now + one < due_at]
    if not spans:
        return []
    options = [(str(int(one.total_seconds())), duration(one, say_in)) for one in spans]
    hint = say_in("The clock goes on: it is due in {span}.", span=duration(due_at - now, say_in))
    return [field("span", say_in("No step for"), choice(options, options[0][0]), hint=hint)]


def duplicate_fields(earlier: CaseCard, say_in: Tongue) -> list[Block]:
    """Of which case."""
    number: Element = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}
    if earlier.earlier:
        number["initial_value"] = str(earlier.earlier[0].case_id)
    return [field("case", say_in("The number of the other case"), number)]


def elsewhere_fields(now: datetime, say_in: Tongue) -> list[Block]:
    """Where, when, and what was said."""
    when: Element = {"type": "datetimepicker", "initial_date_time": int(now.timestamp())}
    note: Element = {"type": "plain_text_input", "multiline": True, "max_length": NOTE}
    return [
        field("channel", say_in("Where?"), _channels(say_in)),
        field("at", say_in("When?"), when),
        field("note", say_in("What was said?"), note, optional=True),
    ]


def contact_fields(say_in: Tongue) -> list[Block]:
    """How the customer wants to be reached."""
    address: Element = {"type": "plain_text_input", "max_length": 200}
    return [
        field("channel", say_in("How?"), _channels(say_in)),
        field("address", say_in("Number, address or name"), address),
    ]


def _channels(say_in: Tongue) -> Element:
    options = [(one.value, say_in(one.value)) for one in Channel]
    return choice(options, Channel.PHONE.value)


def whole_text(card: CaseCard) -> list[Block]:
    """All that the customer wrote, as it was written."""
    said = "\n".join(filter(None, (card.title, card.text))) or "…"
    lines = "\n".join(map(plain, said.splitlines()))
    pieces = [lines[at : at + _WHOLE] for at in range(0, len(lines), _WHOLE)]
    return [slack.quoted(one) for one in pieces[:_PIECES]]


def excerpt(card: CaseCard) -> str:
    """The case in a line, for a title or a list."""
    return cut(plain(card.title or card.text or "…"), EXCERPT)
