"""`coverage` tells what was looked at, what could not be, and what that cost."""

from __future__ import annotations

from datetime import timedelta

from monitor.clock import utc_now
from monitor.domain.post import Cost, Gap, Page
from monitor.store import coverage
from monitor.store.engine import Database
from monitor.store.posts import Counts
from tests.cli.shop import Shop

HOUR = timedelta(hours=1)


def test_each_stream_is_told_of(shop: Shop) -> None:
    shop.post("1", "awful")
    shop.runs()
    found = shop.data("coverage", "--since", "24h")
    [one] = found["streams"]
    assert (one["source"], one["sums"]["stored"], one["blind"], one["gaps"]) == ("files", 1, [], [])
    assert one["watches"][0]["looks"] >= 1
    said = shop.does("coverage").stdout
    assert "all of it could be looked at" in said
    assert shop.data("coverage", "--brand", "acme")["streams"][0]["stream"] == one["stream"]
    assert "nobody" in shop.refuses("coverage", "--brand", "nobody")
    assert "not over yet" in shop.refuses("coverage", "--since", "2999-01-01")


def test_what_could_not_be_looked_at_stands_below(shop: Shop) -> None:
    shop.post("1", "awful")
    shop.runs()
    now = utc_now()
    database = Database(f"sqlite:///{shop.folder / 'complaint-monitor.db'}")
    with database.writing() as conn:
        page = Page((), "{}", gap=Gap("500 pages are the most", "a", "b"), cost=Cost(3, 1_500_000))
        coverage.record_page(conn, 1, page, Counts(), since=now, until=now)
        coverage.record_end(conn, 1, now + 2 * HOUR, now + 3 * HOUR)
    database.close()
    said = shop.does("coverage", "--since", "24h").stdout
    assert "1.500" in said
    assert "gap from a to b: 500 pages are the most" in said
