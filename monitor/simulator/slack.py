"""Slack's Web API over HTTP, with what goes wrong planned call by call.

with SlackServer([Channel("C0CARE0001", "care")]) as slack:
slack.plan("chat.postMessage", DROP_AFTER, limited(30))
client = WebClient("xoxb-good", base_url=slack.url)
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from monitor.simulator.slack_staff import APP_TOKEN, Staff
from monitor.simulator.slack_workspace import Channel, Message, RefusedError, Workspace
from monitor.simulator.websocket import WebSocket, accept

TOKEN = "xoxb-good"  # noqa: S105 - of an invented workspace
_MOST = 20_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """How one call goes wrong. `accepted`: what was asked is done all the same."""

    how: str
    accepted: bool = False
    status: int = 200
    error: str = ""
    retry_after: str | None = None


DROP_BEFORE = Fault("drop")
DROP_AFTER = Fault("drop", accepted=True)
GARBAGE = Fault("garbage")
GARBAGE_AFTER = Fault("garbage", accepted=True)
TRUNCATED_AFTER = Fault("truncated", accepted=True)
NO_OBJECT_AFTER = Fault("no object", accepted=True)
BYTES_AFTER = Fault("bytes", accepted=True)
SLOW = Fault("slow")
"""No answer before the server is stopped."""
SLOW_AFTER = Fault("slow", accepted=True)
STALLED_AFTER = Fault("stalled", accepted=True)
"""Half an answer, and no more of it before the server is stopped."""


def limited(retry_after: int | str | None) -> Fault:
    """429, with or without Retry-After (seconds)."""
    said = None if retry_after is None else str(retry_after)
    return Fault("refuse", status=429, error="ratelimited", retry_after=said)


def refused(error: str) -> Fault:
    """`ok: false` with this error."""
    return Fault("refuse", error=error)


def broken(status: int, *, accepted: bool = False) -> Fault:
    """An HTTP status with a page that is no JSON."""
    return Fault("page", accepted=accepted, status=status)


class SlackServer:
    """A workspace on a port of this machine. A context manager."""

    def __init__(
        self, channels: Iterable[Channel], *, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self.workspace = Workspace(channels, clock=clock)
        self.staff = Staff(self.workspace)
        self.calls: Counter[str] = Counter()
        """How often each method was called, in vain or not."""
        self.revoked = False
        """Whether the token was."""
        self.stopped = Event()
        self._plans: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lock = Lock()
        self._http = _Server(self)
        self._thread = Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """What the client takes as `base_url`."""
        return f"http://127.0.0.1:{self._http.server_port}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def plan(self, method: str, *faults: Fault | None) -> None:
        """How the next calls of the method go; None: well. `method` may name a channel: `method C…`."""
        with self._lock:
            self._plans[method].extend(one or Fault("none") for one in faults)

    def is_ill(self, method: str) -> bool:
        """Whether a fault is planned for the next call of the method."""
        with self._lock:
            return bool(self._plans[method])

    def heal(self) -> list[Fault]:
        """End every fault. Returns those that had struck nobody yet."""
        with self._lock:
            left = [one for plan in self._plans.values() for one in plan if one.how != "none"]
            self._plans.clear()
        return left

    def messages(self, channel: str) -> list[Message]:
        """What stands in the channel and its threads, in order of time."""
        return list(self.workspace.channels[channel].messages)

    def next_fault(self, method: str, channel: str) -> Fault | None:
        with self._lock:
            self.calls[method] += 1
            for name in (f"{method} {channel}", method):
                if self._plans[name]:
                    fault = self._plans[name].popleft()
                    return None if fault.how == "none" else fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, slack: SlackServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.slack = slack

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that did not wait for its answer is no news; all else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        size = min(int(self.headers.get("Content-Length") or 0), _MOST)
        body = self.rfile.read(size)
        if len(body) < size:  # the caller died in mid-sentence
            self.close_connection = True
            return
        _, kind, name = [*self.path.split("/", 2), ""][:3]
        if kind == "upload":
            self.server.slack.workspace.files[name] = body
            self._send(200, b"OK")
            return
        args = self._args(body)
        channel = str(args.get("channel") or args.get("channel_id") or "")
        fault = self.server.slack.next_fault(name, channel)
        if fault is not None and not fault.accepted:
            self._fail(fault)
            return
        answer = self._answer(name, args)
        if fault is not None:
            self._fail(fault)
            return
        self._say(answer)

    def do_GET(self) -> None:
        """Socket Mode: from here on the connection is a WebSocket's."""
        key = self.headers.get("Sec-WebSocket-Key")
        if key is None or not self.path.startswith("/link"):
            self._send(404, b"")
            return
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept(key))
        self.end_headers()
        self.close_connection = True
        self.server.slack.staff.serve(WebSocket(self.rfile, self.wfile))

    def _link(self, token: str) -> dict[str, Any]:
        if token != APP_TOKEN:
            return {"ok": False, "error": "invalid_auth"}
        port = self.server.server_port
        return {"ok": True, "url": f"ws://127.0.0.1:{port}/link/?ticket=t&app_id=A0SHOP0001"}

    def _answer(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token")
        slack = self.server.slack
        if not token:
            return {"ok": False, "error": "not_authed"}
        if method == "apps.connections.open":
            return self._link(str(token))
        if token != TOKEN:
            return {"ok": False, "error": "invalid_auth"}
        if slack.revoked:
            return {"ok": False, "error": "token_revoked"}
        try:
            answer = slack.workspace.call(method, args)
        except RefusedError as refused_:
            return {"ok": False, "error": str(refused_)}
        if "upload_url" in answer:
            answer["upload_url"] = slack.url.removesuffix("/api/") + answer["upload_url"]
        return {"ok": True, **answer}

    def _args(self, body: bytes) -> dict[str, Any]:
        if "json" in self.headers.get("Content-Type", ""):
            return dict(json.loads(body or b"{}"))
        return dict(parse_qsl(body.decode(), keep_blank_values=True))

    def _fail(self, fault: Fault) -> None:
        match fault.how:
            case "drop":
                self.close_connection = True
            case "slow":
                self.server.slack.stopped.wait(60)
                self.close_connection = True
            case "stalled":
                self._send(200, b'{"ok": tr', length=500)
                self.wfile.flush()
                self.server.slack.stopped.wait(60)
                self.close_connection = True
            case "garbage":
                self._send(200, b"<html>it works</html>")
            case "no object":
                self._send(200, b'["ok"]')
            case "bytes":
                self._send(200, b"\x1f\x8b", headers={"Content-Type": "application/gzip"})
            case "truncated":
                self._send(200, b'{"ok": tr', length=500)
                self.close_connection = True
            case "page":
                self._send(fault.status, b"<html>sorry</html>")
            case _:
                self._say({"ok": False, "error": fault.error}, fault)

    def _say(self, answer: dict[str, Any], fault: Fault | None = None) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        headers["X-OAuth-Scopes"] = ",".join(sorted(self.server.slack.workspace.scopes))
        if fault is not None and fault.retry_after is not None:
            headers["Retry-After"] = fault.retry_after
        self._send(fault.status if fault else 200, json.dumps(answer).encode(), headers=headers)

    def _send(
        self,
        status: int,
        body: bytes,
        *,
        length: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "text/html"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing on standard error."""
