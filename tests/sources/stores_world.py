"""Shared by the tests of the app stores: an app with reviews, and what a source makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from monitor import registry
from monitor.domain.post import Cursor, Gone, Page, Post, Rejected
from monitor.simulator.app_store import AppStore as Apple
from monitor.simulator.google_play import GooglePlay as Google
from monitor.simulator.stores_http import StoreServer
from monitor.sources.stores.app_store import AppStore
from monitor.sources.stores.google_play import GooglePlay
from tests.given import Given
from tests.sources.reviewed import Reviewed

PACKAGE, APP = "example.bufnivo.app", "1577000001"
KEY_ID, ISSUER = "2X9R4HXF34", "57246542-96fe-1a63-e053-0824d011072a"
STORES = ("google_play", "app_store")


@dataclass
class Shop(Reviewed):
    """One app in one store."""

    face: Google | Apple = field(init=False)
    server: StoreServer = field(init=False)
    secrets: Given = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.network == "google_play":
            self.face = Google(self.store, PACKAGE)
        else:
            self.face = Apple(self.store, APP, key_id=KEY_ID, issuer=ISSUER)
        self.server = StoreServer(self.face)
        url = self.server.url
        self.secrets = Given(
            {"google_play_service_account": self.face.service_account(url)}
            if isinstance(self.face, Google)
            else {"app_store_key": self.face.key}
        )

    def source(self, **said: object) -> GooglePlay | AppStore:
        table: dict[str, object] = {"page_size": 4, "timeout": 2.0, "base_url": self.server.url}
        if self.network == "google_play":
            checked = registry.options(
                GooglePlay, {"package": PACKAGE, **table, **said}, "sources.google_play"
            )
            assert isinstance(checked, GooglePlay.Options)
            return GooglePlay(checked, secrets=self.secrets, clock=lambda: self.now)
        table |= {"app": APP, "key_id": KEY_ID, "issuer": ISSUER}
        checked = registry.options(AppStore, table | said, "sources.app_store")
        assert isinstance(checked, AppStore.Options)
        return AppStore(checked, secrets=self.secrets, clock=lambda: self.now)

    def page(self) -> Any:
        """What the store sends as a page, whoever asks."""
        if isinstance(self.face, Google):
            return self.face.listed({"maxResults": "3"})[1]
        return self.face.listed({"limit": "3", "sort": "-createdDate", "include": "response"})[1]


@contextmanager
def shop(network: str) -> Iterator[Shop]:
    made = Shop(network)
    with made.server:
        yield made


def look(
    source: GooglePlay | AppStore, cursors: dict[str, Cursor] | None = None, pages: int = 10**6
) -> list[Page]:
    """A look, or so many pages of it."""
    cursors = {} if cursors is None else cursors
    seen = []
    (stream,) = source.streams()
    for page in source.pages(stream, cursors.get("reviews")):
        cursors["reviews"] = page.cursor
        seen.append(page)
        if len(seen) == pages:
            break
    return seen


def items(pages: list[Page]) -> list[Post | Gone | Rejected]:
    return [item for page in pages for item in page.items]


def posts(pages: list[Page]) -> list[Post]:
    return [item for item in items(pages) if isinstance(item, Post)]
