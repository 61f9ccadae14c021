"""What no text holds, in addresses: every part of the API says no in its own way, the pages stay up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.domain.access import Role
from tests.web.shop import Shop, opened
from tests.web.visitor import Visitor, add_user

ODD = ("a%00b", "%1B%0A", "%ED%A0%80")
"""NUL; escape and a new line; half a character."""
FILLED = {"case_id": "1", "number": "1", "post_id": "1", "name": "hook"}
PAGES = {
    "/queue": ("q", "brand", "network", "severity", "topic", "language", "person", "state"),
    "/numbers": ("brand", "last", "since", "until", "as_of", "by"),
    "/numbers/waits": ("brand", "of", "state", "page"),
    "/cases/1": ("template",),
    "/coverage": ("since",),
    "/audit": ("by", "before"),
    "/audit/access": ("before",),
    "/policies": ("case",),
    "/review": ("page", "brand"),
    "/sign-in": ("next",),
}


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with opened(database_url) as one:
        one.front.complains()
        yield one


def _values(contract: dict[str, Any]) -> Iterator[str]:
    """Every address with every value of it made odd, in its turn."""
    for path, methods in contract["paths"].items():
        its = methods.get("get")
        if its is None:
            continue
        filled = path.format(**FILLED)
        names = [one["name"] for one in its.get("parameters", ()) if one["in"] == "query"]
        for odd in ODD:
            yield from (f"{filled}?{name}={odd}" for name in names)
            yield f"{filled}?{odd}=1"
            for name in FILLED:
                if f"{{{name}}}" in path:
                    yield path.format(**FILLED | {name: odd})


def test_the_api_refuses_what_is_no_text_and_says_so(shop: Shop) -> None:
    contract = shop.get("/openapi.json").json()
    client, token = shop.served.client, shop.tokens[Role.ADMIN]
    wrong, calls = [], 0
    for path in _values(contract):
        answer = client.get(path if path.startswith("/api") else f"/api/v1{path}", headers=token)
        calls += 1
        kind = answer.headers["content-type"]
        if answer.status_code >= 500 or (
            answer.status_code >= 400 and kind != "application/problem+json"
        ):
            wrong.append((path, answer.status_code, kind))
        if "=a%00b" in path and answer.status_code < 400:
            wrong.append((path, answer.status_code, kind))
    assert wrong == []
    assert calls > 100


def test_no_page_falls_over_it(shop: Shop) -> None:
    add_user(shop.served.application.database, "ana", Role.ADMIN)
    visitor = Visitor(shop.served)
    visitor.sign_in("ana")
    wrong = []
    for path, names in PAGES.items():
        for odd in ODD[::2]:  # half characters are what a form could send, too
            for one in (f"{path}?{name}={odd}" for name in names):
                status = visitor.get(one).status_code
                if status >= 500:
                    wrong.append((one, status))
    visitor.client.close()
    assert wrong == []
