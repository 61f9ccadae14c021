"""A server that answers whatever it is asked with what a customer said, in every place for words."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from monitor.simulator.app_store import AppStore
from monitor.simulator.google_play import GooglePlay
from monitor.simulator.serving import Answer, Asked, Server
from monitor.simulator.stores import Store

LOG_INS = ("token", "createSession", "refreshSession")
"""What stands in the paths at which networks let somebody in."""
_TOKEN = {"access_token": "t", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
_SESSION = {"did": "did:plc:shop", "accessJwt": "a.b.c", "refreshJwt": "d.e.f"}
GRANTED = _TOKEN | _SESSION
SOURCES = """
x = { account = "1", handle = "acme_help", query = "acme" }
reddit = { client_id = "app", username = "acme_help", password = "any", subreddits = ["help"] }
bluesky = { account = "acme.example", password = "any" }
mastodon = { account = "@acme@shop.example", token = "any" }
discourse = { posts = true, accounts = ["acme"] }
facebook = { page = "1", token = "any" }
instagram = { account = "1", username = "acme", token = "any" }
youtube = { channel = "UC0000000000000000000000", api_key = "any" }
google_play = { package = "example.acme" }
app_store = { app = "1", key_id = "K" }
trustpilot = { business_unit = "46d6a890000064000500e0c3", api_key = "any" }
stackexchange = { site = "stackoverflow", tags = ["acme"] }
google_business = { account = "1", locations = ["1"], client_id = "app", refresh_token = "any" }
hackernews = { queries = ["acme"] }
"""
"""All that ask over HTTP, but for feeds: name = its options."""


class Parrot(Server):
    """`status` is that of every refusal; where `grants`, who wants to be let in is."""

    def __init__(self, words: str, status: int, *, grants: bool) -> None:
        super().__init__()
        self._words, self._status, self._grants = words, status, grants

    def serve(self, asked: Asked) -> Answer:
        if self._grants and any(one in asked.path for one in LOG_INS):
            return Answer(200, json.dumps(GRANTED).encode())
        return Answer(self._status, json.dumps(said(self._words)).encode())


def said(words: str) -> dict[str, Any]:
    """A refusal as all of the networks write it at once."""
    one = {"message": words, "detail": words, "title": words, "reason": words, "status": words}
    names = ("message", "error_description", "error_message", "detail", "title", "reason", words)
    return {"error": words, "errors": [one], **dict.fromkeys(names, words)}


def sources(url: str) -> str:
    """The tables of a config that have every network at one address."""
    tables = []
    for line in SOURCES.strip().splitlines():
        name, _, options = line.partition(" = ")
        lines = options.strip("{} ").replace(", ", "\n").replace('"\n"', '", "')
        more = f'login_url = "{url}"' if name == "google_business" else ""
        tables.append(f'[[sources]]\nuse = "{name}"\nbase_url = "{url}"\n{lines}\n{more}\n')
    feeds = f'feeds = {{ blog = "{url}/feed" }}\nprivate_hosts = ["127.0.0.1"]'
    return "\n".join([*tables, f'[[sources]]\nuse = "rss"\n{feeds}\n'])


def secrets(url: str) -> dict[str, str]:
    """The variables of the environment that these sources want."""
    names = (
        "x_token",
        "reddit_client_secret",
        "any",
        "google_client_secret",
        "google_refresh_token",
    )
    made = dict.fromkeys(names, "s3cret")
    store = Store("any", lambda: None)  # type: ignore[arg-type,return-value]  # for its keys alone
    made["google_play_service_account"] = GooglePlay(store, "example.acme").service_account(url)
    made["app_store_key"] = AppStore(store, "1", key_id="K", issuer="I").key
    return {f"COMPLAINT_MONITOR_{name.upper()}": one for name, one in made.items()}


@contextmanager
def mail_server(words: str) -> Iterator[int]:
    """The port of a mailbox that lets nobody in, and says why."""

    class Refuses(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            for line in self.rfile:
                tag, command = line.split()[:2]
                if command.upper() == b"CAPABILITY":
                    self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
                else:
                    self.wfile.write(tag + b" NO " + words.encode() + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuses) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
