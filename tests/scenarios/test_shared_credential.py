"""Two sources with one credential make together no more calls than one may: so the network counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor import worker
from monitor.domain.errors import SourceError
from monitor.settings import read_text
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Asked
from monitor.wiring import Application

NOW = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
CONFIG = """
database = "{database}"
[[brands]]
name = "Shop"
[[sources]]
name = "first"
brands = "Shop"
{first}
[[sources]]
name = "second"
brands = "Shop"
{second}
"""
FORUM = """
use = "discourse"
base_url = "{url}"
username = "shop"
api_key = "{key}"
calls_per_minute = 1
"""
QUESTIONS = """
use = "stackexchange"
base_url = "{url}"
site = "stackoverflow"
tags = ["shop"]
key = "{key}"
calls_per_day = 1
"""
PAGE = """
use = "facebook"
base_url = "{url}"
page = "1{page}"
token = "a_key"
calls_per_hour = 1
"""
ACCOUNT = """
use = "instagram"
base_url = "{url}"
account = "11"
username = "shop"
token = "a_key"
calls_per_hour = 1
"""


class Silent:
    """A network that has nothing."""

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        return 404, {}


@pytest.fixture
def server() -> Iterator[PlainServer]:
    with PlainServer(Silent()) as running:
        yield running


@pytest.mark.parametrize("source", [FORUM, QUESTIONS], ids=["forum", "questions"])
@pytest.mark.parametrize(("key", "calls"), [("a_key", 1), ("another_key", 2)])
def test_one_credential_has_one_budget(
    database_url: str, server: PlainServer, source: str, key: str, calls: int
) -> None:
    first, second = (source.format(url=server.url, key=one) for one in ("a_key", key))
    refused = refused_for_the_budget(database_url, first, second)
    assert (len(server.asked), refused) == (calls, 2 - calls)


@pytest.mark.parametrize(
    ("second", "calls"),
    [(PAGE.replace("{page}", "1"), 1), (PAGE.replace("{page}", "2"), 2), (ACCOUNT, 2)],
    ids=["the same page", "another page", "instagram"],
)
def test_meta_counts_a_token_for_each_page_and_network(
    database_url: str, server: PlainServer, second: str, calls: int
) -> None:
    first = PAGE.format(url=server.url, page="1")
    refused = refused_for_the_budget(database_url, first, second.format(url=server.url))
    assert (len(server.asked), refused) == (calls, 2 - calls)


def refused_for_the_budget(database_url: str, first: str, second: str) -> int:
    """Of one look each, how many were not made as nothing of the budget was left."""
    said = CONFIG.format(database=database_url, first=first, second=second)
    secrets = {f"COMPLAINT_MONITOR_{one}": "s3cr3t" for one in ("A_KEY", "ANOTHER_KEY")}
    shares = database_url.startswith("postgresql")
    its = Application(
        read_text(said, "config"), clock=lambda: NOW, environment=secrets, shares=shares
    )
    if shares:
        worker.prepare(its.database)
    refused = 0
    for feed in its.feeds:
        try:
            list(feed.source.pages(feed.source.streams()[0], None))
        except SourceError as error:
            refused += error.out_of_budget
    its.close()
    return refused
