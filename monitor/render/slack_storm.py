"""A storm in Slack: its own message, and those below it that name its cases, each with a way to it.

A message that names cases is edited as they go on, so it has to be one whatever is in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.domain.storm import NamedCase, RollUp
from monitor.render import slack_blocks as slack
from monitor.render.slack_blocks import Block, Element
from monitor.render.slack_buttons import button
from monitor.render.slack_case import Look
from monitor.render.storm_words import case_line, excerpt_of

_FACTS, _EXCERPT, _URL = 80, 60, 100
"""Of one case: with 25 of them a message stays below Slack's limit."""
_DONE, _OPEN = "☑️", "▫️"


def roll_up_blocks(some: RollUp, headline: str, look: Look) -> list[Block]:
    """The cases by name: each with a button that shows it, or else linked to the network."""
    blocks = [slack.header(headline)]
    if look.has_buttons:
        blocks += [_with_button(one, look) for one in some.cases]
    else:
        blocks.append(slack.rich([slack.line(*_linked(one, look)) for one in some.cases]))
    return blocks


def _with_button(one: NamedCase, look: Look) -> Block:
    said = f"{_facts(one, look)}\n{_excerpt(one, look)}"
    return {
        "type": "section",
        "text": {"type": "plain_text", "text": said, "emoji": False},
        "accessory": button("show", one.case_id, look.tongue),
    }


def _linked(one: NamedCase, look: Look) -> Iterator[Element]:
    yield slack.said(f"{_facts(one, look)} · ")
    short = one.url is not None and len(one.url) <= _URL
    yield slack.linked(_excerpt(one, look), one.url if short else None)


def _facts(one: NamedCase, look: Look) -> str:
    mark = _OPEN if one.status == "open" else _DONE
    return slack.short(f"{mark} {case_line(one, look.tongue)}", _FACTS)


def _excerpt(one: NamedCase, look: Look) -> str:
    return slack.short(excerpt_of(one, look.tongue), _EXCERPT) or "…"
