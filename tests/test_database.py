"""The databases that all tests stand on."""

from __future__ import annotations

import sqlalchemy as sa


def test_every_test_gets_a_database_of_its_own(database_url: str) -> None:
    """Run in any order with its twin below: neither sees what the other wrote."""
    _write_alone(database_url)


def test_every_test_gets_a_database_of_its_own_twin(database_url: str) -> None:
    _write_alone(database_url)


def _write_alone(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE mark (n INTEGER)"))
    engine.dispose()
