"""`migrate-to`: a shop goes to PostgreSQL, and goes on there."""

from __future__ import annotations

import pytest

from tests.cli.shop import CONFIG, Shop


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_a_shop_moves_and_goes_on_where_it_was(shop: Shop, empty_database_url: str) -> None:
    shop.post("one", "awful")
    shop.does("run", "--once")
    cases, told = waiting(shop), shop.told()
    dry = shop.does("migrate-to", empty_database_url, "--dry-run").stdout
    assert "rows would be moved; nothing was written" in dry
    said = shop.does("migrate-to", empty_database_url).stdout
    assert "rows and checksums of all tables are the same" in said
    assert 'now write database = "postgresql://' in said
    assert "not empty" in shop.refuses("migrate-to", empty_database_url)
    shop.configure(f'database = "{empty_database_url}"\n{CONFIG}')
    shop.does("run", "--once")
    assert waiting(shop) == cases
    assert shop.told() == told
    assert "PostgreSQL already" in shop.refuses("migrate-to", empty_database_url)


def waiting(shop: Shop) -> list[tuple[int, str]]:
    return [(one["case"], one["due_at"]) for one in shop.data("cases", "list")]


def test_only_to_postgresql(shop: Shop) -> None:
    shop.does("run", "--once")
    assert "has to be PostgreSQL" in shop.refuses("migrate-to", "sqlite:///other.db")
