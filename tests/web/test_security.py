"""Who may do what, tried: each role at each route; forged forms, planted sessions, floods."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from monitor.domain.access import Role, Scope
from monitor.web import api
from monitor.web.access.visits import proof, within
from monitor.web.app import PARTS
from tests.store.written import rows
from tests.web.front import Front
from tests.web.visitor import PAGE, Visitor, add_token, add_user

NOBODYS: Role | None = None
"""Open to whoever comes."""
ROUTES: Mapping[tuple[str, str], Role | None] = {
    ("GET", "/healthz"): NOBODYS,
    ("GET", "/readyz"): NOBODYS,
    ("GET", "/intake/{name:path}"): NOBODYS,  # the source makes sure of who calls
    ("POST", "/intake/{name:path}"): NOBODYS,
    ("GET", "/static/{name}"): NOBODYS,
    ("GET", "/sign-in"): NOBODYS,
    ("POST", "/sign-in"): NOBODYS,
    ("GET", "/sign-in/openid"): NOBODYS,
    ("GET", "/sign-in/openid/back"): NOBODYS,
    ("POST", "/language"): NOBODYS,
    ("GET", "/metrics"): Role.VIEWER,
    ("POST", "/sign-out"): Role.VIEWER,
    ("GET", "/news"): Role.VIEWER,
    ("GET", "/"): Role.VIEWER,
    ("GET", "/queue"): Role.VIEWER,
    ("POST", "/queue/acts"): Role.AGENT,
    ("GET", "/cases/{number}"): Role.VIEWER,
    ("POST", "/cases/{number}/{what}"): Role.AGENT,
    ("GET", "/review"): Role.AGENT,
    ("POST", "/review/{brand}/{post}"): Role.AGENT,
    ("GET", "/numbers"): Role.VIEWER,
    ("GET", "/numbers/waits"): Role.VIEWER,
    ("GET", "/coverage"): Role.VIEWER,
    ("GET", "/policies"): Role.VIEWER,
    ("POST", "/policies/explain"): Role.AGENT,
    ("POST", "/policies/simulate"): Role.MANAGER,
    ("GET", "/audit"): Role.MANAGER,
    ("GET", "/audit/access"): Role.MANAGER,
}
"""The least role that each needs. A route that is not here is a door that nobody thought of."""
ELSEWHERE: tuple[APIRouter, ...] = (api.router,)
"""Tried in tests of their own: tests/web/test_api.py."""
FILLED = {"number": "1", "what": "claim", "brand": "1", "post": "1", "name": "page.css"}
GUARDED = {route: role for route, role in ROUTES.items() if role is not None}
FORMS = [path for (method, path) in ROUTES if method == "POST" and not path.startswith("/intake")]


def path_of(template: str) -> str:
    path = template.replace(":path", "")
    for name, value in FILLED.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.fixture(scope="module")
def front(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One for all of them: what one test does to it is none of the next one's business."""
    path = tmp_path_factory.mktemp("shop") / "monitor.db"
    shutil.copyfile(sqlite_template, path)
    one = Front(f"sqlite:///{path}")
    with one.served:
        one.complains()
        yield one


def ask(visitor: Visitor, method: str, path: str, **headers: str) -> int:
    """The status alone: of a stream nobody waits for the end."""
    visitor.client.headers.update(headers)
    secret = visitor.client.cookies.get("session") or ""
    data = {"csrf": proof(secret), "once": "1"} if method == "POST" else None
    sent = {"origin": visitor.origin}
    with visitor.client.stream(method, path, data=data, headers=sent) as answer:
        return answer.status_code


