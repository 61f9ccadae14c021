"""Reddit's wire: OAuth tokens, its paths, rate-limit headers; and what goes wrong, by plan."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from monitor.simulator.reddit import Reddit

_TOKEN_PATH = "/api/v1/access_token"  # noqa: S105  # a path
_SECONDS = 600
_FOREVER = 10**9
_HALF = '{"kind": "Listing", "data": {"chi'
_LOCATION = "/subreddits/search?q=nobody"


@dataclass(slots=True)
class Fault:
    """What goes wrong with calls whose path holds `path`, so many `times`.

    `kind` is a status ("503"), or: "redirect", "html", "truncated" (a body that breaks off, its
    length promised), "stall" (the same, then nothing for `seconds`), "half" (whole, but half a JSON),
    "slow" (nothing at all for `seconds`), "held" (well, once `released` is set), "drop" (before
    accepting), "drop after" (accepted and done, not answered), "no listing" (`body`, with status 200).
    """

    kind: str
    path: str = ""
    times: int = _FOREVER
    method: str = ""
    headers: Mapping[str, str] | None = None
    body: str = ""
    seconds: float = 0.0


class RedditServer:
    """One Reddit on a local port, from `with` to its end. `url` is both oauth_url and reddit_url."""

    def __init__(self, reddit: Reddit, *, clients: Mapping[str, str], quota: int = 1000) -> None:
        """`clients`: secrets by client id. `quota`: calls in ten minutes."""
        self.reddit = reddit
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        """Method and path of every call, log-ins too."""
        self.refresh_tokens: dict[str, tuple[str, str]] = {}
        """Refresh token -> account and scopes."""
        self.passwords: dict[str, str] = {}
        self.private: set[str] = set()
        """Subreddits that are not for everybody."""
        self.released = threading.Event()
        self.quota = quota
        self._clients = clients
        self._tokens: dict[str, tuple[str | None, str]] = {}
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
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def expire_tokens(self) -> None:
        """All tokens handed out are worth nothing any more; refresh tokens stay."""
        self._tokens.clear()

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The planned fault of this call, used up once."""
        with self._lock:
            self.asked.append((method, path))
            for fault in self.faults:
                if fault.path in path and fault.method in ("", method) and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def token_for(self, basic: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """A token, or how Reddit says no."""
        client, _, secret = base64.b64decode(basic.partition(" ")[2]).decode().partition(":")
        if self._clients.get(client) != secret:
            return 401, {"message": "Unauthorized", "error": 401}
        account: str | None = None
        scopes = "*"
        match form.get("grant_type"):
            case "refresh_token":
                if form.get("refresh_token") not in self.refresh_tokens:
                    return 400, {"message": "Bad Request", "error": 400}
                account, scopes = self.refresh_tokens[form["refresh_token"]]
            case "password":
                account = form.get("username", "")
                if self.passwords.get(account) != form.get("password"):
                    return 200, {"error": "invalid_grant"}
            case "client_credentials":
                pass
            case _:
                return 200, {"error": "unsupported_grant_type"}
        token = f"token-{len(self._tokens)}-{time.monotonic_ns()}"
        self._tokens[token] = (account, scopes)
        about = {"token_type": "bearer", "expires_in": 3600, "scope": scopes}
        return 200, {"access_token": token, **about}

    def answer(
        self, method: str, path: str, said: Mapping[str, str], bearer: str
    ) -> tuple[int, dict[str, Any]]:
        """What Reddit has at a path."""
        account, scopes = self._tokens.get(bearer.partition(" ")[2], (None, ""))
        if bearer.partition(" ")[2] not in self._tokens:
            return 401, {"message": "Unauthorized", "error": 401}
        shown = self._public(path, said)
        if shown is not None:
            return shown
        if account is None:
            return 403, {"message": "Forbidden", "error": 403}
        match method, path.strip("/").split("/"):
            case "GET", ["api", "v1", "me"] if {"identity", "*"} & {*scopes.split()}:
                return 200, {"name": account, "id": account.lower(), "is_suspended": False}
            case "GET", ["api", "v1", "me"]:
                return 403, {"message": "Forbidden", "error": 403}
            case "GET", ["message", ("inbox" | "mentions") as box]:
                return 200, self.reddit.inbox(account, said, only_mentions=box == "mentions")
            case "POST", ["api", "comment"]:
                return 200, self.reddit.reply(account, said["thing_id"], said["text"])
            case _:
                return 404, {"message": "Not Found", "error": 404}

    def _public(self, path: str, said: Mapping[str, str]) -> tuple[int, dict[str, Any]] | None:
        match path.strip("/").split("/"):
            case ["r", _, "search"]:
                return 200, self.reddit.found(said)
            case ["r", names, ("new" | "comments") as what]:
                subreddits = set(re.split(r"\+", names))
                if subreddits & self.private:
                    return 403, {"message": "Forbidden", "reason": "private", "error": 403}
                listed = self.reddit.submissions if what == "new" else self.reddit.comments
                return 200, listed(subreddits, said)
            case ["user", name, "comments"]:
                return 200, self.reddit.comments_of(name, said)
            case ["api", "info"]:
                return 200, self.reddit.by_name(said.get("id", "").split(","))
            case _:
                return None

    def quota_left(self) -> dict[str, str]:
        """The headers, as Reddit writes them: a float, and two whole numbers."""
        used = len(self.asked)
        left = {"remaining": f"{max(self.quota - used, 0):.1f}", "used": str(used)}
        return {f"x-ratelimit-{name}": said for name, said in {**left, "reset": "60"}.items()}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], owner: RedditServer) -> None:
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
        """Say nothing: whoever asks reads `RedditServer.asked`."""

    def _handle(self, method: str) -> None:
        owner, address = self.server.owner, urlsplit(self.path)
        written = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        said = dict(parse_qsl(address.query) + parse_qsl(written))
        fault = owner.fault_for(method, address.path)
        if fault is not None and fault.kind == "held":
            owner.released.wait()
            fault = None
        if fault is not None and fault.kind != "drop after":
            self._fail(fault)
            return
        bearer = self.headers.get("authorization", "")
        if address.path == _TOKEN_PATH:
            status, answer = owner.token_for(bearer, said)
        else:
            status, answer = owner.answer(method, address.path, said, bearer)
        if fault is not None:
            self.close_connection = True
            return
        self._send(status, json.dumps(answer), owner.quota_left())

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
            case "half":
                self._send(200, _HALF, headers)
            case "html":
                self._send(200, "<!doctype html><title>Whoa there, pardner!</title>", headers)
            case "no listing":
                self._send(200, fault.body or '{"kind": "Listing"}', headers)
            case "redirect":
                self._send(302, "", {"location": _LOCATION, **headers})
            case status:
                body = fault.body or json.dumps({"message": "no", "error": int(status)})
                self._send(int(status), body, headers)

    def _send(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        content = body.encode()
        told = {"content-type": "application/json; charset=UTF-8"}
        told |= {"date": self.date_time_string(), "content-length": str(len(content))}
        told |= {name.lower(): value for name, value in headers.items()}
        self.send_response_only(status)
        if self.close_connection:
            told["connection"] = "close"
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
