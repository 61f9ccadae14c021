"""People sign in by an account elsewhere, if it is surely theirs and they are users here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx
import pytest

from monitor.domain.access import Role
from monitor.simulator.serving import Answer
from monitor.web.app import take_up
from tests.stages.told import Machine
from tests.web.identity import CLIENT, SECRET, STRANGE_KEY, Identity, IdentityServer
from tests.web.served import Served
from tests.web.visitor import Visitor, add_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANA = {"email": "ana@shop.example", "email_verified": True}


@pytest.fixture
def identity() -> Iterator[Identity]:
    with IdentityServer(Identity()) as server:
        yield server.network


def said_of(identity: Identity) -> str:
    return f'[web.openid]\nissuer = "{identity.url}"\nclient_id = "{CLIENT}"\n'


@pytest.fixture
def served(database_url: str, identity: Identity) -> Iterator[Served]:
    with Served(database_url, said_of(identity), {"openid": SECRET}) as one:
        add_user(one.application.database, "ana@shop.example", Role.AGENT)
        yield one


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    one = Visitor(served)
    yield one
    one.client.close()


def signs_in(visitor: Visitor, identity: Identity, **facts: Any) -> httpx.Response:
    led = visitor.get("/sign-in/openid?next=/queue%3Fq%3Da")
    assert led.headers["location"].startswith(f"{identity.url}/authorization?")
    brought = identity.agrees(led.headers["location"], **facts)
    return visitor.client.get("/sign-in/openid/back", params=brought)


def test_who_is_vouched_for_and_is_a_user_is_let_in(visitor: Visitor, identity: Identity) -> None:
    assert "Sign in with your account at" in visitor.get("/sign-in").text
    before = visitor.client.cookies.get("session")
    answer = signs_in(visitor, identity, **ANA)
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue?q=a")
    assert visitor.get("/queue").status_code == 200
    assert visitor.client.cookies.get("session") != before


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"email": "ion@shop.example", "email_verified": True}, "no access here yet"),
        ({"email": "ana@shop.example", "email_verified": False}, "not verified"),
        ({"email": "ana@shop.example"}, "not verified"),
        ({}, "does not tell your email"),
    ],
)
def test_who_is_not_surely_a_user_is_told_so(
    visitor: Visitor, identity: Identity, facts: dict[str, Any], why: str
) -> None:
    answer = signs_in(visitor, identity, **facts)
    assert answer.status_code == 401
    assert why in answer.text
    assert visitor.get("/queue").status_code == 303


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "another-page"},
        {"iss": "https://evil.example"},
        {"nonce": "another browser's"},
        {"exp": 1},
        {"aud": [CLIENT, "another-page"], "azp": "another-page"},
    ],
)
def test_what_is_not_meant_for_us_now_is_not_believed(
    visitor: Visitor, identity: Identity, lie: dict[str, Any]
) -> None:
    identity.lies = lie
    assert signs_in(visitor, identity, **ANA).status_code == 401
    assert visitor.get("/queue").status_code == 303


def test_another_s_signature_is_not_believed(visitor: Visitor, identity: Identity) -> None:
    identity.key = STRANGE_KEY
    assert signs_in(visitor, identity, **ANA).status_code == 401


def test_what_one_browser_brings_another_cannot_use(
    served: Served, visitor: Visitor, identity: Identity
) -> None:
    """A thief who catches the code, or plants his own, gets nowhere."""
    led = visitor.get("/sign-in/openid")
    brought = identity.agrees(led.headers["location"], **ANA)
    thief = Visitor(served)
    thief.get("/sign-in")
    answer = thief.client.get("/sign-in/openid/back", params=brought)
    assert answer.status_code == 401
    assert "did not ask for that" in answer.text
    thief.client.close()


@pytest.mark.parametrize("answer", [b"[" * 100_000, b"[]", b"7", b""])
def test_an_answer_that_is_none_is_not_believed(
    visitor: Visitor, identity: Identity, answer: bytes
) -> None:
    led = visitor.get("/sign-in/openid")
    brought = identity.agrees(led.headers["location"], **ANA)
    identity.says = Answer(200, answer)
    told = visitor.client.get("/sign-in/openid/back", params=brought)
    assert (told.status_code, "cannot be trusted" in told.text) == (401, True)


def test_a_service_that_says_no_is_said(visitor: Visitor, identity: Identity) -> None:
    led = visitor.get("/sign-in/openid")
    state = identity.agrees(led.headers["location"])["state"]
    refused = visitor.client.get("/sign-in/openid/back", params={"state": state, "error": "denied"})
    assert "vouches for nobody" in refused.text


def test_whoever_comes_does_not_make_us_ask_the_service_each_time(
    database_url: str, identity: Identity
) -> None:
    """Its description is kept for minutes, and that it is down for seconds."""
    machine = Machine()
    config, secrets = said_of(identity), {"openid": SECRET}
    with (
        Served(database_url, config, secrets, clock=machine) as served,
        closing(Visitor(served).client) as client,
    ):
        identity.is_down = True
        for _ in range(3):
            assert "cannot be reached" in client.get("/sign-in/openid").text
        assert identity.described == 1
        identity.is_down = False
        machine.at += timedelta(seconds=10)
        for _ in range(3):
            assert client.get("/sign-in/openid").status_code == 303
        assert identity.described == 2
        machine.at += timedelta(minutes=5)
        assert client.get("/sign-in/openid").status_code == 303
        assert identity.described == 3


def test_after_another_service_is_configured_the_one_before_is_trusted_no_longer(
    served: Served, visitor: Visitor, identity: Identity
) -> None:
    assert signs_in(visitor, identity, **ANA).status_code == 303
    with IdentityServer(Identity()) as server:
        its = served.application
        table = its.settings.web.openid
        assert table is not None
        web = its.settings.web.model_copy(
            update={"openid": table.model_copy(update={"issuer": server.url})}
        )
        take_up(served.app, its.changed(its.settings.model_copy(update={"web": web})).site())
        led = visitor.get("/sign-in/openid")
        assert led.headers["location"].startswith(f"{server.url}/authorization?")


def test_a_database_in_trouble_is_not_said_to_be_a_refusal(
    served: Served, visitor: Visitor, identity: Identity
) -> None:
    with served.application.database.writing() as conn:
        conn.exec_driver_sql("ALTER TABLE access_event RENAME TO away")
    answer = signs_in(visitor, identity, **ANA)
    assert answer.status_code == 503
    assert "sqlite" not in answer.text


def test_without_it_in_the_config_there_is_no_such_door(database_url: str) -> None:
    with Served(database_url) as served:
        visitor = Visitor(served)
        assert visitor.get("/sign-in/openid").status_code == 404
        assert "your account at" not in visitor.get("/sign-in").text
        visitor.client.close()
