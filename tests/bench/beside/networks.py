"""Small servers for the doors that obsei has and we have not: Slack's incoming webhook, Bluesky, a feed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from monitor.simulator.serving import Answer, Asked, Server, as_json
from tests.bench.beside.scene import Complaint, Scene

RETRY_AFTER = 2
"""Seconds that Slack's 429 names, to both programs."""


class Doors(Server):
    """All of them on one port.

    `messages` is what Slack's channel was told through its webhook. Bluesky's search finds
    since a moment by its own time where the client's is later: its `sortAt`.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.messages: list[str] = []
        self._posts: list[tuple[Complaint, datetime]] = []
        self._refuses, self._calls = scene.slack_refuses, 0

    def serve(self, asked: Asked) -> Answer:
        if asked.path == "/feed":
            return Answer(200, self.feed().encode(), {"Content-Type": "application/rss+xml"})
        if asked.method == "GET":
            return as_json(200, self.search(asked.query.get("since")))
        if asked.path.endswith("createSession"):
            return as_json(200, {"accessJwt": "jwt"})
        return self.hear(str(asked.body["text"]))

    def post(self, complaints: Iterable[Complaint], now: datetime) -> None:
        """Their authors write them, the servers see them at `now`."""
        self._posts += [(one, now) for one in complaints]

    def hear(self, text: str) -> Answer:
        """A message for the channel."""
        self._calls += 1
        if self._calls == self._refuses:
            return Answer(429, b"rate_limited", {"Retry-After": str(RETRY_AFTER)})
        self.messages.append(text)
        return Answer(200, b"ok")

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
