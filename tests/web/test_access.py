"""Who is let in: people by a session, programs by a token, and nobody by any other way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import pytest
from argon2 import PasswordHasher
from fastapi import Depends

from monitor.clock import utc_now
from monitor.domain.access import Change, Principal, Role, Scope, Via
from monitor.store import access_events, sessions, tokens, users
from monitor.store.engine import Database
from monitor.web.access import needs
from monitor.web.access.visits import proof as proof_of
from tests.web.served import Served
from tests.web.visitor import PASSWORD, Visitor, add_token, add_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def served(database_url: str) -> Iterator[Served]:
    """With what agents may see, and a change that a manager may make; programs as well."""
    one = Served(database_url)

    @one.app.get("/for-agents")
    def look(who: Annotated[Principal, Depends(needs(Role.AGENT, Scope.READ))]) -> dict[str, str]:
        return {"name": who.name, "via": who.via}

    @one.app.post("/for-managers")
    def change(
        who: Annotated[Principal, Depends(needs(Role.MANAGER, Scope.ACT))],
    ) -> dict[str, str]:
        return {"name": who.name}

    with one:
        yield one


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    one = Visitor(served)
    yield one
    one.client.close()


@pytest.fixture
def database(served: Served) -> Database:
    return served.application.database


def test_whoever_is_not_signed_in_is_led_to_the_page_where_that_is_done(visitor: Visitor) -> None:
    answer = visitor.get("/for-agents?a=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/for-agents%3Fa%3D1"


def test_a_program_is_asked_for_a_token(served: Served) -> None:
    answer = served.client.get("/for-agents")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_any_user_the_page_says_how_the_first_one_is_added(visitor: Visitor) -> None:
    assert "complaint-monitor user add NAME --role admin" in visitor.get("/sign-in").text


def test_who_signs_in_is_let_in_and_led_back(visitor: Visitor, database: Database) -> None:
    add_user(database, "ana", Role.AGENT)
    answer = visitor.sign_in("ana", next="/for-agents")
    assert (answer.status_code, answer.headers["location"]) == (303, "/for-agents")
    assert visitor.get("/for-agents").json() == {"name": "ana", "via": Via.SESSION}


def test_a_password_that_was_hashed_by_another_measure_is_hashed_anew(
    visitor: Visitor, database: Database
) -> None:
    dated = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.writing() as conn:
        users.add(conn, "ana", Role.AGENT, dated, by="test", at=utc_now())
    assert visitor.sign_in("ana").status_code == 303
    with database.reading() as conn:
        found = users.named(conn, "ana")
    assert found
    assert found.password != dated


def test_the_cookie_is_out_of_the_reach_of_scripts_and_of_other_sites(visitor: Visitor) -> None:
    told = visitor.get("/sign-in").headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told


def test_under_another_name_than_this_machine_s_the_cookie_needs_tls(database_url: str) -> None:
    with Served(database_url, "[web]\nhosts = ['shop.example']") as served:
        told = served.client.get("/sign-in", headers={"host": "shop.example"})
    assert "__Host-session=" in told.headers["set-cookie"]
    assert "; secure" in told.headers["set-cookie"].lower()


def test_a_wrong_password_lets_nobody_in_and_is_kept(visitor: Visitor, database: Database) -> None:
    add_user(database, "ana", Role.ADMIN)
    assert visitor.sign_in("ana", "wrong horse battery").status_code == 401
    assert visitor.sign_in("a password in the wrong field").status_code == 401
    assert visitor.get("/for-agents").status_code == 303
    with database.reading() as conn:
        seen = [(one.what, one.about) for one in access_events.latest(conn, 2)]
    assert seen == [(Change.SIGN_IN_REFUSED, ""), (Change.SIGN_IN_REFUSED, "ana")]


def test_after_five_wrong_passwords_the_right_one_has_to_wait(
    visitor: Visitor, database: Database
) -> None:
    add_user(database, "ana", Role.ADMIN)
    now = utc_now()
    with database.writing() as conn:
        for _ in range(5):
            sessions.refuse(conn, ["ana\0" + "127.0.0.1"], now, now - timedelta(hours=1))
    answer = visitor.sign_in("ana")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_the_session_is_a_new_one_at_sign_in(visitor: Visitor, database: Database) -> None:
    """A secret that somebody planted in the browser before is worth nothing afterwards."""
    add_user(database, "ana", Role.AGENT)
    visitor.client.cookies.set("session", "planted", domain="127.0.0.1")
    visitor.sign_in("ana")
    assert visitor.client.cookies.get("session") != "planted"
    with database.reading() as conn:
        assert sessions.of(conn, "planted", utc_now()) is None


def test_who_signs_out_is_out(visitor: Visitor, database: Database) -> None:
    add_user(database, "ana", Role.AGENT)
    visitor.sign_in("ana")
    secret = visitor.client.cookies["session"]
    proof = proof_of(secret)
    answer = visitor.client.post(
        "/sign-out", data={"csrf": proof}, headers={"origin": visitor.origin}
    )
    assert answer.status_code == 303
    with database.reading() as conn:
        assert sessions.of(conn, secret, utc_now()) is None


@pytest.mark.parametrize("change", ["disable", "password"])
def test_who_is_disabled_or_has_a_new_password_is_signed_out(
    visitor: Visitor, database: Database, change: str
) -> None:
    add_user(database, "ana", Role.AGENT)
    visitor.sign_in("ana")
    with database.writing() as conn:
        if change == "disable":
            users.disable(conn, "ana", by="test", at=utc_now())
        else:
            users.change_password(conn, "ana", "another hash", by="test", at=utc_now())
    assert visitor.get("/for-agents").status_code == 303
    assert visitor.sign_in("ana").status_code == 401


@pytest.mark.parametrize("is_used", [False, True])
def test_a_session_ends_by_itself(database: Database, is_used: bool) -> None:
    """Unused for half a day; else after a week."""
    now, second = utc_now(), timedelta(seconds=1)
    lasts = sessions.LONGEST if is_used else sessions.IDLE
    with database.writing() as conn:
        number = users.add(conn, "ana", Role.AGENT, None, by="test", at=now)
        sessions.begin(conn, "secret", number, now)
        if is_used:
            sessions.touch(conn, "secret", now + lasts)
        assert sessions.of(conn, "secret", now + lasts - second) is not None
        assert sessions.of(conn, "secret", now + lasts + second) is None


def test_a_role_that_is_taken_away_is_gone_at_once(visitor: Visitor, database: Database) -> None:
    add_user(database, "ana", Role.AGENT)
    visitor.sign_in("ana")
    with database.writing() as conn:
        users.change_role(conn, "ana", Role.VIEWER, by="test", at=utc_now())
    assert visitor.get("/for-agents").status_code == 403


def test_a_form_that_is_not_ours_changes_nothing(visitor: Visitor, database: Database) -> None:
    add_user(database, "ana", Role.ADMIN)
    visitor.sign_in("ana")
    proof = proof_of(visitor.client.cookies["session"])
    tries = {
        "no proof": ({}, visitor.origin),
        "a wrong proof": ({"csrf": "0" * 64}, visitor.origin),
        "another site": ({"csrf": proof}, "https://evil.example"),
        "no site": ({"csrf": proof}, "null"),
    }
    for what, (fields, origin) in tries.items():
        answer = visitor.client.post("/for-managers", data=fields, headers={"origin": origin})
        assert answer.status_code == 403, what
    ours = visitor.client.post(
        "/for-managers", data={"csrf": proof}, headers={"origin": visitor.origin}
    )
    assert ours.json() == {"name": "ana"}


def test_a_token_opens_what_its_role_and_scope_allow(served: Served, database: Database) -> None:
    agent = add_token(database, "helpdesk", Role.AGENT)
    reader = add_token(database, "reader", Role.MANAGER, {Scope.READ})
    manager = add_token(database, "boss", Role.MANAGER)
    client = served.client
    assert client.get("/for-agents", headers=agent).json() == {
        "name": "api:helpdesk",
        "via": Via.TOKEN,
    }
    assert client.post("/for-managers", headers=agent).status_code == 403
    assert client.get("/for-agents", headers=reader).status_code == 200
    assert client.post("/for-managers", headers=reader).status_code == 403
    assert client.post("/for-managers", headers=manager).status_code == 200


@pytest.mark.parametrize("sent", ["Bearer nonsense", "Bearer", "Basic YTpi", "nonsense"])
def test_what_is_no_token_opens_nothing(served: Served, sent: str) -> None:
    answer = served.client.get("/for-agents", headers={"authorization": sent})
    assert answer.status_code == 401


def test_a_token_ends(database: Database) -> None:
    now = utc_now()
    with database.writing() as conn:
        secret = tokens.add(
            conn, "short", Role.VIEWER, {Scope.READ}, ends_at=now, by="test", at=now
        )
        assert tokens.of(conn, secret, now) is None
        secret = tokens.add(
            conn, "long", Role.VIEWER, {Scope.READ}, ends_at=None, by="test", at=now
        )
        assert tokens.of(conn, secret, now) is not None
        tokens.revoke(conn, "long", by="test", at=now)
        assert tokens.of(conn, secret, now) is None


def test_neither_passwords_nor_secrets_are_kept(visitor: Visitor, database: Database) -> None:
    add_user(database, "ana", Role.AGENT)
    visitor.sign_in("ana")
    sent = add_token(database, "helpdesk", Role.AGENT)["authorization"].removeprefix("Bearer ")
    assert database.path is not None
    stored = database.path.read_bytes() + database.path.with_suffix(".db-wal").read_bytes()
    for secret in (PASSWORD, sent, visitor.client.cookies["session"]):
        assert secret.encode() not in stored
