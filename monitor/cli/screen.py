"""What the demo shows of the team's Slack: each message, thread and edit as it comes, in a line or two."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import click

from monitor.render.words import EXCERPT, cut, local_time
from monitor.simulator.slack import SlackServer
from monitor.simulator.slack_workspace import Message

_CARDS: Mapping[str, Mapping[str, Any]] = {
    "🔴": {"fg": "red", "bold": True},
    "🟠": {"fg": "yellow", "bold": True},
    "🟡": {"bold": True},
    "⚪": {"bold": True},
    "🔵": {"bold": True},
    "⏰": {"bold": True},
    "✅": {"fg": "green"},
    "☑️": {"fg": "green"},
}
"""How a card looks on a terminal, by the mark that it bears in Slack."""
_DIM: Mapping[str, Any] = {"dim": True}
_OTHER: Mapping[str, Any] = {"bold": True}


@dataclass(frozen=True, slots=True)
class Counted:
    """What stands in all channels. `edits`: how often cards were changed; `refused`: messages, at first."""

    cards: int
    replies: int
    edits: int
    refused: int


class Screen:
    """Prints what is new in the channels since it was last looked at."""

    def __init__(self, slack: SlackServer, zone: tzinfo) -> None:
        """Times are shown in `zone`."""
        self._slack = slack
        self._zone = zone
        self._refused = 0
        self._marks: dict[tuple[str, str], str | None] = {}
        """The mark of each message as it was printed, by channel and time stamp."""

    def show(self, now: datetime) -> None:
        """Print new messages in the order of their time, then the cards that look otherwise `now`."""
        refused = self.counted().refused
        if refused > self._refused:
            told = "Slack refused a message (429, too many at once): it waits and is sent again"
            click.echo(_styled(f"{local_time(now, self._zone)} · {told}", _DIM))
            self._refused = refused
        there = sorted(self._messages(), key=lambda one: float(one[1].ts))
        fresh = [one for one in there if (one[0], one[1].ts) not in self._marks]
        for channel, message in fresh:
            self._print_new(channel, message)
        for channel, message in there:
            mark, headline = _headline(message)
            if self._marks[channel, message.ts] != mark:
                self._print(now, f"#{channel} (the card, edited)", mark, headline)
                self._marks[channel, message.ts] = mark

    def counted(self) -> Counted:
        """How much there is by now."""
        there = [message for _, message in self._messages()]
        replies = sum(one.thread_ts is not None for one in there)
        return Counted(
            cards=len(there) - replies,
            replies=replies,
            edits=sum(one.edits for one in there),
            refused=self._slack.calls["chat.postMessage"] - len(there),
        )

    def _messages(self) -> Iterator[tuple[str, Message]]:
        for channel in self._slack.workspace.channels.values():
            for message in self._slack.messages(channel.id):
                yield channel.name, message

    def _print_new(self, channel: str, message: Message) -> None:
        mark, headline = _headline(message)
        self._marks[channel, message.ts] = mark
        if not headline:
            return  # the rest of a list that is too long for one message
        where = f"#{channel} (in the thread)" if message.thread_ts is not None else f"#{channel}"
        self._print(datetime.fromtimestamp(float(message.ts), UTC), where, mark, headline)
        excerpt = html.unescape(message.text).removeprefix(f"{headline}: ")
        if excerpt != headline:
            click.echo(f"  “{cut(excerpt, EXCERPT)}”" if mark else f"  {excerpt}")

    def _print(self, at: datetime, where: str, mark: str | None, headline: str) -> None:
        when = f"{local_time(at, self._zone)} → {where}"
        style = _OTHER if mark is None else _CARDS[mark]
        click.echo(f"{_styled(when, _DIM)} {_styled(headline, style)}")


def _headline(message: Message) -> tuple[str | None, str]:
    """The mark of a card (None: it is none), and the header without it (empty: there is none)."""
    headers = (one["text"]["text"] for one in message.blocks[:1] if one["type"] == "header")
    shown = next(headers, "")
    mark, _, rest = shown.partition(" ")
    return (mark, rest) if mark in _CARDS else (None, shown)


def _styled(text: str, style: Mapping[str, Any]) -> str:
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)
