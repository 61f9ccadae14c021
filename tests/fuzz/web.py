"""What no browser sends, and might: addresses, forms, signed calls, another service's answers, all spoilt."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from structlog.testing import capture_logs

from monitor.domain.access import Role
from monitor.simulator.graph import Graph
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Answer
from monitor.sources.meta import hook
from monitor.store import maintenance
from monitor.store.engine import Database
from tests.contract.harness import NOON
from tests.fuzz.spoiling import Found, spoilt
from tests.sources.mutations import mutated
from tests.stages.told import Machine
from tests.web import test_intake, test_meta_hook, test_openid
from tests.web.front import Front
from tests.web.identity import SECRET, Identity, IdentityServer
from tests.web.served import Served
from tests.web.visitor import Visitor, add_user

WORDS = (
    *(
        "",
        " ",
        "1",
        "0",
        "-1",
        "007",
        "9" * 30,
        "1e9",
        "NaN",
        "true",
        "null",
        "acme",
        "open",
        "ana",
    ),
    *("\x00", "\ud800", "\u202e", "\N{GRINNING FACE}" * 40, "ț" * 300, "a" * 5000, "%", "%%00"),
    *("2026-05-04", "2026-13-99", "0001-01-01", "9999-12-31T23:59:59-14:00", "7d", "-7d", "P1Y"),
    *("../../etc/passwd", "//evil.example", "/\\evil", "javascript:1", "<b>", "'", '"', "{{ 1 }}"),
    *("alert", "critical", "x", "phone", "1,2", "1:2", "[]", "{}", "a=b&c=d", "*", "a AND b", '"a'),
)
PAGES = (
    *("/", "/queue", "/numbers", "/numbers/waits", "/cases/1", "/coverage", "/audit"),
    *("/audit/access", "/policies", "/review", "/sign-in", "/metrics", "/readyz"),
    *("/sign-in/openid", "/sign-in/openid/back", "/static/page.css", "/api/v1/openapi.json"),
)
NAMES = (
    *("q", "brand", "network", "severity", "topic", "language", "person", "state", "last", "since"),
    *("until", "as_of", "by", "of", "page", "template", "before", "case", "next", "code", "sort"),
)
_PATIENCE_S = 300.0
"""A machine may be slow; whoever waits longer than this waits for ever."""
KINDS = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data", "text/x")
_COMMENT = {"item": "comment", "verb": "add", "comment_id": "5_1", "post_id": "2_5"}
META = {
    "object": "page",
    "entry": [
        {
            "id": test_meta_hook.PAGE,
            "time": 1,
            "changes": [{"field": "feed", "value": _COMMENT}],
            "messaging": [{"message": {"text": "hi"}}],
        }
    ],
}
GREETING = {"hub.mode": "subscribe", "hub.verify_token": "the word", "hub.challenge": "11"}


class Forms(HTMLParser):
    """Every form of a page: where it goes, and the names of its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._fields: dict[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form" and said.get("method", "get") == "post":
            self._fields = {}
            self.found.append((said.get("action") or "", self._fields))
        elif self._fields is not None and said.get("name"):
            self._fields[str(said["name"])] = said.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None


def pages(found: Found, chance: random.Random, rounds: int) -> None:
    """Every page with odd questions, and every form that a page shows with odd fields."""
    with _folder() as url:
        front = Front(url)
        with _said(found, "web"), front.served, front.visited("ana", Role.ADMIN) as visitor:
            visitor.client.timeout = httpx.Timeout(_PATIENCE_S)
            front.complains()
            front.writes("lovely shop")
            front.judges()
            front.draws()
            forms = _forms(visitor)
            for number in range(rounds):
                _asks(found, visitor, chance, number)
                _sends(found, visitor, chance, number, forms)


def _forms(visitor: Visitor) -> list[tuple[str, dict[str, str]]]:
    found = [one for path in PAGES for one in Forms(visitor.get(path).text).found]
    return [one for one in found if one[0] != "/sign-out"]


def _asks(found: Found, visitor: Visitor, chance: random.Random, number: int) -> None:
    path = chance.choice(PAGES)
    names = chance.sample(NAMES, chance.randint(1, 3))
    asked = "&".join(f"{name}={_written(chance.choice(WORDS))}" for name in names)
    if chance.random() < 0.2:
        path = f"/{path.split('/')[1]}/{_written(chance.choice(WORDS))}"
    status = visitor.get(f"{path}?{asked}").status_code
    found.answered("page", f"round {number} {path}?{asked}", 200 if path == "/readyz" else status)


def _sends(
    found: Found,
    visitor: Visitor,
    chance: random.Random,
    number: int,
    forms: list[tuple[str, dict[str, str]]],
) -> None:
    action, fields = chance.choice(forms)
    said = dict(fields)
    for name in chance.sample(sorted(said), min(len(said), chance.randint(1, 3))):
        if name != "csrf" or chance.random() < 0.1:
            said[name] = chance.choice(WORDS)
    body = "&".join(f"{quote(name)}={_written(one)}" for name, one in said.items()).encode()
    headers = {"origin": visitor.origin, "content-type": KINDS[0]}
    if chance.random() < 0.1:
        body, headers["content-type"] = spoilt(body, chance), chance.choice(KINDS)
    answer = visitor.client.post(action, content=body, headers=headers)
    found.answered(f"form {_kind(action)}", f"round {number} {action} {body!r}", answer.status_code)


def _kind(action: str) -> str:
    return "/".join("N" if one.isdigit() else one for one in action.split("/"))


def _written(word: str) -> str:
    return quote(word.encode("utf-8", "surrogatepass"), safe="")


def intake(found: Found, chance: random.Random, rounds: int) -> None:
    """Signed calls at /intake, of the shop's own and of Meta's; what was taken in is read, too."""
    graph = Graph("facebook", (test_meta_hook.PAGE, "Our Shop"), "T", lambda: NOON)
    secrets = {"hook": test_intake.SECRET, "hook_next": "", **test_meta_hook.SECRETS}
    with _folder() as url, PlainServer(graph) as server, _said(found, "intake"):
        page = test_meta_hook.CONFIG.format(page=test_meta_hook.PAGE, url=server.url)
        with Served(url, test_intake.CONFIG + page, secrets, lambda: NOON) as served:
            served.client.timeout = httpx.Timeout(_PATIENCE_S)
            for number in range(rounds):
                _hooked(found, served.client, chance, number)
                if number % 50 == 49 or number == rounds - 1:
                    found.tries("intake read", f"round {number}", (), lambda: _read(served))


def _hooked(found: Found, client: httpx.Client, chance: random.Random, number: int) -> None:
    asked = {name: chance.choice((one, "é", "\u202e")) for name, one in GREETING.items()}
    status = client.get("/intake/page", params=asked).status_code
    found.answered("intake greeting", f"round {number} {asked}", status)
    items = [test_intake.item(number * 2 + one) for one in (0, 1)]
    for name, whole in (("shop", {"data": {"items": items}}), ("page", META)):
        said = json.dumps(mutated(deepcopy(whole), chance, enlarges=False)).encode()
        if chance.random() < 0.2:
            said = spoilt(said, chance)
        headers = dict(test_intake.signed(said, at=NOON))
        if name == "page":
            headers = {hook.SIGNATURE: hook.sign(said, "of the app")}
        if chance.random() < 0.1:
            spoils = chance.choice(list(headers))
            headers[spoils] = chance.choice(("", "x", "\xff", "9" * 40, "sha256="))
        encoded = [(key.encode(), one.encode("latin-1")) for key, one in headers.items()]
        answer = client.post(f"/intake/{name}", content=said, headers=encoded)
        found.answered(f"intake {name}", f"round {number} {said!r}", answer.status_code)


def _read(served: Served) -> None:
    """The stages as `run` runs them: none may fail over what was taken in."""
    done = served.application.runner(shadow=True).until_idle()
    assert (done.broken, dict(done.failed)) == (None, {}), done


def openid(found: Found, chance: random.Random, rounds: int) -> None:
    """People sign in by a service that answers nonsense, or bring back what it never said."""
    with _folder() as url, IdentityServer(Identity()) as server, _said(found, "openid"):
        identity = server.network
        config, secrets = test_openid.said_of(identity), {"openid": SECRET}
        machine = Machine()
        with Served(url, config, secrets, clock=machine) as served:
            for number in range(rounds):
                machine.at += timedelta(minutes=10)  # its description is asked for again
                visitor = Visitor(served)
                visitor.client.timeout = httpx.Timeout(_PATIENCE_S)
                server.spoils = lambda answer: answer
                led = visitor.get("/sign-in/openid")
                brought: dict[str, Any] = identity.agrees(
                    led.headers["location"], **test_openid.ANA
                )
                server.spoils = lambda answer: _spoilt_answer(answer, chance)
                status = visitor.get("/sign-in/openid").status_code
                found.answered("openid begin", f"round {number}", status)
                if chance.random() < 0.3:
                    brought |= {chance.choice(("code", "state")): "\u202e", "error": "a\0b"}
                status = visitor.client.get("/sign-in/openid/back", params=brought).status_code
                found.answered("openid back", f"round {number} {brought}", status)
                visitor.client.close()


def _spoilt_answer(answer: Answer, chance: random.Random) -> Answer:
    if chance.random() < 0.4:
        return answer
    try:
        said = json.loads(answer.content)
    except ValueError:
        return answer
    made = json.dumps(mutated(said, chance, enlarges=False)).encode()
    if chance.random() < 0.2:
        made = chance.choice((b"[" * 100_000, b"", spoilt(made, chance)))
    return replace(answer, content=made)


@contextmanager
def _folder() -> Iterator[str]:
    """The address of a database with all tables."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'monitor.db'}"
        database = Database(url)
        maintenance.upgrade(database)
        add_user(database, "ana@shop.example", Role.AGENT)
        database.close()
        yield url


@contextmanager
def _said(found: Found, what: str) -> Iterator[None]:
    """What the program says of itself that it did not foresee is found."""
    with capture_logs() as lines:
        yield
    broken = [one for one in lines if one["log_level"] in ("error", "critical")]
    found.unhandled += [f"{what}: {one}" for one in broken]
