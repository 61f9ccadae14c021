"""The staff at their Slack: what they press, type and send off, brought to the app as Slack brings it.

By Socket Mode over a real WebSocket, or as signed HTTP to a request URL.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from threading import Condition
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from monitor.simulator.slack_surfaces import View, as_slack_says
from monitor.simulator.slack_workspace import Workspace
from monitor.simulator.websocket import WebSocket

APP_TOKEN = "xapp-good"  # noqa: S105 - of an invented workspace
SIGNING_SECRET = "5ecre7"  # noqa: S105 - of an invented app
TEAM = "T0SHOP0001"
_PATIENCE_S = 30.0
_HELLO = json.dumps({"type": "hello", "num_connections": 1, "debug_info": {}})


@dataclass(frozen=True, slots=True)
class Delivered:
    """Something that went to the app: what it was, and what came back."""

    kind: str
    payload: Mapping[str, Any]
    answer: Any
    """What the acknowledgement held; None: nothing, or there was none."""
    took_s: float | None
    """None: it was never acknowledged."""


@dataclass
class Staff:
    """Everybody in the workspace. `request_url`: HTTP instead of Socket Mode."""

    workspace: Workspace
    request_url: str | None = None
    _sockets: list[WebSocket] = field(default_factory=list)
    _acks: dict[str, tuple[Any, float]] = field(default_factory=dict)
    _sent_off: dict[str, View] = field(default_factory=dict)
    """Modals whose acknowledgement is awaited."""
    _changed: Condition = field(default_factory=Condition)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    # ---------------------------------------------------------------------------- what they do

    def press(
        self, user: str, channel: str, ts: str, action: str, choice: str | None = None
    ) -> Delivered:
        """Press a button on a message, or choose from its menu."""
        message = next(one for one in self.workspace.channels[channel].messages if one.ts == ts)
        said = {
            "container": {"type": "message", "message_ts": ts, "channel_id": channel},
            "channel": {"id": channel, "name": self.workspace.channels[channel].name},
            "message": {"type": "message", "ts": ts, "text": message.text, "user": message.user},
            "state": {"values": {}},
        }
        return self._act(user, _pressed(message.blocks, action, choice), said)

    def press_in(self, user: str, view: View, action: str, choice: str | None = None) -> Delivered:
        """Press a button, or choose, in a modal or on the Home tab."""
        said = {"container": {"type": "view", "view_id": view.id}, "view": as_slack_says(view)}
        return self._act(user, _pressed(view.shown["blocks"], action, choice), said)

    def submit(self, user: str, view: View, **values: Mapping[str, Any]) -> Delivered:
        """Send a modal off: `values` by block, each {action: element's state}."""
        payload = {
            **self._who(user),
            "type": "view_submission",
            "view": as_slack_says(view, values),
            "response_urls": [],
        }
        return self.deliver("interactive", payload, view=view)

    def command(
        self, user: str, channel: str, text: str, command: str = "/complaints"
    ) -> Delivered:
        """Type a command."""
        payload = {
            "token": "t",
            "team_id": TEAM,
            "team_domain": "shop",
            "channel_id": channel,
            "channel_name": self.workspace.channels[channel].name,
            "user_id": user,
            "user_name": self._name(user),
            "command": command,
            "text": text,
            "api_app_id": "A0SHOP0001",
            "response_url": "https://hooks.slack.example/none",
            "trigger_id": self.workspace.surfaces.trigger(user),
        }
        return self.deliver("slash_commands", payload)

    def opens_home(self, user: str) -> Delivered:
        """Look at the app's Home tab."""
        event = {"type": "app_home_opened", "user": user, "channel": "D0HOME0001", "tab": "home"}
        payload = {
            "token": "t",
            "team_id": TEAM,
            "api_app_id": "A0SHOP0001",
            "event": event | {"event_ts": f"{time.time_ns() / 1e9:.6f}"},
            "type": "event_callback",
            "event_id": f"Ev{next(self._numbers):08d}",
            "event_time": time.time_ns() // 10**9,
        }
        return self.deliver("events_api", payload)

    def again(self, done: Delivered) -> Delivered:
        """Slack was not sure that it arrived: the same once more, in another envelope."""
        return self.deliver(done.kind, done.payload, retry=1)

    # ------------------------------------------------------------------------------ how it goes

    def deliver(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        retry: int = 0,
        view: View | None = None,
    ) -> Delivered:
        """Bring it to the app, and wait for its acknowledgement, which may change the `view`."""
        began = time.monotonic()
        if self.request_url is not None:
            answer = self._post(kind, payload)
            if view is not None:
                self._follow(view, answer)
            return Delivered(kind, payload, answer, time.monotonic() - began)
        envelope = str(uuid4())
        sent: dict[str, Any] = {"envelope_id": envelope, "type": kind, "payload": payload}
        sent |= {"accepts_response_payload": kind != "events_api"}
        if retry:
            sent |= {"retry_attempt": retry, "retry_reason": "timeout"}
        with self._changed:
            connected = self._changed.wait_for(lambda: self._sockets, _PATIENCE_S)
            if not connected:
                return Delivered(kind, payload, None, None)
            socket = self._sockets[-1]
            if view is not None:
                self._sent_off[envelope] = view
        socket.send(json.dumps(sent))
        with self._changed:
            if not self._changed.wait_for(lambda: envelope in self._acks, _PATIENCE_S):
                return Delivered(kind, payload, None, None)
            answer, at = self._acks[envelope]
        return Delivered(kind, payload, answer, at - began)

    def serve(self, socket: WebSocket) -> None:
        """One connection of the app's, until it ends."""
        socket.send(_HELLO)
        with self._changed:
            self._sockets.append(socket)
            self._changed.notify_all()
        try:
            while (text := socket.receive()) is not None:
                said = json.loads(text) if text.startswith("{") else {}
                sent_off = self._sent_off.pop(said.get("envelope_id", ""), None)
                if sent_off is not None:
                    self._follow(sent_off, said.get("payload"))
                with self._changed:
                    if "envelope_id" in said:
                        self._acks[said["envelope_id"]] = (said.get("payload"), time.monotonic())
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._sockets = [one for one in self._sockets if one is not socket]

    def drop_connections(self) -> None:
        """Slack refreshes connections: it says so, and hangs up."""
        with self._changed:
            ended, self._sockets = self._sockets, []
        for one in ended:
            one.send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
            one.close()

    def greet(self) -> None:
        """Say hello once more on every connection; it means nothing."""
        for one in list(self._sockets):
            one.send(_HELLO)

    @property
    def connections(self) -> int:
        """How many the app holds."""
        return len(self._sockets)

    def _act(self, user: str, action: dict[str, Any], said: Mapping[str, Any]) -> Delivered:
        action["action_ts"] = f"{time.time_ns() / 1e9:.6f}"
        payload = {**self._who(user), "type": "block_actions", **said, "actions": [action]}
        return self.deliver("interactive", payload)

    def _who(self, user: str) -> dict[str, Any]:
        name = self._name(user)
        return {
            "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
            "team": {"id": TEAM, "domain": "shop"},
            "api_app_id": "A0SHOP0001",
            "token": "t",
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self.workspace.surfaces.trigger(user),
        }

    def _name(self, user: str) -> str:
        known = self.workspace.surfaces.users.get(user, {})
        return str(known.get("name", user.lower()))

    def _follow(self, view: View, answer: Any) -> None:
        """What Slack does with the answer to a modal: closes it, or shows what it is told to."""
        surfaces = self.workspace.surfaces
        with surfaces.changed:
            match answer:
                case {"response_action": "update", "view": dict(shown)}:
                    view.shown, view.updates = shown, view.updates + 1
                case {"response_action": "errors"}:
                    pass
                case _:
                    view.is_closed = True
            surfaces.changed.notify_all()

    def _post(self, kind: str, payload: Mapping[str, Any]) -> Any:
        if kind == "interactive":
            body, form = urlencode({"payload": json.dumps(payload)}), True
        elif kind == "slash_commands":
            body, form = urlencode(payload), True
        else:
            body, form = json.dumps(payload), False
        request = self.signed(body.encode(), form=form)
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as response:  # noqa: S310 - ours
            text = response.read().decode()
        return json.loads(text) if text.startswith("{") else text or None

    def signed(self, body: bytes, *, form: bool, secret: str = SIGNING_SECRET) -> Any:
        """A request as Slack signs it."""
        stamp = str(time.time_ns() // 10**9)
        base = f"v0:{stamp}:".encode() + body
        digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp}
        headers["X-Slack-Signature"] = f"v0={digest}"
        return urllib.request.Request(self.request_url or "", body, headers)  # noqa: S310 - ours


def _pressed(blocks: list[Any], action: str, choice: str | None) -> dict[str, Any]:
    """The element with that action, as Slack reports that it was pressed. Raises LookupError."""
    for block in blocks:
        elements = block.get("elements", [])
        for one in [*elements, block.get("accessory") or {}, block.get("element") or {}]:
            if one.get("action_id") != action:
                continue
            said = {
                "type": one["type"],
                "action_id": action,
                "block_id": block.get("block_id", "b"),
            }
            if choice is None:
                return said | {"value": one.get("value", ""), "text": one.get("text")}
            options = [each for each in one["options"] if each["value"] == choice]
            return said | {"selected_option": options[0]}
    raise LookupError(f"there is no {action} to press")
