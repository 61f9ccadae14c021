"""Small servers for the doors that obsei has and we have not: Slack's incoming webhook, Bluesky, a feed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.bench.beside.scene import Complaint, Scene

RETRY_AFTER = 2
"""Seconds that Slack's 429 names, to both programs."""


class Doors:
    """All of them on one port. A context manager.

    `messages` is what Slack's channel was told through its webhook. Bluesky's search finds
    since a moment by its own time where the client's is later: its `sortAt`.
    """

    def __init__(self, scene: Scene) -> None:
        self.messages: list[str] = []
        self._posts: list[tuple[Complaint, datetime]] = []
        self._refuses, self._calls = scene.slack_refuses, 0
        self._http = _Server(self)
        self._thread = Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def post(self, complaints: Iterable[Complaint], now: datetime) -> None:
        """Their authors write them, the servers see them at `now`."""
        self._posts += [(one, now) for one in complaints]

    def hear(self, text: str) -> tuple[int, dict[str, str]]:
        """A message for the channel: the answer's status and headers."""
        self._calls += 1
        if self._calls == self._refuses:
            return 429, {"Retry-After": str(RETRY_AFTER)}
        self.messages.append(text)
        return 200, {}

    def search(self, since: str | None) -> dict[str, Any]:
        """`app.bsky.feed.searchPosts`, newest first; all on one page."""
        least = datetime.fromisoformat(since) if since else None
        found = [one for one in reversed(self._posts) if least is None or one[1] >= least]
        return {"posts": [_bluesky(one, seen_at) for one, seen_at in found]}

    def feed(self) -> str:
        """An RSS feed with everything, newest first."""
        items = "".join(
            f"<item><guid>{one.name}</guid><title>{escape(one.text)}</title>"
            f"<pubDate>{format_datetime(seen_at + one.ahead)}</pubDate></item>"
            for one, seen_at in reversed(self._posts)
        )
        return f"<rss version='2.0'><channel><title>Forum</title>{items}</channel></rss>"


def _bluesky(one: Complaint, seen_at: datetime) -> dict[str, Any]:
    did = f"did:plc:{one.name}"
    created_at = (seen_at + one.ahead).isoformat()
    return {
        "uri": f"at://{did}/app.bsky.feed.post/1",
        "author": {"did": did, "handle": f"{one.name}.shop.example"},
        "record": {"text": one.text, "createdAt": created_at, "langs": ["en"]},
        "indexedAt": seen_at.isoformat(),
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, doors: Doors) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.doors = doors


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        doors = self.server.doors
        if parts.path == "/feed":
            self._send(200, doors.feed().encode(), {"Content-Type": "application/rss+xml"})
            return
        since = parse_qs(parts.query).get("since", [None])[0]
        self._send(200, json.dumps(doors.search(since)).encode(), {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        if self.path.endswith("createSession"):
            self._send(200, b'{"accessJwt": "jwt"}', {})
            return
        status, headers = self.server.doors.hear(str(body["text"]))
        self._send(status, b"ok" if status == 200 else b"rate_limited", headers)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's word
        """Nothing: what counts is `messages`."""

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
