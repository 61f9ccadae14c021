"""Lists of cases in Slack, and the Home tab: each line with a button that shows its case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.domain.digest import Unanswered
from monitor.domain.notice import CaseCard
from monitor.domain.report import Group
from monitor.render import slack_blocks as slack
from monitor.render.figures import bounds, percent
from monitor.render.slack_blocks import Block
from monitor.render.slack_buttons import button
from monitor.render.slack_forms import excerpt
from monitor.render.tongue import Tongue
from monitor.render.words import EXCERPT, cut, duration, person, plain

PAGE = 15
"""Lines of a list at a time."""
_LINES = 2800
HANDOVER = "handover"
"""The act that gives all of my cases to somebody else."""


@dataclass(frozen=True, slots=True)
class Line:
    """One case in a list: its number, and what is said of it."""

    case_id: int
    said: str


def waiting(one: Unanswered, now: datetime, say_in: Tongue) -> Line:
    """A case in which somebody waits."""
    line = one.line
    if not one.confirmed:
        due = say_in("unconfirmed")
    elif one.due_at < now:
        due = say_in("late by {span}", span=duration(now - one.due_at, say_in))
    else:
        due = say_in("due in {span}", span=duration(one.due_at - now, say_in))
    owner = (
        say_in("{name} has it", name=person(line.owner)) if line.owner else say_in("nobody has it")
    )
    text = cut(plain(line.title or line.text or say_in("(the text was purged)")), EXCERPT)
    facts = (due, say_in(line.severity.word), plain(line.network), owner)
    return Line(
        line.case_id,
        f"{say_in('case {number}', number=line.case_id)} · {' · '.join(facts)}\n{text}",
    )


def found(card: CaseCard, say_in: Tongue) -> Line:
    """A case that was looked for, open or not."""
    facts = (
        say_in(plain(card.status).capitalize()),
        plain(card.network),
        plain(card.author or "?"),
    )
    head = f"{say_in('case {number}', number=card.case_id)} · {' · '.join(facts)}"
    return Line(card.case_id, f"{head}\n{excerpt(card)}")


def listed(
    title: str, lines: Sequence[Line], say_in: Tongue, *, more: str | None = None
) -> list[Block]:
    """The lines under a title; `more` says how the rest is seen."""
    blocks = [slack.section(f"*{slack.escape(title)}*"), *_rows(lines, say_in)]
    if not lines:
        blocks.append(slack.context(slack.own(say_in("None."))))
    if more:
        blocks.append(slack.context(slack.own(slack.escape(more))))
    return blocks


def _rows(lines: Iterable[Line], say_in: Tongue) -> Iterable[Block]:
    for one in lines:
        yield {
            "type": "section",
            "text": {"type": "plain_text", "text": slack.short(one.said, 1000), "emoji": False},
            "accessory": button("show", one.case_id, say_in),
        }


def columns(text: str) -> list[Block]:
    """A report: its columns stand under each other. In as many blocks as it takes."""
    blocks: list[Block] = []
    box = ""
    for one in text.splitlines():
        if box and len(box) + len(one) > _LINES:
            blocks.append(slack.rich([slack.columns(box)]))
            box = ""
        box = f"{box}\n{one}" if box else one
    return [*blocks, slack.rich([slack.columns(box)])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """How a brand's team stands, now and last week."""

    brand: str
    open: int
    overdue: int
    unconfirmed: int
    last_week: Group


def home(mine: Sequence[Line], teams: Sequence[Team], say_in: Tongue, *, more: str | None) -> Any:
    """The Home tab: my cases, and the numbers of every team."""
    blocks = listed(say_in("My cases"), mine, say_in, more=more)
    if mine:
        row = [button(HANDOVER, 0, say_in)]
        blocks.append({"type": "actions", "block_id": HANDOVER, "elements": row})
    for one in teams:
        blocks.append({"type": "divider"})
        blocks.append(slack.section(f"*{slack.escape(plain(one.brand))}*"))
        blocks.append(slack.rich([slack.columns("\n".join(_numbers(one, say_in)))]))
    return {"type": "home", "blocks": blocks[:100]}


def _numbers(one: Team, say_in: Tongue) -> Iterable[str]:
    figures = one.last_week.figures
    within = figures.within
    yield f"{say_in('open')}: {one.open}"
    yield f"{say_in('overdue')}: {one.overdue}"
    yield f"{say_in('unconfirmed')}: {one.unconfirmed}"
    share = f"{percent(within.value)} ({bounds(within)})"
    yield f"{say_in('answered within the target, last week')}: {share}, n = {figures.received}"
