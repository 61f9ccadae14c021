"""`replay --check`: a picture that is not the fold of its history is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.domain.event import Opened
from monitor.store import replaying, schema
from monitor.store.engine import Database
from tests.domain.histories import an_ask, at
from tests.store.shop import Shop


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    database = Database(database_url)
    schema.metadata.create_all(database.engine)
    yield Shop(database)
    database.close()


def test_a_wait_changed_by_hand_is_found(shop: Shop) -> None:
    case_id = shop.case((0, Opened(an_ask(1, 0))))
    with shop.database.reading() as conn:
        assert list(replaying.differences(conn)) == []
    with shop.database.writing() as conn:
        conn.execute(schema.wait.update().values(due_at=at(1000)))
    with shop.database.reading() as conn:
        [(found, wrong)] = replaying.differences(conn)
    assert (found, set(wrong)) == (case_id, {"waits"})
