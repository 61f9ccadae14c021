"""The client that sources over plain HTTP share: what it reads, refuses, and says of what went wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from monitor.domain.errors import ConfigError, Outcome, SourceError
from monitor.fetching import Budget, Client, FetchError, Refusals
from monitor.fetching.client import send_error
from monitor.fetching.line import LateError, Line
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Asked, Fault


class Echo:
    """Answers with what it was asked."""

    def __init__(self) -> None:
        self.seen: list[Asked] = []

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        self.seen.append(asked)
        return 200, {"path": asked.path, "asked": asked.query, "said": asked.body}


@pytest.fixture
def server() -> Iterator[PlainServer]:
    with PlainServer(Echo()) as running:
        yield running


def client(server: PlainServer, **options: Any) -> Client:
    given = {"budget": Budget(1000, timedelta(minutes=1)), "timeout": 0.5, **options}
    return Client("the network", server.url, **given)


def refused(server: PlainServer, *faults: Fault, **options: Any) -> FetchError:
    server.faults.extend(faults)
    with pytest.raises(FetchError) as raised:
        client(server, **options).get("things")
    return raised.value


def test_a_path_and_what_is_asked_reach_the_network(server: PlainServer) -> None:
    said = client(server).get("a/b.json", q="ă & ș", page=2)
    assert said == {"path": "/a/b.json", "asked": {"q": "ă & ș", "page": "2"}, "said": {}}


def test_an_address_with_a_path_keeps_it(server: PlainServer) -> None:
    there = Client("n", f"{server.url}/forum/", budget=Budget(9, timedelta(minutes=1)))
    assert there.get("/posts.json")["path"] == "/forum/posts.json"


def test_a_read_that_lost_its_connection_is_tried_once_more(server: PlainServer) -> None:
    server.faults.append(Fault("drop", times=1))
    assert client(server).get("things")["path"] == "/things"
    assert len(server.asked) == 2


def test_a_read_is_not_tried_a_third_time(server: PlainServer) -> None:
    assert not refused(server, Fault("drop")).permanent
    assert len(server.asked) == 2


@pytest.mark.parametrize("kind", ["drop", "drop after", "slow", "503", "half"])
def test_a_write_is_sent_once_and_may_have_arrived(server: PlainServer, kind: str) -> None:
    server.faults.append(Fault(kind))
    with pytest.raises(FetchError) as raised:
        client(server).post("things", {"text": "Sorry!"})
    assert len(server.asked) == 1
    assert send_error(raised.value).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "outcome"), [("429", Outcome.NOT_SENT), ("422", Outcome.PERMANENT)]
)
def test_a_refused_write_did_not_arrive(server: PlainServer, kind: str, outcome: Outcome) -> None:
    server.faults.append(Fault(kind))
    with pytest.raises(FetchError) as raised:
        client(server).post("things", {})
    assert send_error(raised.value).outcome is outcome


def test_nobody_there_means_that_nothing_was_written(server: PlainServer) -> None:
    nowhere = Client("n", "http://127.0.0.1:9", budget=Budget(9, timedelta(minutes=1)))
    with pytest.raises(FetchError) as raised:
        nowhere.post("things", {})
    assert send_error(raised.value).outcome is Outcome.NOT_SENT


def test_a_redirect_within_the_address_is_followed(server: PlainServer) -> None:
    server.faults.append(Fault("redirect", path="/old", location="/new?page=3"))
    assert client(server).get("old")["asked"] == {"page": "3"}


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/things",
        "http://[::1]/",
        "https://127.0.0.1/things",
        "file:///etc/passwd",
        "//10.0.0.1/",
        "http://[not-an-address/",
    ],
)
def test_no_redirect_leads_anywhere_else(server: PlainServer, location: str) -> None:
    error = refused(server, Fault("redirect", location=location))
    assert error.permanent
    assert len(server.asked) == 1


def test_redirects_in_circles_end(server: PlainServer) -> None:
    assert refused(server, Fault("redirect", location="/things")).permanent
    assert len(server.asked) == 4


def test_a_body_that_is_too_long_is_not_read_to_its_end(server: PlainServer) -> None:
    error = refused(server, Fault("huge"), most_bytes=10_000)
    assert "more than 10000 bytes" in str(error)


def test_a_body_that_comes_in_drop_by_drop_is_given_up(server: PlainServer) -> None:
    error = refused(server, Fault("trickle"), timeout=0.2)
    assert "too slowly" in str(error)


@pytest.mark.parametrize("is_kept_open", [False, True])
def test_headers_that_drip_in_are_given_up(server: PlainServer, *, is_kept_open: bool) -> None:
    there = client(server, timeout=0.2)
    if is_kept_open:
        there.get("well")
    server.faults.append(Fault("drip", path="/things"))
    with pytest.raises(FetchError, match="too slowly") as raised:
        there.get("things")
    assert (raised.value.status, raised.value.permanent) == (None, False)
    assert [one.path for one in server.asked].count("/things") == 1
    assert there.get("well")["path"] == "/well"


def test_a_write_whose_answer_drips_in_may_have_arrived(server: PlainServer) -> None:
    server.faults.append(Fault("drip"))
    with pytest.raises(FetchError, match="too slowly") as raised:
        client(server, timeout=0.2).post("things", {"text": "Sorry!"})
    assert send_error(raised.value).outcome is Outcome.UNKNOWN


def test_a_body_of_no_known_length_is_not_whole_where_it_was_cut() -> None:
    """It ends where the connection does: nothing else tells that there was more."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
                while line.recv(65536):
                    pass  # until it is hung up

        done = pool.submit(serve)
        there = Line(httpx.Client(timeout=60))
        url = httpx.URL(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        with pytest.raises(LateError), there.asked("GET", url, 0.3) as answer:
            assert answer.read() == b"{}"
        done.result()


def test_what_one_call_waits_for_holds_up_no_other(server: PlainServer) -> None:
    there = client(server, timeout=30)
    server.faults.append(Fault("held", path="/held"))
    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(there.get, f"held/{number}") for number in range(3)]
        assert pool.submit(there.get, "things").result()["path"] == "/things"
        server.released.set()
        assert [one.result()["path"] for one in held] == ["/held/0", "/held/1", "/held/2"]


