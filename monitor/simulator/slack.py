"""Slack's Web API over HTTP, with what goes wrong planned call by call.

with SlackServer([Channel("C0CARE0001", "care")]) as slack:
slack.plan("chat.postMessage", DROP_AFTER, limited(30))
client = WebClient("xoxb-good", base_url=slack.url)
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from monitor.simulator.serving import Answer, Asked, Fault, Server, as_json
from monitor.simulator.slack_staff import APP_TOKEN, Staff
from monitor.simulator.slack_workspace import Channel, Message, RefusedError, Workspace
from monitor.simulator.websocket import WebSocket, accept

TOKEN = "xoxb-good"  # noqa: S105 - of an invented workspace
DROP_BEFORE, DROP_AFTER = Fault("drop"), Fault("drop after")
GARBAGE, GARBAGE_AFTER = Fault("html"), Fault("html after")
TRUNCATED_AFTER = Fault("truncated after")
NO_OBJECT_AFTER = Fault("said after", body='["ok"]')
EMPTY_LIST_AFTER = Fault("list after")
BYTES_AFTER = Fault("gzip after")
SLOW, SLOW_AFTER = Fault("slow", seconds=60), Fault("slow after", seconds=60)
"""No answer before the server is stopped."""
STALLED_AFTER = Fault("stall after", seconds=60)
"""Half an answer, and no more of it before the server is stopped."""
_API = "/api/"
_UPLOAD = "/upload/"
_LINK = "/link/"


def limited(retry_after: int | str | None) -> Fault:
    """429, with or without Retry-After (seconds)."""
    said = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Fault("429", body=json.dumps({"ok": False, "error": "ratelimited"}), headers=said)


def refused(error: str) -> Fault:
    """`ok: false` with this error."""
    return Fault("said", body=json.dumps({"ok": False, "error": error}))


def broken(status: int, *, accepted: bool = False) -> Fault:
    """An HTTP status with a page that is no JSON."""
    return Fault(f"{status} after" if accepted else str(status))


class SlackServer(Server):
    """A workspace on a port of this machine."""

    def __init__(
        self, channels: Iterable[Channel], *, clock: Callable[[], int] = time.time_ns
    ) -> None:
        super().__init__()
        self.workspace = Workspace(channels, clock=clock)
        self.staff = Staff(self.workspace)
        self.calls: Counter[str] = Counter()
        """How often each method was called, in vain or not."""
        self.revoked = False
        """Whether the token was."""

    @property
    def url(self) -> str:
        """What the client takes as `base_url`."""
        return super().url + _API

    def plan(self, method: str, *faults: Fault | None) -> None:
        """How the next calls of the method go; None: well. `method` may name a channel: `method C…`."""
        with self.lock:
            self.faults.extend(
                replace(one or Fault("well"), path=method, times=1) for one in faults
            )

    def is_ill(self, method: str) -> bool:
        """Whether a fault is planned for the next call of the method."""
        with self.lock:
            return any(one.path == method for one in self.faults)

    def heal(self) -> list[Fault]:
        """End every fault. Returns those that had struck nobody yet, as they were planned."""
        return [replace(one, path="", times=None) for one in super().heal() if one.what != "well"]

    def messages(self, channel: str) -> list[Message]:
        """What stands in the channel and its threads, in order of time."""
        return list(self.workspace.channels[channel].messages)

    def next_fault(self, asked: Asked) -> Fault | None:
        method = asked.path.removeprefix(_API)
        if not asked.path.startswith(_API):
            return None
        said = asked.body
        with self.lock:
            self.calls[method] += 1
        channel = said.get("channel") or said.get("channel_id") or ""
        return self.use_up(asked.method, f"{method} {channel}")

    def always(self) -> dict[str, str]:
        return {**super().always(), "X-OAuth-Scopes": ",".join(sorted(self.workspace.scopes))}

    def refusal(self, status: int, manner: str) -> Answer:
        del manner
        return Answer(status, b"<html>sorry</html>", {"Content-Type": "text/html"})

    def serve(self, asked: Asked) -> Answer:
        """What Slack says to a call, or to a file that is brought."""
        if asked.path.startswith(_UPLOAD):
            self.workspace.files[asked.path.removeprefix(_UPLOAD)] = asked.content
            return Answer(200, b"OK", {"Content-Type": "text/html"})
        if asked.path.startswith(_LINK):
            return self._linked(asked)
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return as_json(200, self._answer(asked.path.removeprefix(_API), asked.body, bearer))

    def _linked(self, asked: Asked) -> Answer:
        """Socket Mode: from here on the connection is a WebSocket's."""
        key = asked.headers.get("sec-websocket-key")
        if key is None:
            return self.refusal(400, "")
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        headers["Sec-WebSocket-Accept"] = accept(key)
        return Answer(
            101,
            headers=headers,
            goes_on=lambda reads, writes: self.staff.serve(WebSocket(reads, writes)),
        )

    def _link(self, token: str) -> dict[str, Any]:
        if token != APP_TOKEN:
            return {"ok": False, "error": "invalid_auth"}
        url = super().url.replace("http://", "ws://")
        return {"ok": True, "url": f"{url}{_LINK}?ticket=t&app_id=A0SHOP0001"}

    def _answer(self, method: str, args: dict[str, Any], bearer: str) -> dict[str, Any]:
        token = bearer or args.get("token")
        if not token:
            return {"ok": False, "error": "not_authed"}
        if method == "apps.connections.open":
            return self._link(str(token))
        if token != TOKEN:
            return {"ok": False, "error": "invalid_auth"}
        if self.revoked:
            return {"ok": False, "error": "token_revoked"}
        try:
            answer = self.workspace.call(method, args)
        except RefusedError as refused_:
            return {"ok": False, "error": str(refused_)}
        if "upload_url" in answer:
            answer["upload_url"] = super().url + answer["upload_url"]
        return {"ok": True, **answer}
