"""What a network's own library asks is answered whole and in time, or not at all."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import pytest
import requests
import trustme

from monitor.fetching.whole import WholeAnswers
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Fault
from tests.fetching.test_client import Echo

HEADERS = b"HTTP/1.1 200 OK\r\nX-Drip:"
CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n2;"
BODY = b"HTTP/1.1 200 OK\r\n\r\n{}"
HANDSHAKE = b"\x16\x03\x03\x40\x00"
"""The beginning of what a server of TLS says first, which may be 16 kB."""
Wrap = Callable[[socket.socket], socket.socket]


@pytest.fixture
def server() -> Iterator[PlainServer]:
    with PlainServer(Echo()) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        for scheme in ("https://", "http://"):
            made.mount(scheme, WholeAnswers(0.3))
        yield made


@contextmanager
def dripping(said: bytes, wrap: Wrap = lambda line: line) -> Iterator[int]:
    """A port where this is said to whoever asks, and then a blank now and then, for ever."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def serve() -> None:
            line, _ = listener.accept()
            with suppress(OSError), wrap(line) as speaking:
                speaking.recv(65536)
                speaking.sendall(said)
                while not over.wait(0.05):
                    speaking.sendall(b" ")

        done = pool.submit(serve)
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            done.result()


@pytest.mark.parametrize("said", [HEADERS, CHUNK, BODY], ids=["headers", "chunk", "body"])
def test_an_answer_that_drips_is_given_up_wherever_it_does(
    session: requests.Session, said: bytes
) -> None:
    with dripping(said) as port, pytest.raises(requests.ReadTimeout, match="only drips"):
        session.get(f"http://127.0.0.1:{port}/")


def test_so_it_is_over_tls(session: requests.Session, tmp_path: Path) -> None:
    authority, trusted = trustme.CA(), tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def wrap(line: socket.socket) -> socket.socket:
        return context.wrap_socket(line, server_side=True)

    with dripping(HEADERS, wrap) as port, pytest.raises(requests.ReadTimeout, match="only drips"):
        session.get(f"https://127.0.0.1:{port}/", verify=str(trusted))
    with dripping(HANDSHAKE) as port, pytest.raises(requests.ReadTimeout):
        session.get(f"https://127.0.0.1:{port}/", verify=str(trusted))


def test_the_calls_before_and_after_are_answered(
    session: requests.Session, server: PlainServer
) -> None:
    """The connection in use is cut, and the next call gets another."""
    assert session.get(f"{server.url}/before").json()["path"] == "/before"
    server.faults.append(Fault("drip", times=1))
    with pytest.raises(requests.ReadTimeout):
        session.get(f"{server.url}/things")
    assert session.get(f"{server.url}/after").json()["path"] == "/after"
    assert [one.path for one in server.asked] == ["/before", "/things", "/after"]


def test_what_drips_holds_up_no_other_call(session: requests.Session, server: PlainServer) -> None:
    server.faults.append(Fault("drip", path="/drip"))
    with ThreadPoolExecutor(4) as pool:
        dry = [pool.submit(session.get, f"{server.url}/drip/{number}") for number in range(3)]
        assert pool.submit(session.get, f"{server.url}/things").result().ok
        assert all(isinstance(one.exception(), requests.ReadTimeout) for one in dry)


def test_who_was_never_reached_is_told_apart(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(requests.ConnectionError) as raised:
        session.get(f"http://127.0.0.1:{port}/")
    assert not isinstance(raised.value, requests.ReadTimeout)