def test_the_network_s_own_words_are_told(server: PlainServer) -> None:
    error = refused(server, Fault("422", body='{"errors": ["Body is too short", 7]}'))
    assert str(error).endswith("(422): “Body is too short”")
    assert error.status == 422


@pytest.mark.parametrize("said", ["soon", "-3", "nan", "Fri, 27 Mar 2026"])
def test_a_senseless_retry_after_is_none(server: PlainServer, said: str) -> None:
    assert refused(server, Fault("429", headers={"retry-after": said})).retry_after is None


def test_nobody_waits_longer_than_a_day_unasked(server: PlainServer) -> None:
    error = refused(server, Fault("429", headers={"retry-after": "1e300"}))
    assert error.retry_after == timedelta(days=1)


def test_what_the_budget_does_not_allow_is_not_asked(server: PlainServer) -> None:
    asking = client(server, budget=Budget(2, timedelta(hours=1)))
    asking.get("a")
    assert asking.budget.left == 1
    asking.get("b")
    with pytest.raises(SourceError) as raised:
        asking.get("c")
    assert raised.value.out_of_budget
    assert raised.value.retry_after is not None
    assert timedelta(minutes=59) < raised.value.retry_after <= timedelta(hours=1)
    assert len(server.asked) == 2


def test_a_secret_that_is_missing_or_cannot_be_sent_is_a_matter_of_config(
    server: PlainServer,
) -> None:
    def missing() -> dict[str, str]:
        raise ConfigError("no secret forum_key")

    assert refused(server, headers=missing).permanent
    for secret in ("s3cr3t\n", "s3cr3t-ă"):
        error = refused(server, headers=partial(dict, {"api-key": secret}))
        assert error.permanent
        assert "s3cr3t" not in f"{error} {error.__cause__}"
    assert server.asked == []


def test_reads_leave_a_part_of_the_budget_to_writes(server: PlainServer) -> None:
    there = client(server, budget=Budget(60, timedelta(minutes=1), kept=50))
    for _ in range(10):
        there.get("things")
    with pytest.raises(SourceError) as raised:
        there.get("things")
    assert raised.value.out_of_budget
    there.post("things", {}, cost=50)
    with pytest.raises(SourceError):
        there.post("things", {}, cost=1)


def test_what_can_never_be_spent_is_refused_all_the_same(server: PlainServer) -> None:
    there = client(server, budget=Budget(1, timedelta(minutes=1)))
    with pytest.raises(SourceError) as raised:
        there.post("things", {}, cost=50)
    assert raised.value.retry_after == timedelta(minutes=1)


def test_a_refusal_that_is_for_too_much_is_waited_out_whatever_its_status(
    server: PlainServer,
) -> None:
    said = Refusals(pause=lambda said: said["wait"], is_limit=lambda said: "wait" in said)
    error = refused(server, Fault("400", body='{"wait": 12, "message": "slow"}'), refusals=said)
    assert (error.permanent, error.retry_after) == (False, timedelta(seconds=12))
    assert str(error).endswith("too many calls (400): “slow”")


def test_an_answer_without_a_word_is_one_where_none_is_due(server: PlainServer) -> None:
    server.faults.append(Fault("204", body=" "))
    assert client(server).post("things", {"text": "Sorry!"}) is None


def test_a_question_may_name_several_things(server: PlainServer) -> None:
    client(server).get("things", uris=["a", "b & c"], actor="d")
    assert server.asked[-1].address == "/things?uris=a&uris=b+%26+c&actor=d"


def test_nothing_at_all_can_be_written(server: PlainServer) -> None:
    """Some networks refuse a body where they expect none."""
    client(server).post("renew", None)
    assert server.asked[-1].content == b""


def test_a_network_may_tell_in_headers_of_its_own_when_to_come_again(server: PlainServer) -> None:
    wait = lambda headers: timedelta(seconds=int(headers["x-pause"]))  # noqa: E731
    headers = {"X-Pause": "40"}
    said = partial(refused, server, refusals=Refusals(wait=wait))
    assert said(Fault("429", headers=headers)).retry_after == timedelta(seconds=40)
    server.heal()
    told = said(Fault("503", headers={**headers, "Retry-After": "3"}))
    assert told.retry_after == timedelta(seconds=3), "what all networks say alike comes first"
