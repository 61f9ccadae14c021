"""Log-ins by OAuth: had once, kept while they are good, and never told of in any message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from monitor.domain.errors import SourceError
from monitor.fetching import Budget, Client, FetchError, google
from monitor.fetching.oauth import Login
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Asked, Fault
from monitor.simulator.tokens import Tokens

FORM = {"grant_type": "refresh_token", "refresh_token": "r3fresh"}


class Guarded:
    """Answers to whoever has a token."""

    def __init__(self) -> None:
        self.tokens = Tokens(FORM)

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        if asked.path == "/token":
            return self.tokens.answer(asked.body, asked.headers)
        if not self.tokens.lets_in(asked.headers):
            return 401, {"message": "no token"}
        return 200, {"said": asked.body, "method": asked.method}


@pytest.fixture
def guarded() -> Guarded:
    return Guarded()


@pytest.fixture
def server(guarded: Guarded) -> Iterator[PlainServer]:
    with PlainServer(guarded) as running:
        yield running


def budget() -> Budget:
    return Budget(1000, timedelta(minutes=1))


def let_in(server: PlainServer, rotated: list[str] | None = None) -> Client:
    given: list[str] = [] if rotated is None else rotated
    login = Login(
        Client("the log-in", server.url, budget=budget(), timeout=1),
        "token",
        lambda: FORM,
        mend="look at it",
        rotated=given.append,
    )
    return Client(
        "n", server.url, budget=budget(), headers=login.headers, renew=login.renew, timeout=1
    )


def test_what_is_written_arrives_once_though_the_token_had_run_out(
    server: PlainServer, guarded: Guarded
) -> None:
    client = let_in(server)
    client.get("things")
    guarded.tokens.revoke()
    answer = client.put("things/1", {"comment": "Sorry!"})
    assert answer == {"said": {"comment": "Sorry!"}, "method": "PUT"}
    assert [one.method for one in server.asked if one.path == "/things/1"] == ["PUT", "PUT"]


def test_a_new_token_that_is_refused_is_no_reason_to_get_another(server: PlainServer) -> None:
    server.faults.append(Fault("401", "/things"))
    with pytest.raises(FetchError) as raised:
        let_in(server).get("things")
    assert raised.value.permanent
    assert [one.path for one in server.asked] == ["/token", "/things"]


@pytest.mark.parametrize(
    "life",
    [None, "soon", "nan", True, [], 1e300],
    ids=["none", "word", "nan", "bool", "list", "inf"],
)
def test_an_odd_life_of_a_token_does_no_harm(
    server: PlainServer, guarded: Guarded, life: Any
) -> None:
    guarded.tokens.life = life
    client = let_in(server)
    for _ in range(2):
        client.get("things")


@pytest.mark.parametrize("body", ["{}", "[]", '{"access_token": 7}', '{"access_token": "a\\nb"}'])
def test_a_log_in_without_a_token_is_tried_again_later(server: PlainServer, body: str) -> None:
    server.faults.append(Fault("said", "/token", body=body))
    with pytest.raises(SourceError, match="no access token") as raised:
        let_in(server).get("things")
    assert not raised.value.permanent


def test_a_refresh_token_that_is_rotated_is_handed_on(server: PlainServer) -> None:
    body = '{"access_token": "t", "refresh_token": "next"}'
    server.faults.append(Fault("said", "/token", body=body))
    rotated: list[str] = []
    with pytest.raises(SourceError):
        let_in(server, rotated).get("things")
    assert rotated == ["next"]


@pytest.mark.parametrize(
    ("said", "is_limit"),
    [
        ({"error": {"errors": [{"reason": "quotaExceeded"}]}}, True),
        ({"error": {"status": "RESOURCE_EXHAUSTED"}}, True),
        ({"error": {"errors": [{"reason": "forbidden"}], "status": "PERMISSION_DENIED"}}, False),
        ({"error": {"errors": [7, {"reason": 7}]}}, False),
        ({"error": "invalid_grant"}, False),
        (None, False),
    ],
)
def test_google_s_word_for_too_much_is_known(said: Any, is_limit: bool) -> None:
    assert google.is_limit(said) is is_limit
