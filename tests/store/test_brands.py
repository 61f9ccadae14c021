"""Brands: since when they are watched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.store import brands
from monitor.store.engine import Database

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=10)])
def test_a_clock_that_ran_ahead_at_the_first_run_silences_nothing_once_it_is_right(
    database_url: str, ahead: timedelta
) -> None:
    database = Database(database_url)
    with database.writing() as conn:
        ids = brands.ensure(conn, ["acme", "other", "acme"])
        brands.begin(conn, ids.values(), NOON + ahead)
        brands.begin(conn, ids.values(), NOON)
        brands.begin(conn, ids.values(), NOON + timedelta(days=3))
        brands.rehearse(conn, ids.values(), NOON + ahead)
        brands.rehearse(conn, ids.values(), NOON)
        began = [brands.watched_since(conn, one) for one in ids.values()]
        assert brands.begun(conn, ids.values()) == dict.fromkeys(ids.values(), NOON)
        assert sorted(brands.names(conn).values()) == ["acme", "other"]
    database.close()
    assert began == [NOON, NOON]
