"""What holds for every call, whatever it asks: who may call, how much, and what leaves."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from monitor.domain.errors import ConfigError
from monitor.web import serving
from monitor.web.headers import HEADERS
from tests.web.served import Served

MOST = 4096


pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def served(database_url: str) -> Iterator[Served]:
    with Served(database_url, f"[web]\nmost_bytes = {MOST}\nhosts = ['shop.example']") as one:
        yield one


def test_it_says_that_it_is_alive(served: Served) -> None:
    answer = served.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


@pytest.mark.parametrize("path", ["/healthz", "/no-such-page"])
def test_every_answer_tells_the_browser_to_be_careful(served: Served, path: str) -> None:
    told = served.client.get(path).headers
    assert {name: told.get(name) for name in HEADERS} == dict(HEADERS)
    assert "server" not in told


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_nothing_is_shown_that_nobody_made(served: Served, path: str) -> None:
    assert served.client.get(path).status_code == 404


def test_an_error_is_a_problem_in_words(served: Served) -> None:
    answer = served.client.get("/no-such-page")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8321", 200),
        ("localhost", 200),
        ("[::1]:8321", 200),
        ("shop.example", 200),
        ("evil.example", 400),
        ("shop.example.evil.example", 400),
    ],
)
def test_a_page_is_not_reached_under_a_stranger_s_name(
    served: Served, host: str, status: int
) -> None:
    assert served.client.get("/healthz", headers={"host": host}).status_code == status


def test_a_port_that_is_taken_is_told(served: Served) -> None:
    with pytest.raises(ConfigError, match=r"see host and port under \[web\]"):
        serving.listen("127.0.0.1", served.port)


def test_a_caller_who_hangs_up_hurts_nobody(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as caller:
        caller.sendall(
            b"POST /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nab"
        )
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if httpx.get(f"{served.url}/healthz").status_code == 200:
            return
    raise AssertionError("it does not answer any more")
