"""Serves X's face over HTTP on this machine, and lets go wrong what a plan says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from monitor.simulator.x import Payload, ProblemError, XFace

FAULTS = (
    *("400", "401", "402", "403", "404", "429", "429 retry-after", "429 reset", "500", "503"),
    *("slow", "mid-body", "stalled", "garbage", "list", "nothing", "error list", "empty"),
    *("dropped", "dropped after"),
)
"""What can go wrong. `dropped after`: X does what is asked, then the line breaks."""

RETRY_AFTER, RESET = 120, 900
"""Seconds that a 429 names, unless the server is told others."""
_LONGEST = 30.0


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong: on paths that contain `path`, `times` times (None: until healed)."""

    kind: str
    path: str = ""
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    query: dict[str, str]
    body: Payload = field(default_factory=dict)


class XServer:
    """X on a port of this machine. A context manager; `url` is its address.

    `token` is the bearer token that it takes (None: any). `asked` is what came in. `retry_after`:
    seconds that a 429 names.
    """

    def __init__(self, face: XFace, token: str | None = None) -> None:
        self.face = face
        self.token = token
        self.asked: list[Asked] = []
        self.plan: list[Fault] = []
        self.retry_after = RETRY_AFTER
        self.closing = Event()
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fail(self, kind: str, path: str = "", times: int | None = None) -> None:
        """From now on, this fault."""
        if kind not in FAULTS:
            raise ValueError(f"no fault is called {kind!r}")
        self.plan.append(Fault(kind, path, times))

    def heal(self) -> None:
        """End every fault."""
        self.plan.clear()

    def next_fault(self, path: str) -> str | None:
        """The fault that befalls a request, if one does; it is used up by that."""
        with self._lock:
            for fault in self.plan:
                if fault.path in path and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault.kind
        return None


class _Server(ThreadingHTTPServer):
    owner: XServer
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's word
        """Nothing: the tests look at `asked`."""

    def _serve(self, method: str) -> None:
        owner = self.server.owner
        parts = urlsplit(self.path)
        size = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        asked = Asked(method, parts.path, dict(parse_qsl(parts.query)), body)
        owner.asked.append(asked)
        fault = owner.next_fault(parts.path)
        match fault:
            case "dropped":
                self.close_connection = True
            case "slow":
                owner.closing.wait(_LONGEST)
                self.close_connection = True
            case "dropped after":
                self._answer(asked)
                self.close_connection = True
            case "garbage":
                self._send(200, b"<html>Something went wrong</html>", {})
            case "list":
                self._send(200, b"[]", {})
            case "nothing":
                self._send(200, b"{}", {})
            case "error list":
                self._send(500, b"[]", {})
            case "empty":
                self._send(200, b"", {})
            case "mid-body" | "stalled":
                self._send_half(*self._answer(asked), stall=fault == "stalled")
            case str():
                self._refuse(fault)
            case None:
                status, body, headers = self._answer(asked)
                self._send(status, json.dumps(body, ensure_ascii=False).encode(), headers)

    def _refuse(self, fault: str) -> None:
        status, _, manner = fault.partition(" ")
        now = int(self.server.owner.face.now.timestamp())
        headers = {
            "": {},
            "retry-after": {"Retry-After": str(self.server.owner.retry_after)},
            "reset": {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(now + RESET)},
        }[manner]
        self._send(int(status), json.dumps(ProblemError(int(status)).body).encode(), headers)

    def _answer(self, asked: Asked) -> tuple[int, Payload, dict[str, str]]:
        owner = self.server.owner
        said = self.headers.get("authorization", "")
        as_user = said.startswith("OAuth ")
        if not as_user and said != f"Bearer {owner.token}" and owner.token is not None:
            return 401, ProblemError(401).body, {}
        headers, is_over = owner.face.count(asked.path)
        if is_over:
            return 429, ProblemError(429).body, headers
        try:
            found = owner.face.answer(
                asked.method, asked.path, asked.query, asked.body, as_user=as_user
            )
        except ProblemError as problem:
            return problem.status, problem.body, headers
        return 201 if asked.method == "POST" else 200, found, headers

    def _send_half(
        self, status: int, body: Payload, headers: dict[str, str], *, stall: bool
    ) -> None:
        whole = json.dumps(body).encode()
        self._send(status, whole[: len(whole) // 2], headers, size=len(whole))
        if stall:
            self.server.owner.closing.wait(_LONGEST)
        self.close_connection = True

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], size: int | None = None
    ) -> None:
        """Head and body in one write: two would wait for each other's acknowledgement."""
        lines = {
            "Date": format_datetime(self.server.owner.face.now, usegmt=True),
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body) if size is None else size),
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.wfile.write(f"HTTP/1.1 {status} \r\n{head}\r\n".encode() + body)
