"""Serves a network over HTTP on a port of this machine, and lets go wrong what a plan says.

    class Shop(Server):
        def serve(self, asked):
            return as_json(200, {"path": asked.path})

    with Shop() as shop:
        shop.fail("503", "/orders", times=2)
        httpx.get(shop.url)

All networks of the simulation stand on this: what they answer is theirs, how it goes wrong is the same.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, RLock, Thread
from typing import Any, BinaryIO, Self, cast
from urllib.parse import parse_qsl, urlsplit

_JSON, _PAGE = "application/json; charset=utf-8", "text/html; charset=utf-8"
_LONGEST = 30.0
_TRICKLE = 0.05
"""Seconds between two bytes of a body that trickles, or of headers that drip."""
_HALF = b'{"data": [{"id'
_PROMISED = 5000
_AFTER = " after"
_INSTEAD: dict[str, tuple[str, bytes]] = {
    "html": (_PAGE, b"<!doctype html><title>Something went wrong</title>"),
    "half": (_JSON, _HALF),
    "list": (_JSON, b"[]"),
    "object": (_JSON, b"{}"),
    "empty": (_JSON, b""),
    "deep": (_JSON, b"[" * 10**5),
    "huge": (_JSON, b'"' + b"x" * (9 << 20) + b'"'),
    "gzip": ("application/gzip", b"\x1f\x8b"),
}
_LINE = (
    "drop",
    "slow",
    "truncated",
    "stall",
    "trickle",
    "drip",
    "held",
    "well",
    "redirect",
    "said",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with calls whose address holds `path`, so many `times` (None: until healed).

    `kind` is a status, perhaps with the network's word for its manner ("503", "403 quotaExceeded"), or
    a whole answer with status 200 that is not the one asked for: "html", "half" (half a JSON), "list"
    (`[]`), "object" (`{}`), "empty", "deep" (lists in lists without end), "huge", "gzip", "said"
    (`body`); or "redirect" (to `location`), "drop" (no answer), "slow" (none for `seconds`),
    "truncated" (a body that breaks off, its length promised), "stall" (the same, then nothing for
    `seconds`), "trickle" (a blank at a time for `seconds`), "drip" (the same among the headers),
    "held" (well, once `released` is set), "well" (nothing goes wrong with that call).

    What fails is not done. With " after" behind its kind it is done all the same, as "drop after" is.
    `headers` come with the answer, `body` is what a status says in place of what the network says.
    """

    kind: str
    path: str = ""
    times: int | None = None
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: str = ""
    seconds: float = _LONGEST
    location: str = ""

    def __post_init__(self) -> None:
        if self.status is None and self.what not in (*_INSTEAD, *_LINE):
            raise ValueError(f"no fault is called {self.kind!r}")

    @property
    def accepted(self) -> bool:
        """Whether what was asked is done all the same."""
        return self.kind.endswith(_AFTER)

    @property
    def what(self) -> str:
        """The kind without its " after"."""
        return self.kind.removesuffix(_AFTER)

    @property
    def status(self) -> int | None:
        """The status of a refusal."""
        status = self.what.partition(" ")[0]
        return int(status) if status.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came in. `address`: the path with its question; names of `headers` are lower case."""

    method: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    @property
    def query(self) -> dict[str, str]:
        """The question; of a name that stands there twice the last value."""
        return dict(parse_qsl(urlsplit(self.address).query, keep_blank_values=True))

    @property
    def body(self) -> dict[str, Any]:
        """What was sent, as JSON or as a form."""
        if "urlencoded" in self.headers.get("content-type", ""):
            return dict(parse_qsl(self.content.decode(), keep_blank_values=True))
        return dict(json.loads(self.content or b"{}"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    goes_on: Callable[[BinaryIO, BinaryIO], None] | None = None
    """Has the connection from then on, which speaks another protocol (101): what it reads, and writes."""


def as_json(status: int, said: object, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(said).encode(), headers or {})


def packed(answer: Answer) -> Answer:
    """The same, compressed."""
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return Answer(answer.status, gzip.compress(answer.content, 1), headers)


class Server(ABC):
    """A network on a port of this machine. A context manager; `url` is its address.

    `asked` is what came in, `faults` what is planned to go wrong: the first that fits a call befalls it.
    `headers` come with every answer. `elsewhere`: where a redirect leads that names no place.
    """

    elsewhere = "/login"

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        """`clock` dates the answers; None: this machine's."""
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.spoils: Callable[[Answer], Answer] = lambda answer: answer
        """What becomes of every whole answer on its way: of an ill-made network, say."""
        self.headers: dict[str, str] = {}
        self.released = Event()
        """Set to let go the calls that are held."""
        self.closing = Event()
        self.lock = RLock()
        self._clock = clock
        self._http = _Listener(self)
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.released.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @abstractmethod
    def serve(self, asked: Asked) -> Answer:
        """What the network has to say. Called by several threads at once."""

    def refusal(self, status: int, manner: str) -> Answer:
        """How the network refuses with a status. `manner`: what a fault's kind says behind it."""
        del manner
        return as_json(status, {"errors": ["no"]})

    def always(self) -> dict[str, str]:
        """The headers of every answer, faults too, unless it has others of that name."""
        date = formatdate(usegmt=True)
        if self._clock is not None:
            date = format_datetime(self._clock().astimezone(UTC), usegmt=True)
        return {"Date": date, "Content-Type": _JSON, **self.headers}

    def fail(self, kind: str, path: str = "", times: int | None = None, **more: Any) -> None:
        """From now on, this fault; `more` as for `Fault`. Raises ValueError for a kind there is not."""
        with self.lock:
            self.faults.append(Fault(kind, path, times, **more))

    def heal(self) -> list[Fault]:
        """End every fault. Returns what was still to come of them."""
        with self.lock:
            left = list(self.faults)
            self.faults.clear()
        return left

    def next_fault(self, asked: Asked) -> Fault | None:
        """The fault that befalls a call, if one does."""
        return self.use_up(asked.method, asked.address)

    def use_up(self, method: str, address: str) -> Fault | None:
        """Take the first planned fault that fits, once."""
        with self.lock:
            for place, fault in enumerate(self.faults):
                if fault.path not in address or fault.method not in ("", method):
                    continue
                if fault.times == 1:
                    del self.faults[place]
                elif fault.times is not None:
                    self.faults[place] = replace(fault, times=fault.times - 1)
                return fault
        return None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, owner: Server) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no news; anything else is a mistake of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: a second one would wait for the first to be acknowledged
    disable_nagle_algorithm = True
    server: _Listener

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's word
        """Say nothing: whoever asks reads `Server.asked`."""

    def _handle(self, method: str) -> None:
        owner = self.server.owner
        size = int(self.headers.get("content-length") or 0)
        content = self.rfile.read(size)
        if len(content) < size:  # the caller died in mid-sentence
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(method, self.path, headers, content)
        with owner.lock:
            owner.asked.append(asked)
        fault = owner.next_fault(asked)
        if fault is not None and fault.what == "held":
            owner.released.wait()
        if fault is None or fault.what in ("held", "well"):
            self._send(owner.spoils(owner.serve(asked)))
            return
        self._fail(fault, owner.serve(asked) if fault.accepted else None)

    def _fail(self, fault: Fault, done: Answer | None) -> None:
        closing = self.server.owner.closing
        match fault.what:
            case "drop":
                self.close_connection = True
            case "slow":
                closing.wait(fault.seconds)
                self.close_connection = True
            case "truncated" | "stall":
                self.close_connection = True
                self._send_half(done)
                if fault.what == "stall":
                    closing.wait(fault.seconds)
            case "trickle" | "drip":
                self._trickle(fault)
            case _:
                self._send(self._instead(fault))

    def _instead(self, fault: Fault) -> Answer:
        """The whole answer of a fault that has one."""
        owner = self.server.owner
        if fault.status is not None:
            manner = fault.what.partition(" ")[2]
            answer = owner.refusal(fault.status, manner)
        elif fault.what == "redirect":
            answer = Answer(302, headers={"Location": fault.location or owner.elsewhere})
        elif fault.what == "said":
            return Answer(200, fault.body.encode(), fault.headers)
        else:
            kind, content = _INSTEAD[fault.what]
            answer = Answer(200, content, {"Content-Type": kind})
        content = fault.body.encode() or answer.content
        return Answer(answer.status, content, {**answer.headers, **fault.headers})

    def _send_half(self, done: Answer | None) -> None:
        if done is None:
            self._send(Answer(200, _HALF), _PROMISED)
            return
        half = done.content[: len(done.content) // 2]
        self._send(replace(done, content=half), len(done.content))

    def _trickle(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.what == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip:")
        else:
            self._send(Answer(200), _PROMISED)
        until = time.monotonic() + fault.seconds
        while time.monotonic() < until and not self.server.owner.closing.wait(_TRICKLE):
            self.wfile.write(b" ")
            self.wfile.flush()

    def _send(self, answer: Answer, size: int | None = None) -> None:
        """`size`: the length that is promised, if it is another than that of the content."""
        told = {name.lower(): value for name, value in self.server.owner.always().items()}
        told |= {"content-length": str(len(answer.content) if size is None else size)}
        told |= {name.lower(): value for name, value in answer.headers.items()}
        if self.close_connection:
            told["connection"] = "close"
        self.send_response_only(answer.status)
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)
        self.wfile.flush()
        if answer.goes_on is not None:
            self.close_connection = True
            answer.goes_on(cast("BinaryIO", self.rfile), cast("BinaryIO", self.wfile))
