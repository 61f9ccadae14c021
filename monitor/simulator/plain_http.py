"""A network that speaks JSON over plain HTTP on a local port, and what goes wrong with it, by plan."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

_FOREVER = 10**9
_HALF = '{"hits": [{"obje'
_TRICKLE = 0.05
"""Seconds between two bytes of a body that trickles."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call. `asked`: the query; `said`: the JSON that was sent; header names are lower case."""

    method: str
    path: str
    asked: Mapping[str, str]
    said: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is no JSON."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Network(Protocol):
    """What stands behind the port. Asked by several threads."""

    def answer(self, question: Question, /) -> tuple[int, Any]:
        """Status and JSON, or something Raw."""
        ...


@dataclass(slots=True)
class Fault:
    """What goes wrong with calls whose address holds `path`, so many `times`.

    `kind` is a status ("503"), or: "redirect" (to `location`), "html", "huge", "truncated" (a body that
    breaks off, its length promised), "stall" (the same, then nothing for `seconds`), "trickle" (a
    blank at a time), "half" (whole, but half a JSON), "deep" (lists in lists without end), "slow"
    (nothing at all for `seconds`), "drop" (before accepting), "drop after" (accepted and done, not
    answered), "said" (`body`, with status 200).
    """

    kind: str
    path: str = ""
    times: int = _FOREVER
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0
    location: str = ""


class PlainServer:
    """A network on a local port, from `with` to its end."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        """Method and address of every call."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fault_for(self, method: str, address: str) -> Fault | None:
        """The planned fault of this call, used up once."""
        with self._lock:
            self.asked.append((method, address))
            for fault in self.faults:
                if fault.path in address and fault.method in ("", method) and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], owner: PlainServer) -> None:
        self.owner = owner
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no news; anything else is a mistake of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: a second one would wait for the first to be acknowledged
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a question."""
        self._handle("GET")

    def do_POST(self) -> None:
        """Take what is written."""
        self._handle("POST")

    def log_message(self, *args: Any) -> None:
        """Say nothing: whoever asks reads `PlainServer.asked`."""

    def _handle(self, method: str) -> None:
        owner, address = self.server.owner, urlsplit(self.path)
        written = self.rfile.read(int(self.headers.get("content-length") or 0))
        fault = owner.fault_for(method, self.path)
        if fault is not None and fault.kind != "drop after":
            self._fail(fault)
            return
        status, answer = owner.network.answer(
            Question(
                method,
                address.path,
                dict(parse_qsl(address.query)),
                json.loads(written or b"{}"),
                {name.lower(): value for name, value in self.headers.items()},
            )
        )
        if fault is not None:
            self.close_connection = True
            return
        raw = answer if isinstance(answer, Raw) else Raw(json.dumps(answer).encode())
        self._send(status, raw.body, raw.headers)

    def _fail(self, fault: Fault) -> None:
        match fault.kind:
            case "drop":
                self.close_connection = True
            case "slow":
                time.sleep(fault.seconds)
                self.close_connection = True
            case "truncated" | "stall":
                self._send(200, _HALF, {"content-length": "5000"})
                self.wfile.flush()
                time.sleep(fault.seconds)
                self.close_connection = True
            case "trickle":
                self._trickle(fault.seconds)
            case "half":
                self._send(200, _HALF, fault.headers)
            case "deep":
                self._send(200, "[" * 10**5, fault.headers)
            case "huge":
                self._send(200, f'"{"x" * 9 * 2**20}"', fault.headers)
            case "html":
                self._send(200, "<!doctype html><title>Maintenance</title>", fault.headers)
            case "said":
                self._send(200, fault.body, fault.headers)
            case "redirect":
                self._send(302, "", {"location": fault.location, **fault.headers})
            case status:
                self._send(int(status), fault.body or '{"errors": ["no"]}', fault.headers)

    def _trickle(self, seconds: float) -> None:
        self._send(200, "", {"content-length": "5000"})
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(_TRICKLE)
        self.close_connection = True

    def _send(self, status: int, body: str | bytes, headers: Mapping[str, str]) -> None:
        content = body.encode() if isinstance(body, str) else body
        told = {"content-type": "application/json; charset=utf-8"}
        told |= {"date": self.date_time_string(), "content-length": str(len(content))}
        told |= {name.lower(): value for name, value in headers.items()}
        self.send_response_only(status)
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