def test_every_route_is_thought_of() -> None:
    there = {
        (method, route.path)
        for router in PARTS
        if router not in ELSEWHERE
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert there == set(ROUTES)


def test_whoever_is_not_signed_in_gets_nowhere(front: Front) -> None:
    visitor = Visitor(front.served)
    visitor.get("/sign-in")
    found = {one: ask(visitor, one[0], path_of(one[1])) for one in GUARDED}
    assert {one: status for one, status in found.items() if status not in (303, 401, 403)} == {}
    visitor.client.close()


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_is_its_own(front: Front, role: Role) -> None:
    with front.visited(role.word, role) as visitor:
        doors = [one for one in GUARDED if one != ("POST", "/sign-out")]
        found = {one: ask(visitor, one[0], path_of(one[1])) for one in doors}
    opened = {one for one, status in found.items() if status not in (401, 403)}
    assert opened == {one for one in doors if role >= GUARDED[one]}
    assert {one: status for one, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("path", FORMS)
def test_no_other_site_can_send_our_forms(front: Front, path: str) -> None:
    with front.visited("admin", Role.ADMIN) as visitor:
        ours = proof(visitor.client.cookies["session"])
        forged: list[tuple[dict[str, str], dict[str, str]]] = [
            ({}, {"origin": visitor.origin}),
            ({"csrf": "0" * 64}, {"origin": visitor.origin}),
            ({"csrf": ours}, {"origin": "https://evil.example"}),
            ({"csrf": ours}, {"origin": "null"}),
            ({"csrf": ours}, {"referer": "https://evil.example/queue"}),
            ({"csrf": ours}, {"sec-fetch-site": "cross-site"}),
            ({"csrf": ours}, {}),
        ]
        for fields, headers in forged:
            answer = visitor.client.post(path_of(path), data=fields, headers=headers)
            assert answer.status_code == 403, headers
        # what a form cannot send: another kind of body, which no browser asks leave for
        text = visitor.client.post(
            path_of(path), content=f"csrf={ours}", headers={"content-type": "text/plain"}
        )
        assert text.status_code == 403


def test_nobody_is_signed_in_behind_his_back(front: Front) -> None:
    """Another site cannot sign a visitor in as somebody whose doings it reads later."""
    add_user(front.database, "mallory", Role.AGENT)
    visitor = Visitor(front.served)
    visitor.get("/sign-in")
    answer = visitor.client.post(
        "/sign-in",
        data={"name": "mallory", "password": "correct horse battery"},
        headers={"origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert visitor.get("/queue").status_code == 303
    visitor.client.close()


def test_a_planted_session_is_worth_nothing(front: Front) -> None:
    add_user(front.database, "victim", Role.AGENT)
    victim, thief = Visitor(front.served), Visitor(front.served)
    for one in (victim, thief):
        one.client.cookies.set("session", "planted", domain="127.0.0.1")
    assert victim.sign_in("victim").status_code == 303
    assert victim.get("/queue").status_code == 200
    assert thief.get("/queue").status_code == 303
    for one in (victim, thief):
        one.client.close()


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
def test_nobody_is_led_astray(front: Front, to: str) -> None:
    assert within(to) == "/"
    with front.visited("agent") as visitor:
        assert visitor.get(f"/sign-in?next={quote(to)}").headers["location"] == "/"
        for path in ("/language", "/cases/1/ack"):
            answer = visitor.post(path, next=to, once="1")
            led_to = answer.headers.get("location", "/")  # none: the case has been closed
            assert led_to.startswith("/")
            assert "evil" not in led_to


def test_a_hostile_post_stays_text(front: Front) -> None:
    evil = '"><script>alert(1)</script>{{ 7 * 7 }}'
    number = front.writes(f"awful {evil}", by=evil, title=evil, url="javascript:alert(1)")
    case = front.case_of(number)
    with front.visited("admin", Role.ADMIN) as visitor:
        for path in ("/queue", f"/cases/{case}", "/review", f"/queue?q={quote(evil)}"):
            page = visitor.get(path).text
            assert "<script>alert" not in page
            assert 'href="javascript:' not in page
            assert ">49<" not in page
        answer = visitor.post(f"/cases/{case}/assign", person=evil, once="1")
        assert answer.status_code == 303
        for path in ("/queue", f"/cases/{case}", "/audit", f"/audit?by={quote(evil)}"):
            assert "<script>alert" not in visitor.get(path).text


def test_too_much_is_refused(front: Front) -> None:
    most = front.served.application.settings.web.most_bytes
    with front.visited("agent") as visitor:
        large = visitor.post("/cases/1/answer", text="a" * (most + 1), once="1")
        assert large.status_code == 413
        many = visitor.client.post(
            "/queue/acts",
            content="&".join(f"a{number}=1" for number in range(2000)),
            headers={"content-type": "application/x-www-form-urlencoded", "origin": visitor.origin},
        )
        assert many.status_code == 400
        long = visitor.post("/cases/1/elsewhere", channel="phone", note="n" * 100_000, once="1")
        assert long.status_code in (303, 409)


@pytest.mark.parametrize("path", ["/queue", "/cases/1/claim", "/sign-in"])
def test_what_cannot_be_read_is_no_failure_of_ours(front: Front, path: str) -> None:
    with front.visited("agent") as visitor:
        for content in (b"\xff\xfe", b"csrf=%ff%fe", b"%", b"a=1;b=2", b"\x00"):
            answer = visitor.client.post(
                path,
                content=content,
                headers={
                    "content-type": "application/x-www-form-urlencoded",
                    "origin": visitor.origin,
                },
            )
            assert 400 <= answer.status_code < 500


def test_a_token_for_metrics_opens_nothing_else(front: Front) -> None:
    header = add_token(front.database, "prometheus", Role.ADMIN, {Scope.METRICS})
    client = front.served.client
    assert client.get("/metrics", headers=header).status_code == 200
    assert client.get("/queue", headers={**header, **PAGE}).status_code == 403
    assert client.get("/audit", headers={**header, **PAGE}).status_code == 403


def test_a_token_opens_no_page_and_sends_no_form(front: Front) -> None:
    """It proves nothing of forms: what programs may do they do under /api, once under a key."""
    header = add_token(front.database, "everything", Role.ADMIN)
    client = front.served.client
    pages = ["/queue", "/cases/1", "/review", "/numbers", "/coverage", "/audit"]
    forms = ["/cases/1/claim", "/cases/1/answer", "/queue/acts", "/sign-out"]
    calls = [("GET", one) for one in pages] + [("POST", one) for one in forms]
    found = {one: client.request(*one, headers={**header, **PAGE}).status_code for one in calls}
    assert set(found.values()) == {403}, found
    assert client.get("/api/v1/cases", headers=header).status_code == 200


def test_pages_are_kept_by_no_cache_and_shown_in_no_frame(front: Front) -> None:
    with front.visited("agent") as visitor:
        told = visitor.get("/cases/1").headers
    assert told["cache-control"] == "no-store"
    assert told["x-frame-options"] == "DENY"
    assert "default-src 'none'" in told["content-security-policy"]
    assert "unsafe" not in told["content-security-policy"]


FAR = "9" * 18
HOSTILE_ADDRESSES = (
    *(f"/queue?{name}=a%00b" for name in ("network", "topic", "language", "person", "q", "brand")),
    f"/queue?after=-{FAR}.-{FAR}{FAR}",
    f"/queue?after=0.{FAR}{FAR}",
    f"/queue?after={FAR}{FAR}.1",
    "/audit?by=a%00b",
    f"/audit?before=0.1.{FAR}",
    f"/audit?before=-{FAR}.-{FAR}{FAR}.-{FAR}{FAR}",
    f"/audit?before=0.{FAR}{FAR}.1",
    "/numbers?brand=a%00b",
    "/cases/1?template=a%00b",
)
HOSTILE_FORMS: Mapping[str, Mapping[str, str]] = {
    "/cases/1/assign": {"person": "a\0b"},
    "/cases/1/a%00b": {},
    "/cases/1/snooze": {"span": "1h", "why": "a\0b", "once": "\0"},
    "/cases/1/elsewhere": {"channel": "phone", "note": "a\0b", "once": "1\0"},
    "/cases/1/contact": {"channel": "phone", "address": "a\0b"},
    "/cases/1/undo": {"seq": FAR[1:]},
    "/cases/1/posted": {"answer": FAR[1:]},
    "/cases/1/link": {"post": FAR[1:]},
    "/queue/acts": {"act": "claim", "case": "9" * 5000},
    f"/review/1/{FAR}": {"said": "praise\0"},
    "/language": {"language": "\0"},
}


def test_what_no_database_can_keep_is_no_failure_of_ours(database_url: str) -> None:
    """NUL, and numbers beyond a column's: of each of the two databases."""
    front = Front(database_url)
    with front.served:
        front.complains()
        with front.visited("boss", Role.MANAGER) as visitor:
            found = {path: visitor.get(path).status_code for path in HOSTILE_ADDRESSES}
            for path, fields in HOSTILE_FORMS.items():
                found[path] = visitor.post(path, **fields).status_code
            found["/sign-in"] = visitor.post("/sign-in", name="a\0b", password="a\0b").status_code
    assert {path: status for path, status in found.items() if status >= 500} == {}


def test_a_database_in_trouble_is_no_conflict_and_its_insides_are_not_told(
    database_url: str,
) -> None:
    front = Front(database_url)
    with front.served:
        case = front.complains()
        front.writes("lovely, thank you")
        front.judges()
        front.draws()
        [(post,)] = rows(front.database, "SELECT post_id FROM sample")
        with front.visited("ana") as visitor:
            visitor.get("/queue")
            with front.database.writing() as conn:
                for table in ("done", "correction"):
                    conn.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_away")
            acted = visitor.post(f"/cases/{case}/claim", once="1")
            said = visitor.post(f"/review/1/{post}", said="praise")
            many = visitor.post("/queue/acts", act="claim", case=str(case), once="1")
    assert (acted.status_code, said.status_code, many.status_code) == (503, 503, 200)
    assert "try again" in many.text
    for answer in (acted, said, many):
        assert not any(word in answer.text for word in ("sqlite", "postgresql", "_away", "upgrade"))
