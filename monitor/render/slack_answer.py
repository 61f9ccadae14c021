"""The modal in which a customer is answered, from the writing to what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.notice import CaseCard
from monitor.domain.reply import Draft, Outgoing, ReplyState
from monitor.domain.template import Template
from monitor.render import slack_blocks as slack
from monitor.render.reply_words import why_cancelled
from monitor.render.slack_blocks import Block, Element
from monitor.render.slack_buttons import PREFIX
from monitor.render.slack_forms import (
    NOTE,
    Origin,
    View,
    choice,
    excerpt,
    field,
    modal,
    saying,
    text,
)
from monitor.render.tongue import Tongue
from monitor.render.words import cut, person, plain

TEXT = "text"
"""The name of the field with the answer."""
TEMPLATE = "template"
_TEMPLATES = 100
_DECISIONS = {
    ReplyState.PENDING: ("cancel",),
    ReplyState.ASKED: ("posted", "resend", "cancel"),
    ReplyState.FAILED: ("resend",),
}
DECISIONS = {
    "posted": "It stands there",
    "resend": "Post it again",
    "cancel": "Never post it",
}
"""What a person may say of an answer in doubt, and the buttons' words."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and as whom it would be posted, and how long it may be."""

    network: str
    author: str | None
    most: int | None

    @classmethod
    def of(cls, draft: Draft) -> Desk:
        """What a draft says of that."""
        return cls(draft.network, draft.author, draft.length.most if draft.length else None)


def writing(
    origin: Origin,
    card: CaseCard,
    desk: Desk,
    templates: Sequence[Template],
    say_in: Tongue,
    *,
    filled: tuple[str, str] | None = None,
) -> View:
    """Where the answer is written. `filled`: a template was chosen, by name, and its text."""
    blocks: list[Block] = [
        slack.quoted(excerpt(card)),
        slack.context(slack.theirs(_as(desk, say_in))),
    ]
    if templates:
        shown = [(one.name, f"{one.name} · {one.topic}, {one.language}") for one in templates]
        menu: Element = choice(shown[:_TEMPLATES], filled[0] if filled else None)
        menu |= {"action_id": f"{PREFIX}{TEMPLATE}", "placeholder": text(say_in("A template …"))}
        blocks.append({"type": "actions", "block_id": "templates", "elements": [menu]})
    entry: Element = {"type": "plain_text_input", "multiline": True, "max_length": NOTE}
    if filled:
        entry["initial_value"] = cut(filled[1], NOTE)
    hint = None
    if desk.most is not None:
        hint = say_in(
            "{network} takes {most} characters.", network=plain(desk.network), most=desk.most
        )
    one = field(TEXT, say_in("Your answer"), entry, hint=hint)
    # a text is shown in a block of a new name only: Slack keeps what was typed in the old one
    one["block_id"] = f"{TEXT}:{filled[0]}"[:255] if filled else TEXT
    return modal(origin, say_in("Answer…"), [*blocks, one], say_in, submit=say_in("Post"))


def _as(desk: Desk, say_in: Tongue) -> str:
    if desk.author is None:
        return say_in("On {network}", network=plain(desk.network))
    return say_in(
        "On {network}, as {author}", network=plain(desk.network), author=plain(desk.author)
    )


def cannot(origin: Origin, why: str, url: str | None, say_in: Tongue) -> View:
    """Why no answer can leave from here, and where to give it instead."""
    words = [slack.escape(plain(why))]
    there = slack.link(url, say_in("Answer it there"))
    if there:
        words.append(there)
    return saying(origin, say_in("Answer…"), words, say_in)


def refused(origin: Origin, why: str, typed: str, say_in: Tongue) -> View:
    """It was not accepted; what was typed is not lost."""
    head = slack.section(f"❌ *{say_in('Not posted')}*: {slack.escape(plain(why))}")
    return modal(origin, say_in("Answer…"), [head, slack.quoted(typed or "…")], say_in)


def working(origin: Origin, say_in: Tongue) -> View:
    """It was received, and nothing more is known."""
    return saying(origin, say_in("Answer…"), [f"⏳ {say_in('One moment …')}"], say_in)


def fate(origin: Origin, one: Outgoing, say_in: Tongue) -> View:
    """What is known of an answer: "posted" only when the network has said so."""
    blocks = [slack.section(_told(one, say_in))]
    if one.problem:
        blocks.append(slack.context(slack.theirs(plain(one.problem))))
    blocks.append(slack.quoted(one.text or say_in("(the text was purged)")))
    by = say_in("Answer {number} by {name}", number=one.number, name=person(one.by))
    blocks.append(slack.context(slack.theirs(by)))
    decisions = _DECISIONS.get(one.state, ())
    if decisions:
        row = [_decision(what, one, say_in) for what in decisions]
        blocks.append({"type": "actions", "block_id": "decisions", "elements": row})
    return modal(origin, say_in("Answer…"), blocks, say_in)


def _decision(what: str, one: Outgoing, say_in: Tongue) -> Element:
    return {
        "type": "button",
        "action_id": f"{PREFIX}{what}",
        "text": text(say_in(DECISIONS[what])),
        "value": f"{one.case_id}:{one.number}",
    }


def _told(one: Outgoing, say_in: Tongue) -> str:
    network = slack.escape(plain(one.network))
    match one.state:
        case ReplyState.SENT:
            there = slack.link(one.url, say_in("see it there"))
            said = say_in("Posted on {network}", network=network)
            return f"✅ *{said}*" + (f": {there}" if there else "")
        case ReplyState.FAILED:
            return f"❌ *{say_in('Not posted')}*: {say_in('it was refused')}"
        case ReplyState.ASKED:
            return f"❓ *{say_in('Nobody knows whether it was posted')}*: {say_in('please look')}"
        case ReplyState.CANCELLED:
            return f"❌ *{say_in('Not posted')}*: {slack.escape(say_in(why_cancelled(one)))}"
        case ReplyState.PENDING if one.problem or one.attempts:
            return f"⏳ *{say_in('Not posted yet')}*: {say_in('it goes on being tried')}"
        case ReplyState.PENDING:
            return f"⏳ *{say_in('Accepted')}*: {say_in('it is being posted')}"
