"""The databases that all tests stand on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from monitor.store import maintenance
from monitor.store.engine import Database


@pytest.mark.parametrize("twin", ["first", "second"])
def test_no_test_sees_what_another_wrote(database_url: str, twin: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        assert not sa.inspect(connection).has_table("mark")
        connection.execute(sa.text("CREATE TABLE mark (n INTEGER)"))
    engine.dispose()


def test_a_database_comes_with_the_tables_of_this_program(database_url: str) -> None:
    database = Database(database_url)
    assert maintenance.current_revision(database) == maintenance.HEAD
    database.close()


def test_an_empty_database_has_none(empty_database_url: str) -> None:
    engine = sa.create_engine(empty_database_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
