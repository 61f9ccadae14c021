"""The server that all networks of the simulation stand on: what goes wrong does so as planned."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from monitor.simulator.serving import Answer, Asked, Fault, Server, as_json, packed

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
BROKEN = (http.client.HTTPException, OSError)


class Till(Server):
    """Counts what it took."""

    def __init__(self) -> None:
        super().__init__(lambda: NOON)
        self.taken = 0

    def serve(self, asked: Asked) -> Answer:
        with self.lock:
            self.taken += 1
        return as_json(200, {"path": asked.path, "query": asked.query, "body": asked.body})


@pytest.fixture
def till() -> Iterator[Till]:
    with Till() as running:
        yield running


def call(
    server: Server, path: str = "/", *, timeout: float = 5, body: str | None = None, kind: str = ""
) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=timeout)
    try:
        line.request("POST" if body else "GET", path, body, {"Content-Type": kind} if kind else {})
        answer = line.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        line.close()


def test_what_is_asked_arrives_and_the_answer_is_dated_by_the_clock(till: Till) -> None:
    status, headers, said = call(till, "/a?q=%C8%99&q=2&r=")
    assert status == 200
    assert json.loads(said) == {"path": "/a", "query": {"q": "2", "r": ""}, "body": {}}
    assert headers["date"] == "Fri, 27 Mar 2026 12:00:00 GMT"
    form = call(till, body="x=1", kind="application/x-www-form-urlencoded")[2]
    assert json.loads(form)["body"] == json.loads(call(till, body='{"x": "1"}')[2])["body"]
    assert [one.method for one in till.asked] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("kind", ["503", "html", "drop", "slow", "truncated", "stall", "empty"])
def test_what_fails_is_not_done_unless_the_fault_comes_after(till: Till, kind: str) -> None:
    for planned, taken in ((kind, 0), (f"{kind} after", 1)):
        till.fail(planned, times=1)
        try:
            status, _, said = call(till, timeout=0.3)
            assert status == 503 or not said.startswith(b'{"path"')
        except BROKEN:
            pass
        assert till.taken == taken
    assert call(till)[0] == 200


def test_half_of_the_true_answer_comes_of_what_was_done(till: Till) -> None:
    till.fail("truncated after")
    with pytest.raises(http.client.IncompleteRead) as raised:
        call(till)
    assert raised.value.partial.startswith(b'{"path"')


def test_a_fault_befalls_its_calls_as_often_as_planned_and_in_order(till: Till) -> None:
    till.fail("503", "/a", times=2)
    till.faults += [Fault("well", "/a", times=1), Fault("404", "/a", method="POST")]
    assert [call(till, "/a")[0] for _ in range(4)] == [503, 503, 200, 200]
    assert call(till, "/b", body="{}")[0] == 200
    assert call(till, "/a", body="{}")[0] == 404
    assert [one.kind for one in till.heal()] == ["404"]
    assert call(till, "/a", body="{}")[0] == 200


def test_a_fault_says_what_it_is_told_to(till: Till) -> None:
    till.fail("429 too fast", times=1, headers={"Retry-After": "7"}, body="slowly")
    status, headers, said = call(till)
    assert (status, headers["retry-after"], said) == (429, "7", b"slowly")
    till.fail("redirect", times=1)
    assert call(till)[1]["location"] == "/login"
    till.fail("redirect", times=1, location="/there")
    assert call(till)[1]["location"] == "/there"
    till.headers["X-Left"] = "3"
    till.fail("said", times=1, body="[1]")
    assert call(till)[1:] == ({**headers_of(till), "x-left": "3"}, b"[1]")
    with pytest.raises(ValueError, match="no fault is called 'teapot'"):
        till.fail("teapot")


def headers_of(till: Till) -> dict[str, str]:
    date, kind = till.always()["Date"], till.always()["Content-Type"]
    return {"date": date, "content-type": kind, "content-length": "3"}


def test_a_held_call_goes_on_when_it_is_released(till: Till) -> None:
    till.fail("held", "/held", times=1)
    came: list[int] = []
    waiting = threading.Thread(target=lambda: came.append(call(till, "/held")[0]))
    waiting.start()
    assert call(till, "/other")[0] == 200
    assert came == []
    till.released.set()
    waiting.join(5)
    assert came == [200]


def test_a_body_that_trickles_keeps_the_line_awake_and_never_ends(till: Till) -> None:
    till.fail("trickle", seconds=0.3)
    with pytest.raises(http.client.IncompleteRead) as raised:
        call(till, timeout=0.2)
    assert raised.value.partial.isspace()


def test_nobody_waits_for_a_slow_answer_when_the_server_stops() -> None:
    arrived = threading.Event()

    class Door(Till):
        def next_fault(self, asked: Asked) -> Fault | None:
            arrived.set()
            return super().next_fault(asked)

    with Door() as door:
        door.fail("slow", seconds=600)
        line = socket.create_connection(("127.0.0.1", urlsplit(door.url).port or 0), timeout=60)
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert arrived.wait(60)
    with line:
        assert line.recv(1) == b""


def test_a_packed_answer_is_the_same() -> None:
    answer = packed(Answer(200, b"words", {"X": "y"}))
    assert gzip.decompress(answer.content) == b"words"
    assert answer.headers == {"X": "y", "Content-Encoding": "gzip"}
