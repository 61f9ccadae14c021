"""What strangers name is called on the public internet alone, whatever they name."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetching import Budget, FetchError
from monitor.fetching.outside import Document, Roamer, is_public
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Answer, Asked, Fault

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
    *("100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1"),
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, of 127.0.0.1
]


class Site:
    """Answers with its own words, and notes who was asked for."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        self.asked.append(asked)
        return 200, Answer(200, b"words", {"content-type": "text/plain"})


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[PlainServer]:
    with PlainServer(site) as running:
        yield running


def document(url: str, *but: str) -> Document:
    budget = Budget(99, timedelta(minutes=1))
    return Roamer("it", budget=budget, timeout=2, most_bytes=10**6, but=but).document(url, {})


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_one_s_own_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1", "64:ff9b::1.1.1.1"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_it_is_wrapped(address: Any) -> None:
    wrapped = [f"::ffff:{address}", f"64:ff9b::{address}"]
    assert {is_public(one) for one in wrapped} == {is_public(str(address))}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0.0.0.0", "127.1", "0x7f000001"]
)
def test_the_machine_itself_is_not_called(server: PlainServer, site: Site, host: str) -> None:
    port = server.url.rpartition(":")[2]
    with pytest.raises(FetchError, match="no public address") as caught:
        document(f"http://{host}:{port}/latest/meta-data")
    assert caught.value.permanent
    assert "private_hosts" in str(caught.value)
    assert site.asked == []


def test_a_host_that_the_config_names_may_be_private(server: PlainServer, site: Site) -> None:
    found = document(f"{server.url}/feed", "127.0.0.1")
    assert (found.body, found.headers["content-type"]) == (b"words", "text/plain")
    assert site.asked[0].headers["host"] == server.url.removeprefix("http://")


@pytest.mark.parametrize(
    "there", ["http://localhost", "http://169.254.169.254", "//10.0.0.1", "http://[::1]"]
)
def test_a_redirect_leads_to_no_private_address(
    server: PlainServer, site: Site, there: str
) -> None:
    server.faults.append(Fault("redirect", "/feed", location=f"{there}/secrets"))
    with pytest.raises(FetchError, match="no public address"):
        document(f"{server.url}/feed", "127.0.0.1")
    assert site.asked == []


def test_a_redirect_to_another_host_is_followed(server: PlainServer, site: Site) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.faults.append(Fault("redirect", "/feed", location=f"{elsewhere}/moved"))
    found = document(f"{server.url}/feed", "127.0.0.1", "LOCALHOST")
    assert found.url.endswith("/moved")
    assert site.asked[0].headers["host"].startswith("localhost:")


def test_a_redirect_to_another_kind_of_address_is_refused(server: PlainServer) -> None:
    server.faults.append(Fault("redirect", "/feed", location="file:///etc/passwd"))
    with pytest.raises(FetchError, match="which is not followed") as caught:
        document(f"{server.url}/feed", "127.0.0.1")
    assert caught.value.permanent


@pytest.mark.parametrize("url", ["http://0177.0.0.1/", "http://a\x00b/", "http://[::1/"])
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(FetchError, match="no such address") as caught:
        document(url)
    assert caught.value.permanent


def test_a_name_without_an_address_may_get_one() -> None:
    with pytest.raises(FetchError, match="can't be reached") as caught:
        document("http://shop.invalid/feed")
    assert not caught.value.permanent


def test_a_proxy_of_the_environment_does_not_get_around_it(
    server: PlainServer, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("ALL_PROXY", server.url)
    with pytest.raises(FetchError, match="no public address"):
        document("http://10.0.0.1/feed")
    assert site.asked == []


def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with https(authority, "localhost") as port:
        assert document(f"https://localhost:{port}/", "localhost").body == b"words"
        with pytest.raises(FetchError, match="can't be reached"):
            document(f"https://127.0.0.1:{port}/", "127.0.0.1")


class https:  # noqa: N801  # reads as the scheme that it serves
    """A server with a certificate for one name, from `with` to its end. Its port."""

    def __init__(self, authority: trustme.CA, name: str) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Words)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._server.server_address[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Words(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "5")
        self.end_headers()
        self.wfile.write(b"words")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
