"""Calls the public internet alone, for addresses that strangers may choose.

Whoever owns a page, a redirect or a name can point it at the shop's own network, or at the machine's
own (169.254.169.254 tells a cloud's keys). So the name is looked up here, the address is checked, and
it is that very address that is called: a second look-up could be answered differently.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from monitor.domain.quoting import quoted
from monitor.fetching.budget import Budget
from monitor.fetching.client import Call, Client, FetchError

_UNCHANGED = 304
_MOST_TRIED = 4
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as a translator writes them; the last 32 bits are the address that is meant."""


@dataclass(frozen=True, slots=True)
class Document:
    """What stands at an address, as it came. `body` is None if it did not change since the asker saw it.

    `url`: where it was found in the end. `headers`: the answer's, by names in lower case.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes | None


class Roamer(Client):
    """Asks for documents at any address of the internet, and follows redirects there. It has no key."""

    def __init__(
        self,
        network: str,
        *,
        budget: Budget,
        timeout: float,
        most_bytes: int,
        but: Iterable[str] = (),
    ) -> None:
        """`network`: what it asks, in messages. `but`: hosts that may have a private address."""
        nowhere = "http://nowhere.invalid"  # every document has an address of its own
        super().__init__(network, nowhere, budget=budget, timeout=timeout, most_bytes=most_bytes)
        self._but = tuple(but)

    def document(self, url: str, headers: Mapping[str, str]) -> Document:
        """The bytes at a full address; `headers` may make it a conditional question. Raises SourceError."""
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            message = f"{self._network} has no such address: {quoted(error)}"
            raise FetchError(message, permanent=True) from error
        response, body = self._got(Call("GET", address, {}, headers=headers))
        told = dict(response.headers)
        if response.status_code == _UNCHANGED:
            return Document(str(response.url), told, None)
        if not response.is_success:
            raise self._refused(response, None)
        return Document(str(response.url), told, body)

    def hand_in(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Write bytes to a full address, once; no redirect is followed. Raises SourceError."""
        response, _ = self._put_across(Call("POST", httpx.URL(url), {"content": body}, 1, headers))
        if not response.is_success:
            raise self._refused(response, None)

    def _transport(self) -> httpx.BaseTransport:
        return Outside(self._but)

    def _followed(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            there = url.join(location)
        except httpx.InvalidURL:
            return super()._followed(url, location)
        return there if there.scheme in ("http", "https") else super()._followed(url, location)


class Outside(httpx.BaseTransport):
    """Calls no private, loopback, link-local, multicast or reserved address.

    It goes out directly: behind a proxy it could not tell where a name leads.
    """

    def __init__(self, but: Iterable[str] = ()) -> None:
        """`but`: hosts that may be where they like, as the config names them."""
        self._but = frozenset(host.casefold() for host in but)
        # no connection is kept: one that was checked for a name must not serve another name there
        limits = httpx.Limits(max_keepalive_connections=0)
        self._inner = httpx.HTTPTransport(limits=limits)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Call an address of the host. Raises FetchError if it has none that may be called."""
        host = request.url.host
        told = dict(request.extensions) | {"sni_hostname": host}
        lost: httpx.ConnectError | None = None
        for address in self._addresses(host)[:_MOST_TRIED]:
            url = request.url.copy_with(host=address)
            # the header Host is there already, and names the host
            there = httpx.Request(
                request.method, url, headers=request.headers, stream=request.stream, extensions=told
            )
            try:
                return self._inner.handle_request(there)
            except httpx.ConnectError as error:
                lost = error
        raise lost or httpx.ConnectError(f"{host} has no address", request=request)

    def close(self) -> None:
        self._inner.close()

    def _addresses(self, host: str) -> list[str]:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{host} has no address: {error}") from error
        addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
        if host.casefold() in self._but:
            return addresses
        public = [one for one in addresses if is_public(one)]
        if addresses and not public:
            raise FetchError(
                f"{host} is at {addresses[0]}, which is no public address, and is not asked; "
                "if it is yours, name the host in private_hosts",
                permanent=True,
            )
        return public


def is_public(text: str) -> bool:
    """Whether an address belongs to the internet, whatever it is wrapped in."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
