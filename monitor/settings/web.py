"""`[web]`: what is served by HTTP, and who vouches for the people who sign in."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyNetwork

from monitor.settings.addresses import is_loopback, web_address
from monitor.settings.secret_names import SecretName

HostName = Annotated[
    str, Field(pattern=r"^(\*|(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])$")
]
"""A host as a browser names it, without a port; "*.shop.example" for all below one, "*" for any."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")


def _issuer(text: str) -> str:
    parts = urlsplit(web_address(text))
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError("who vouches for people is asked by https:// alone")
    return text


class OpenIdTable(BaseModel):
    """`[web.openid]`: people sign in by an account that they have elsewhere (OpenID Connect)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, AfterValidator(_issuer)] = Field(
        description="Whose accounts, as the service itself writes its address."
    )
    client_id: str = Field(min_length=1, description="As what the service knows this page.")
    client_secret: SecretName = Field(default="openid", description="The secret's name.")
    name_claim: str = Field(
        default="email", min_length=1, description="Which of its facts is the user's name here."
    )


class WebTable(BaseModel):
    """`[web]`: what is served by HTTP (`web`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen at.")
    port: int = Field(default=8321, ge=0, le=65_535)
    hosts: tuple[HostName, ...] = Field(
        default=(), description="Names by which it is called, besides this machine's own."
    )
    proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Servers before the page, or their networks: whom they name as caller is believed.",
    )
    most_bytes: int = Field(default=2 * 2**20, ge=1024, description="Of what one call may send.")
    open_metrics: bool = Field(
        default=False, description="`/metrics` for whoever reaches it, without a token."
    )
    openid: OpenIdTable | None = None

    def believes(self, host: str) -> bool:
        """Whether the caller at that address is a server before the page."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in one for one in self.proxies)

    @property
    def known_as(self) -> tuple[str, ...]:
        """What a call may name as its host."""
        return (*_LOOPBACK, self.host, *self.hosts)
