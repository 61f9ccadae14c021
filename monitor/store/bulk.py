"""What statements about many rows at once share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from monitor.domain.post import PostKey

T = TypeVar("T")

LOT = 5000
"""Items in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535."""


def lots(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in lots that one statement can hold."""
    for start in range(0, len(items), LOT):
        yield items[start : start + LOT]


def by_network(keys: Iterable[PostKey]) -> Iterator[tuple[str, Sequence[str]]]:
    """The keys' ids, network by network and in lots that one statement can hold."""
    ids: dict[str, list[str]] = {}
    for key in keys:
        ids.setdefault(key.network, []).append(key.external_id)
    for network, listed in ids.items():
        for lot in lots(listed):
            yield network, lot


def insert(conn: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, if there are any."""
    if rows:
        conn.execute(table.insert(), rows)


def insert_missing(conn: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
        conn.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def update(conn: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Give each row, named by its `id`, its new values: the same columns in all."""
    if rows:
        values = {name: sa.bindparam(f"new_{name}") for name in rows[0] if name != "id"}
        statement = table.update().where(table.c.id == sa.bindparam("row")).values(values)
        bound = [
            {"row" if name == "id" else f"new_{name}": value for name, value in one.items()}
            for one in rows
        ]
        conn.execute(statement, bound)


def take_ids(conn: Connection, table: sa.Table, count: int) -> Sequence[int]:
    """Numbers for so many new rows, known before they are inserted and never given out again.

    On SQLite nobody else inserts before this transaction ends; so two calls for one table must
    have an insert between them.
    """
    if not count:
        return ()
    if conn.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, "id")
        numbers = sa.func.generate_series(1, count)
        return conn.scalars(sa.select(sa.func.nextval(sequence)).select_from(numbers)).all()
    query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    last: int = conn.scalar(query, {"name": table.name}) or 0
    return range(last + 1, last + 1 + count)
