"""Cases are found by what was said in them and by whom."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.domain.event import Merged, Opened
from monitor.store import schema, searching
from monitor.store.engine import Database
from tests.domain.histories import an_ask
from tests.store.shop import Shop


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    database = Database(database_url)
    schema.metadata.create_all(database.engine)
    yield Shop(database)
    database.close()


def found(shop: Shop, *words: str, limit: int = 10) -> list[int]:
    with shop.database.reading() as conn:
        return searching.cases_with(conn, [shop.brand], words, limit)


def test_all_words_must_be_in_one_post_or_its_authors_name(shop: Shop) -> None:
    first = shop.case((0, Opened(an_ask(1, 0))))
    second = shop.case((0, Opened(an_ask(3, 0))), thread="u")
    anonymous = shop.case((0, Opened(an_ask(2, 0))), thread="v")
    assert found(shop, "TEXT") == [anonymous, second, first]
    assert found(shop, "TEXT", limit=2) == [anonymous, second]
    assert found(shop, "text", "@Ana") == [second, first]
    assert found(shop, "text 1") == [first]
    assert found(shop, "example.com/3") == [second]
    assert found(shop, "1", "3") == []


def test_signs_of_a_pattern_are_ordinary_signs(shop: Shop) -> None:
    shop.case((0, Opened(an_ask(1, 0))))
    assert found(shop, "%") == found(shop, "t_xt") == []


def test_a_case_that_became_part_of_another_is_not_found(shop: Shop) -> None:
    whole = shop.case((0, Opened(an_ask(1, 0))))
    shop.case((0, Opened(an_ask(1, 0))), (1, Merged(whole)), thread="u")
    assert found(shop, "text") == [whole]


def test_another_brands_cases_are_not_found(shop: Shop) -> None:
    shop.case((0, Opened(an_ask(1, 0))))
    with shop.database.reading() as conn:
        assert searching.cases_with(conn, [shop.brand + 1], ["text"], 10) == []
