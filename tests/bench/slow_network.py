"""Algolia's search as a process of its own, so that its work is not counted as ours: `bench_round.py`.

Prints its port. Every query finds 20 stories, and 5 more each further time; each answer takes as long as
its query says (`q17-450`: 450 ms).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

FIRST, NEW = 20, 5
AT = 1_795_338_000
"""2026-11-22 09:00 UTC."""


class Search(BaseHTTPRequestHandler):
    """Answers in its own time."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)["query"][0]
        number, _, takes = query.removeprefix("q").partition("-")
        time.sleep(int(takes) / 1000)
        self.asked[query] += 1
        there = FIRST + NEW * (self.asked[query] - 1)
        hits = [_hit(int(number) * 1000 + one, one) for one in reversed(range(there))]
        body = json.dumps({"hits": hits}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _hit(number: int, age: int) -> dict[str, Any]:
    return {
        "objectID": str(number),
        "author": f"user{number % 97}",
        "created_at_i": AT - 7200 + 10 * age,
        "_tags": ["story"],
        "title": f"Parcel {number} of the shop is still not here",
        "story_text": "Nobody tells me when it will be, and nobody answers the phone. " * 3,
        "points": 1,
    }


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Search)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
