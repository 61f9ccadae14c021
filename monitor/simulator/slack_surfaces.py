"""Slack's surfaces beside channels: modals, Home tabs, messages that one person alone sees, groups.

Written from Slack's documentation, so that it can contradict the program.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from threading import Condition
from typing import Any, TypeAlias

Args: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

TRIGGER_S = 3.0
"""How long a press may open a modal."""
_TITLE, _BUTTON, _METADATA, _VIEW_BLOCKS, _OPTION = 24, 24, 3000, 100, 75
_LABEL, _HINT, _PLACEHOLDER, _INPUT, _VALUE, _ID = 2000, 2000, 150, 3000, 2000, 255
_MESSAGE_BLOCKS = 50
_ACTIONS, _OVERFLOW, _OPTIONS, _CHOICE = 25, 5, 100, 150


class RefusedError(Exception):
    """Slack's `ok: false`; the text is the error's name."""


@dataclass
class View:
    """A modal or a Home tab as it stands now."""

    id: str
    user: str
    shown: dict[str, Any]
    hash: str
    updates: int = 0
    is_closed: bool = False


@dataclass
class Surfaces:
    """What one person sees. `hidden`: (channel, user, text) of messages for one person alone."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    """Members of user groups by the group's id."""
    hidden: list[tuple[str, str, str]] = field(default_factory=list)
    hidden_blocks: list[list[Any]] = field(default_factory=list)
    """What they show, one for each."""
    direct: list[tuple[str, str, list[Any]]] = field(default_factory=list)
    """(member, text, blocks) of messages to one member alone."""
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    changed: Condition = field(default_factory=Condition)
    _triggers: dict[str, tuple[str, float]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def methods(self) -> Mapping[str, Callable[[Args], Answer]]:
        """What they answer to; each needs a scope or none."""
        return {
            "views.open": self._open,
            "views.push": self._open,
            "views.update": self._update,
            "views.publish": self._publish,
            "chat.postEphemeral": self._hide,
            "users.info": self._user,
            "usergroups.users.list": self._group,
        }

    def trigger(self, user: str) -> str:
        """What a press gives, to open a modal with."""
        made = f"{next(self._numbers)}.{time.monotonic_ns()}.abcdef"
        self._triggers[made] = (user, time.monotonic() + TRIGGER_S)
        return made

    def _open(self, args: Args) -> Answer:
        user, until = self._triggers.pop(str(args.get("trigger_id")), ("", 0.0))
        if not user:
            raise RefusedError("invalid_trigger_id")
        if time.monotonic() > until:
            raise RefusedError("expired_trigger_id")
        return self._kept(user, _checked_view(args, "modal"), self.views)

    def _update(self, args: Args) -> Answer:
        view = self.views.get(str(args.get("view_id")))
        if view is None or view.is_closed:
            raise RefusedError("not_found")
        with self.changed:
            view.shown, view.updates = _checked_view(args, "modal"), view.updates + 1
            view.hash = f"{time.monotonic_ns()}.h"
            self.changed.notify_all()
        return {"view": as_slack_says(view)}

    def _publish(self, args: Args) -> Answer:
        user = str(args.get("user_id"))
        if not user:
            raise RefusedError("missing_argument")
        shown = _checked_view(args, "home")
        with self.changed:
            self.homes[user] = View(f"V0HOME{user}", user, shown, "h")
            self.changed.notify_all()
        return {"view": as_slack_says(self.homes[user])}

    def _kept(self, user: str, shown: dict[str, Any], where: dict[str, View]) -> Answer:
        number = f"V{next(self._numbers):010d}"
        with self.changed:
            where[number] = View(number, user, shown, f"{time.monotonic_ns()}.h")
            self.changed.notify_all()
        return {"view": as_slack_says(where[number])}

    def _hide(self, args: Args) -> Answer:
        channel, user, text = (str(args.get(one) or "") for one in ("channel", "user", "text"))
        if not text:
            raise RefusedError("no_text")
        with self.changed:
            self.hidden.append((channel, user, text))
            self.hidden_blocks.append(_blocks(args))
            self.changed.notify_all()
        return {"message_ts": f"{time.time_ns() / 1e9:.6f}"}

    def say(self, args: Args) -> Answer:
        """A message to one member, in the app's own messages."""
        with self.changed:
            self.direct.append((str(args["channel"]), str(args.get("text") or ""), _blocks(args)))
            self.changed.notify_all()
        return {"ts": f"{time.time_ns() / 1e9:.6f}", "channel": "D0DIRECT01"}

    def _user(self, args: Args) -> Answer:
        found = self.users.get(str(args.get("user")))
        if found is None:
            raise RefusedError("user_not_found")
        return {"user": found}

    def _group(self, args: Args) -> Answer:
        found = self.groups.get(str(args.get("usergroup")))
        if found is None:
            raise RefusedError("no_such_subteam")
        return {"users": found}


def _blocks(args: Args) -> list[Any]:
    said = args.get("blocks")
    blocks: list[Any] = json.loads(said) if isinstance(said, str) else list(said or ())
    if len(blocks) > _MESSAGE_BLOCKS or not all(map(is_interactive, blocks)):
        raise RefusedError("invalid_blocks")
    return blocks


def as_slack_says(view: View, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The view in an answer, or in what is submitted (with its `values`)."""
    return {
        "id": view.id,
        "team_id": "T0SHOP0001",
        "bot_id": "B0SHOP0001",
        "root_view_id": view.id,
        "hash": view.hash,
        "private_metadata": "",
        "callback_id": "",
        **view.shown,
        "state": {"values": dict(values or {})},
    }


def _checked_view(args: Args, kind: str) -> dict[str, Any]:
    said = args.get("view")
    view: dict[str, Any] = json.loads(said) if isinstance(said, str) else dict(said or {})
    is_right = view.get("type") == kind and len(view.get("blocks", ())) <= _VIEW_BLOCKS
    if kind == "modal":
        is_right &= 0 < len(_text(view.get("title"))) <= _TITLE
        has_input = any(one.get("type") == "input" for one in view.get("blocks", ()))
        is_right &= not has_input or bool(view.get("submit"))
    is_right &= all(len(_text(view.get(one))) <= _BUTTON for one in ("submit", "close"))
    is_right &= len(view.get("private_metadata", "")) <= _METADATA
    if not is_right or not all(is_interactive(one) for one in view["blocks"]):
        raise RefusedError("invalid_arguments")
    return view


def is_interactive(block: Mapping[str, Any]) -> bool:
    """Whether the block is one that Slack takes, if it is one that people act on; others are not judged."""
    match block:
        case {"type": "actions", "elements": [*elements]}:
            return 0 < len(elements) <= _ACTIONS and all(map(_is_element, elements))
        case {"type": "input", "element": dict(element), "label": label}:
            has_room = 0 < len(_text(label)) <= _LABEL and len(_text(block.get("hint"))) <= _HINT
            return has_room and _is_element(element)
        case {"type": "section", "accessory": dict(element)}:
            return _is_element(element)
        case {"type": "input" | "actions"}:
            return False
        case _:
            return True


def _is_element(one: Mapping[str, Any]) -> bool:
    if not re.fullmatch(r".{1,255}", str(one.get("action_id", ""))):
        return False
    if len(_text(one.get("placeholder"))) > _PLACEHOLDER:
        return False
    match one:
        case {"type": "button", "text": text}:
            return 0 < len(_text(text)) <= _OPTION and len(one.get("value", "")) <= _VALUE
        case {"type": "overflow", "options": [*options]}:
            return 0 < len(options) <= _OVERFLOW and all(map(_is_option, options))
        case {"type": "static_select", "options": [*options]}:
            return 0 < len(options) <= _OPTIONS and all(map(_is_option, options))
        case {"type": "plain_text_input"}:
            return 0 < int(one.get("max_length", 1)) <= _INPUT
        case {"type": "users_select" | "datetimepicker" | "number_input" | "url_text_input"}:
            return True
        case _:
            return False


def _is_option(one: Mapping[str, Any]) -> bool:
    return 0 < len(_text(one.get("text"))) <= _OPTION and 0 < len(one.get("value", "")) <= _CHOICE


def _text(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, Mapping) else ""
