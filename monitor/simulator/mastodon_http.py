"""Mastodon's wire: bearer tokens with scopes, its paths, its limits; and what goes wrong, by plan."""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from monitor.simulator.mastodon import Mastodon, Status

_FOREVER = 10**9
_HALF = '[{"id": "1160000", "uri": "https://soc'
_NEEDED = {"notifications": "read:notifications", "search": "read:search"}
EVERYTHING = frozenset({"read", "write"})
"""The scopes of a token that may read and write."""


@dataclass(slots=True)
class Fault:
    """What goes wrong with calls whose path holds `path`, so many `times`.

    `kind` is a status ("503"), or: "redirect", "html", "half" (whole, but half a JSON), "truncated" (a
    body that breaks off, its length promised), "stall" (the same, then nothing for `seconds`), "drip"
    (a byte now and then, for `seconds`), "slow" (nothing at all for `seconds`), "drop" (before
    accepting), "drop after" (accepted and done, not answered), "other" (`body`, with status 200).
    """

    kind: str
    path: str = ""
    times: int = _FOREVER
    method: str = ""
    headers: Mapping[str, str] | None = None
    body: str = ""
    seconds: float = 0.0


class MastodonServer:
    """One server on a local port, from `with` to its end."""

    def __init__(
        self, world: Mastodon, *, tokens: Mapping[str, frozenset[str]], quota: int = 300
    ) -> None:
        """`tokens`: their scopes, by token. `quota`: calls until the limits' next reset."""
        self.world, self.tokens, self.quota = world, tokens, quota
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        """Method and path with its question of every call."""
        self.multi = True
        """Whether several statuses can be asked for at once, as since version 4.3."""
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

    def fault_for(self, method: str, target: str) -> Fault | None:
        """The planned fault of this call, used up once."""
        path = urlsplit(target).path
        with self._lock:
            self.asked.append((method, target))
            for fault in self.faults:
                if fault.path in path and fault.method in ("", method) and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def limits(self) -> dict[str, str]:
        """The headers, as Mastodon writes them: a count, and an ISO date."""
        left = max(self.quota - len(self.asked), 0)
        reset = self.world.clock() + timedelta(seconds=60)
        names = {"limit": str(self.quota), "remaining": str(left), "reset": reset.isoformat()}
        return {f"x-ratelimit-{name}": said for name, said in names.items()}

    def answer(
        self, method: str, path: str, said: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """What is to be had at a path, with that token."""
        scopes = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return 401, {"error": "The access token is invalid"}
        parts = path.strip("/").split("/")[2:]
        needed = "write:statuses" if method == "POST" else _NEEDED.get(parts[0], "read:statuses")
        if not scopes & {needed, needed.partition(":")[0]}:
            return 403, {"error": "This action is outside the authorized scopes"}
        asked = {name: values[-1] for name, values in said.items()}
        with self._lock:
            if method == "POST" and parts == ["statuses"]:
                return self.world.post(asked, headers.get("idempotency-key", ""))
            shown = self._listed(parts, asked, said)
            return shown if shown is not None else self._shown(parts, asked, said)

    def _listed(
        self, parts: list[str], asked: Mapping[str, str], said: Mapping[str, list[str]]
    ) -> tuple[int, Any] | None:
        world = self.world
        match parts:
            case ["notifications"]:
                return 200, world.notifications(asked, said.get("types[]", []))
            case ["timelines", "tag", tag]:
                return 200, world.timeline(
                    asked, lambda one: tag in one.tags and one.visibility == "public"
                )
            case ["accounts", number, "statuses"]:

                def written(one: Status) -> bool:
                    return world.account_number(one.author) == number and not one.reblog

                return 200, world.timeline(asked, written)
            case ["search"]:
                return 200, world.found(asked)
            case _:
                return None

    def _shown(
        self, parts: list[str], asked: Mapping[str, str], said: Mapping[str, list[str]]
    ) -> tuple[int, Any]:
        world = self.world
        match parts:
            case ["accounts", "verify_credentials"]:
                return 200, world.account(world.brand)
            case ["accounts", "lookup"] if "nobody" not in asked["acct"]:
                return 200, world.account(asked["acct"].removesuffix(f"@{world.host}"))
            case ["statuses"] if self.multi:
                shown = world.some(said.get("id[]", []))
                return (422, {"error": "too many"}) if shown is None else (200, shown)
            case ["statuses", number] if number in world.statuses:
                return 200, world.json(world.statuses[number])
            case ["statuses", number, "context"] if number in world.statuses:
                return 200, world.context(number)
            case ["instance"]:
                return 200, {"domain": world.host, "version": "4.5.0"}
            case ["notifications", "policy"] if world.policy:
                return 200, world.policy
            case _:
                return 404, {"error": "Record not found"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], owner: MastodonServer) -> None:
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
        """Say nothing: whoever asks reads `MastodonServer.asked`."""

    def _handle(self, method: str) -> None:
        owner, address = self.server.owner, urlsplit(self.path)
        written = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        said = parse_qs(f"{address.query}&{written}", keep_blank_values=True)
        fault = owner.fault_for(method, self.path)
        if fault is not None and fault.kind != "drop after":
            self._fail(fault)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer = owner.answer(method, address.path, said, headers)
        if fault is not None:
            self.close_connection = True
            return
        self._send(status, json.dumps(answer), owner.limits(), packs=True)

    def _fail(self, fault: Fault) -> None:
        headers = dict(fault.headers or {})
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
            case "drip":
                self._send(200, "", {"content-length": "5000"})
                for _ in range(round(fault.seconds / 0.05)):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
                self.close_connection = True
            case "half":
                self._send(200, _HALF, headers)
            case "html":
                self._send(200, "<!doctype html><title>We are upgrading</title>", headers)
            case "other":
                self._send(200, fault.body, headers)
            case "redirect":
                self._send(302, "", {"location": "/about", **headers})
            case status:
                self._send(int(status), fault.body or json.dumps({"error": "no"}), headers)

    def _send(
        self, status: int, body: str, headers: Mapping[str, str], *, packs: bool = False
    ) -> None:
        content = body.encode()
        told = {"content-type": "application/json; charset=utf-8"}
        if packs and "gzip" in self.headers.get("accept-encoding", ""):
            content = gzip.compress(content, 1)
            told["content-encoding"] = "gzip"
        now = self.server.owner.world.clock()
        told |= {"date": f"{now:%a, %d %b %Y %H:%M:%S} GMT", "content-length": str(len(content))}
        told |= {name.lower(): value for name, value in headers.items()}
        self.send_response_only(status)
        if self.close_connection:
            told["connection"] = "close"
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
