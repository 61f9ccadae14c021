"""Shared by the tests of review sites over plain HTTP: a shop with reviews, and who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from monitor import registry
from monitor.domain.post import Cursor, Page, PostKey
from monitor.simulator.google_business import GoogleBusiness as Google
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.trustpilot import Trustpilot as Pilot
from monitor.sources.google_business import GoogleBusiness
from monitor.sources.trustpilot import Trustpilot
from tests.given import Given
from tests.sources.reviewed import Reviewed

ACCOUNT, PLACE = "106", "77"
UNIT, USER = "507f191e810c19729de860ea", "507f191e810c19729de860eb"
SITES = ("google_business", "trustpilot")


@dataclass
class Site(Reviewed):
    """One shop on one site."""

    simulated: Google | Pilot = field(init=False)
    server: PlainServer = field(init=False)
    secrets: Given = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.secrets = Given({})
        if self.network == "google_business":
            self.simulated = Google(ACCOUNT, {PLACE: self.store})
            form = self.simulated.tokens.form
            self.secrets.put("google_client_secret", form["client_secret"])
            self.secrets.put("google_refresh_token", form["refresh_token"])
        else:
            self.simulated = Pilot(self.store, unit=UNIT, user=USER)
            self.secrets.put("trustpilot_key", self.simulated.api_key)
            self.secrets.put("trustpilot_secret", self.simulated.api_secret)
        self.server = PlainServer(self.simulated)

    def source(self, **said: object) -> GoogleBusiness | Trustpilot:
        table: dict[str, object] = {"page_size": 4, "timeout": 10.0, "base_url": self.server.url}
        table |= {"calls_per_minute": 10**6}
        if self.network == "google_business":
            table |= {"account": ACCOUNT, "locations": [PLACE], "client_id": "shop.apps.example"}
            table |= {"login_url": self.server.url}
            checked = registry.options(GoogleBusiness, table | said, "sources.google_business")
            assert isinstance(checked, GoogleBusiness.Options)
            return GoogleBusiness(checked, secrets=self.secrets, clock=lambda: self.now)
        table |= {"business_unit": UNIT, "user": USER, "api_secret": "trustpilot_secret"}
        checked = registry.options(Trustpilot, table | said, "sources.trustpilot")
        assert isinstance(checked, Trustpilot.Options)
        return Trustpilot(checked, secrets=self.secrets, clock=lambda: self.now)

    def key(self, number: str) -> PostKey:
        place = f"{PLACE}/" if self.network == "google_business" else ""
        return PostKey(self.network, f"{place}{number}")

    def calls(self, part: str) -> int:
        """How many calls had that in their address."""
        return sum(part in one.address for one in self.server.asked)


@contextmanager
def site(network: str) -> Iterator[Site]:
    made = Site(network)
    with made.server:
        yield made


def look(
    source: GoogleBusiness | Trustpilot, cursors: dict[str, Cursor] | None = None
) -> list[Page]:
    """A whole look at the first stream."""
    cursors = {} if cursors is None else cursors
    stream = source.streams()[0]
    seen = []
    for page in source.pages(stream, cursors.get("reviews")):
        cursors["reviews"] = page.cursor
        seen.append(page)
    return seen
