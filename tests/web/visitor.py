"""Somebody who uses the page as a browser does: keeps cookies, and sends the form that was shown."""

from __future__ import annotations

import re
from functools import cache

import httpx

from monitor.clock import utc_now
from monitor.domain.access import Role, Scope
from monitor.store import tokens, users
from monitor.store.engine import Database
from monitor.web.access import passwords
from tests.web.served import Served

PASSWORD = "correct horse battery"
PAGE = {"accept": "text/html,application/xhtml+xml"}


@cache
def kept() -> str:
    """Hashed once: it is slow by intent."""
    return passwords.hashed(PASSWORD, "nobody")


def add_user(database: Database, name: str, role: Role) -> None:
    with database.writing() as conn:
        users.add(conn, name, role, kept(), by="test", at=utc_now())


def add_token(
    database: Database, name: str, role: Role, scopes: set[Scope] | None = None
) -> dict[str, str]:
    """The header that a program sends."""
    wanted = set(Scope) if scopes is None else scopes
    with database.writing() as conn:
        secret = tokens.add(conn, name, role, wanted, ends_at=None, by="test", at=utc_now())
    return {"authorization": f"Bearer {secret}"}


class Visitor:
    """A browser's window."""

    def __init__(self, served: Served) -> None:
        self.client = httpx.Client(base_url=served.url, timeout=30, headers=PAGE)
        self.origin = served.url

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def proof(self, path: str = "/sign-in") -> str:
        """What the forms of a page hold."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        assert found, path
        return found[1]

    def post(self, path: str, /, *, seen_on: str = "/queue", **said: str) -> httpx.Response:
        """Send a form that was shown on a page."""
        fields = {"csrf": self.proof(seen_on), **said}
        return self.client.post(path, data=fields, headers={"origin": self.origin})

    def sign_in(self, name: str, password: str = PASSWORD, **said: str) -> httpx.Response:
        return self.post("/sign-in", seen_on="/sign-in", name=name, password=password, **said)
