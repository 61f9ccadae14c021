"""Shared by the tests of the source `x`: an account on a simulated X, and what the source makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor import registry
from monitor.domain.post import Cursor, Page, Post, PostKey
from monitor.simulator.x import Shown, XFace, id_at
from monitor.simulator.x_http import XServer
from monitor.sources.x import X
from tests.given import Given

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
ACCOUNT, HANDLE = "2244994945", "our_shop"
KEYS = {
    f"x_{name}": name[::-1]
    for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
}


@dataclass
class Shop:
    """The account's world. `now` is the monitor's own clock, `face.now` the network's."""

    face: XFace
    server: XServer
    secrets: Given = field(default_factory=lambda: Given({"x_token": "T", **KEYS}))
    now: datetime = NOON

    def source(self, **said: object) -> X:
        table: dict[str, object] = {
            "account": ACCOUNT,
            "handle": HANDLE,
            "query": "parcel",
            "page_size": 10,
            "overlap": "0s",
            "timeout": 5.0,
            "base_url": self.server.url,
        }
        checked = registry.options(X, table | said, "sources.x")
        assert isinstance(checked, X.Options)
        return X(checked, secrets=self.secrets, clock=lambda: self.now)

    def passes(self, span: timedelta) -> None:
        """Time goes by, for the network and for us."""
        self.now += span
        self.face.now += span

    def writes(self, text: str = "@our_shop my parcel is late", **said: Any) -> str:
        """A customer wrote `ago`, and X shows it now; returns the id."""
        at = self.face.now - said.pop("ago", timedelta(seconds=1))
        number = said.pop("number", None) or str(self._free(id_at(at)))
        self.face.put(number, said.pop("by", "ana_p"), text, at=at, **said)
        return number

    def answers(self, to: str | None, text: str = "On its way!", **said: Any) -> str:
        """The account writes, by its own app."""
        return self.writes(text, by=HANDLE, reply_to=to, **said)

    def raw(self, payload: Mapping[str, Any]) -> Shown:
        """Something that mentions the account and looks exactly so."""
        return self.face.put(payload["id"], "ana_p", "@our_shop", raw=dict(payload))

    def _free(self, number: int) -> int:
        taken = {int(one) for post in self.face.posts.values() for one in post.versions}
        while number in taken:
            number += 1
        return number


@contextmanager
def shop(**said: Any) -> Iterator[Shop]:
    face = XFace(NOON, asker=HANDLE, **{"rate_limit": 100_000, **said})
    face.person(HANDLE, ACCOUNT)
    face.person("ana_p", "901", followers=120)
    with XServer(face, token="T") as server:
        yield Shop(face, server)


def look(source: X, name: str = "mentions", since: Cursor | None = None) -> list[Page]:
    """One look at one stream, to its end."""
    stream = next(one for one in source.streams() if one.name == name)
    return list(source.pages(stream, since))


def posts(pages: list[Page]) -> list[Post]:
    return [item for page in pages for item in page.items if isinstance(item, Post)]


def ids(pages: list[Page]) -> list[str]:
    return [post.key.external_id for post in posts(pages)]


def key(number: str) -> PostKey:
    return PostKey("x", number)
