"""Serves an app store over HTTP on this machine, and lets go wrong what a plan says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from monitor.simulator.stores import Payload, Store

_LONGEST = 30.0
_BODIES = {
    "garbage": b"<html>Something went wrong</html>",
    "list": b"[]",
    "no list": b'{"reviews": "none", "data": "none"}',
    "empty": b"",
}
KINDS = (*_BODIES, "slow", "mid-body", "stalled", "dropped", "dropped after", "redirect")
"""What can go wrong beside a status. `dropped after`: what is asked is done, then the line breaks."""


class Face(Protocol):
    """A store's API without its transport."""

    @property
    def store(self) -> Store:
        """What it shows."""
        ...

    def answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Payload,
        headers: Mapping[str, str],
    ) -> tuple[int, Payload]:
        """Status and body for one question."""
        ...

    def refusal(self, status: int, reason: str = "") -> tuple[int, Payload]:
        """What it says to a question that it does not answer."""
        ...


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong on paths that contain `path`, `times` times (None: until healed).

    `kind` is one of `KINDS` or a status, perhaps with a reason ("403 quotaExceeded"). `headers` come
    with the answer.
    """

    kind: str
    path: str = ""
    times: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Payload
    headers: Mapping[str, str]


class StoreServer:
    """A store on a port of this machine. A context manager; `url` is its address.

    `asked` is what came in; `headers` come with every answer. `answers`: by a part of the path, what
    is answered in place of the truth.
    """

    def __init__(self, face: Face) -> None:
        self.face = face
        self.asked: list[Asked] = []
        self.plan: list[Fault] = []
        self.headers: dict[str, str] = {}
        self.answers: dict[str, Mapping[str, object]] = {}
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

    def fail(
        self,
        kind: str,
        path: str = "",
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """From now on, this fault."""
        if kind not in KINDS and not kind.partition(" ")[0].isdecimal():
            raise ValueError(f"no fault is called {kind!r}")
        self.plan.append(Fault(kind, path, times, headers or {}))

    def heal(self) -> None:
        """End every fault."""
        self.plan.clear()

    def next_fault(self, path: str) -> Fault | None:
        """The fault that befalls a request, if one does; it is used up by that."""
        with self._lock:
            for fault in self.plan:
                if fault.path in path and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    owner: StoreServer
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

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's word
        """Nothing: the tests look at `asked`."""

    def _serve(self, method: str) -> None:
        owner, asked = self.server.owner, self._read(method)
        owner.asked.append(asked)
        fault = owner.next_fault(asked.path) or Fault("")
        match fault.kind:
            case "":
                self._send(*self._answer(asked))
            case "dropped":
                self.close_connection = True
            case "slow":
                owner.closing.wait(_LONGEST)
                self.close_connection = True
            case "dropped after":
                self._answer(asked)
                self.close_connection = True
            case "mid-body" | "stalled":
                self._send_half(*self._answer(asked), stall=fault.kind == "stalled")
            case "redirect":
                self._send(302, b"", {"Location": "/login"})
            case kind if kind in _BODIES:
                self._send(200, _BODIES[kind])
            case kind:
                status, _, reason = kind.partition(" ")
                _, body = owner.face.refusal(int(status), reason)
                self._send(int(status), json.dumps(body).encode(), fault.headers)

    def _read(self, method: str) -> Asked:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        is_form = "urlencoded" in self.headers.get("content-type", "")
        body = dict(parse_qsl(raw)) if is_form else json.loads(raw or "{}")
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Asked(method, parts.path, query, body, headers)

    def _answer(self, asked: Asked) -> tuple[int, bytes]:
        for part, instead in self.server.owner.answers.items():
            if part in asked.path:
                return 200, json.dumps(instead).encode()
        status, body = self.server.owner.face.answer(
            asked.method, asked.path, asked.query, asked.body, asked.headers
        )
        return status, json.dumps(body, ensure_ascii=False).encode() if body else b"{}"

    def _send_half(self, status: int, whole: bytes, *, stall: bool) -> None:
        self._send(status, whole[: len(whole) // 2], size=len(whole))
        if stall:
            self.server.owner.closing.wait(_LONGEST)
        self.close_connection = True

    def _send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        size: int | None = None,
    ) -> None:
        """Head and body in one write: two would wait for each other's acknowledgement."""
        owner = self.server.owner
        lines = {
            "Date": format_datetime(owner.face.store.clock(), usegmt=True),
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body) if size is None else size),
            **owner.headers,
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.wfile.write(f"HTTP/1.1 {status} \r\n{head}\r\n".encode() + body)
