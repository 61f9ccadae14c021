"""What statements about many rows at once share."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect


def by_network(keys: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """The ids of such keys as PostKey, network by network."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for network, external_id in keys:
        ids[network].append(external_id)
    return ids


def among(
    conn: Connection, column: sa.ColumnClause[Any], values: Collection[str] | Collection[int]
) -> sa.ColumnElement[bool]:
    """`column IN values`, however many there are: they travel as one parameter."""
    if conn.dialect.name == "postgresql":
        return column == sa.any_(sa.literal(list(values), postgresql.ARRAY(column.type)))
    listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def insert(conn: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, if there are any. All have the same columns, those with defaults too."""
    if rows:
        insert_columns(conn, table, {name: [one[name] for one in rows] for name in rows[0]})


def insert_columns(conn: Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows that are given column by column: all columns, each with a value for every row.

    So the values are made ready without a dict a row, and a column at a time: SQLAlchemy's own way
    costs as much again as the database needs.
    """
    statement, ready, order = _insertion(conn.dialect, table, tuple(columns))
    made = {**columns, **{name: _made(columns[name], how) for name, how in ready}}
    rows: list[Any] = list(zip(*(made[name] for name in order or columns), strict=True))
    if rows:
        named = rows if order else [dict(zip(columns, one, strict=True)) for one in rows]
        conn.exec_driver_sql(statement, named)


def _made(values: Sequence[Any], how: Callable[[Any], Any]) -> list[Any]:
    made, last, made_of_last = [], None, None
    for one in values:
        if one is not last:  # often the same for a whole page: when it was seen
            last = one
            made_of_last = how(one)
        made.append(made_of_last)
    return made


@lru_cache(maxsize=64)
def _insertion(
    dialect: Dialect, table: sa.Table, columns: tuple[str, ...]
) -> tuple[str, Sequence[tuple[str, Callable[[Any], Any]]], Sequence[str] | None]:
    """The statement; the columns whose values have to be made ready, and how; the order of values.

    The order is None where the driver takes values by name.
    """
    compiled = table.insert().compile(
        dialect=dialect, column_keys=list(columns), for_executemany=True
    )
    made = {
        name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        for name in columns
        if not isinstance(table.c[name].type, sa.Boolean)  # both drivers take them as they are
    }
    return str(compiled), [(name, one) for name, one in made.items() if one], compiled.positiontup


def insert_missing(conn: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
        conn.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def update(conn: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Give each row, named by its `id`, its new values: the same columns in all."""
    if rows:
        values: dict[str, Any] = {
            name: sa.bindparam(f"new_{name}") for name in rows[0] if name != "id"
        }
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
