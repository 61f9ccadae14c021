"""A whole installation goes from SQLite to PostgreSQL: in batches, resumable, and compared afterwards.

    census of the file -> tables in the target -> batches by COPY, each with its mark
    -> the index of what was said, made anew -> census compared

While it goes on nobody can write to the file: the move holds its write lock. A mark stands in the same
transaction as its batch, so after a crash the next move goes on behind it. If the file changed in
between, what was copied is emptied and copied anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.errors import StoreError
from monitor.store import jobs, maintenance, said
from monitor.store.columns import UtcDateTime
from monitor.store.cross_brand import Why, across
from monitor.store.engine import Database
from monitor.store.schema import metadata

BATCH = 5000
_MARKS = "complaint_monitor_moving"
"""The target's own schema for what was copied; it goes when the move is complete."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TABLES = tuple(metadata.sorted_tables)
_INWARD = [
    (table.name, str(key.name), f"FOREIGN KEY ({key.column_keys[0]}) REFERENCES {table.name} (id)")
    for table in _TABLES
    for key in table.foreign_key_constraints
    if key.referred_table is table
]
"""What points from a table to itself, also to rows that come in a later batch: demanded at the end."""

Census: TypeAlias = Mapping[str, tuple[int, str]]
"""By table: how many rows, and a checksum that does not depend on their order."""
Shown: TypeAlias = Callable[[int, int], object]
"""Told how many rows of how many are done."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did, or would do. `again`: rows that an earlier move had copied already."""

    census: Census
    again: int

    @property
    def rows(self) -> int:
        return sum(number for number, _ in self.census.values())


def preview(source: Database, target: Database) -> Moved:
    """What a move would do; nothing is written. Raises StoreError like `move`."""
    require_sqlite(source)
    maintenance.require_own(source)
    with target.reading() as conn:
        state = _state(conn)
    census = _census_of_file(source)
    same = state is not None and state[0] == _as_json(census)
    return Moved(census, sum(state[1].values()) if state and same else 0)


def move(source: Database, target: Database, show: Shown = lambda _done, _all: None) -> Moved:
    """Copy all rows, and compare. Both databases are to be held alone by the caller.

    Raises:
        StoreError: the source is no SQLite; the target is no PostgreSQL, or holds what is not of this
            move; or the copy is not the same.

    """
    require_sqlite(source)
    maintenance.require_own(source)
    with target.reading() as conn:
        _state(conn)
    maintenance.upgrade(target)
    with source.engine.connect() as ours, ours.begin():  # BEGIN IMMEDIATE: nobody else writes
        census = _census(_file_rows(across(ours, Why.OPERATION)))
        begun = _begin(target, census)
        total, done = sum(number for number, _ in census.values()), sum(begun.values())
        show(done, total)
        for table in _TABLES:
            for number in _copy(ours, target, table, begun.get(table.name, 0)):
                done += number
                show(done, total)
    _finish(source, target)
    with target.reading() as conn:
        there = _census(_server_rows(across(conn, Why.OPERATION)))
    wrong = [name for name in census if there[name] != census[name]]
    if wrong:
        with target.writing() as conn:
            conn.exec_driver_sql(f"UPDATE {_MARKS}.census SET census = 'differs'")  # noqa: S608
        raise StoreError(
            f"the copy differs from {source.path} in {', '.join(wrong)}; say it again, and it is"
            " copied anew (the file is as it was)"
        )
    with target.writing() as conn:
        conn.exec_driver_sql(f"DROP SCHEMA {_MARKS} CASCADE")
    return Moved(census, sum(begun.values()))


# ------------------------------------------------------------------------------------------- counting


def _census(rows: Callable[[sa.Table], Iterator[Sequence[Any]]]) -> Census:
    found = {}
    for table in _TABLES:
        number = total = 0
        for row in rows(table):
            number += 1
            digest = blake2b(repr(tuple(row)).encode(), digest_size=16).digest()
            total = (total + int.from_bytes(digest)) % 2**128
        found[table.name] = number, f"{total:032x}"
    return found


def _census_of_file(source: Database) -> Census:
    with source.reading() as conn:
        return _census(_file_rows(across(conn, Why.OPERATION)))


def _file_rows(conn: Connection) -> Callable[[sa.Table], Iterator[Sequence[Any]]]:
    def rows(table: sa.Table) -> Iterator[Sequence[Any]]:
        after = 0
        while batch := _batch(conn, table, after):
            for after, *row in batch:  # noqa: B007 - the last one is where the next begins
                yield row

    return rows


def _server_rows(conn: Connection) -> Callable[[sa.Table], Iterator[Sequence[Any]]]:
    def rows(table: sa.Table) -> Iterator[Sequence[Any]]:
        names = ", ".join(
            f'"{one.name}"::text' if isinstance(one.type, sa.JSON) else f'"{one.name}"'
            for one in table.c
        )
        query = f'SELECT {names} FROM "{table.name}"'  # noqa: S608 - names of our own
        streamed = conn.execution_options(stream_results=True, yield_per=BATCH)
        for row in streamed.exec_driver_sql(query):
            yield [_plain(value) for value in row]

    return rows


def _plain(value: Any) -> Any:
    """PostgreSQL's value in the words of `_batch`."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    return value if isinstance(value, str | int | float | None) else value.isoformat()


def _batch(conn: Connection, table: sa.Table, after: int) -> list[list[Any]]:
    """The next rows of the file, each behind its row number; times are whole microseconds."""
    names = ", ".join(f'"{one.name}"' for one in table.c)
    query = (
        f'SELECT rowid, {names} FROM "{table.name}"'  # noqa: S608 - names of our own
        " WHERE rowid > ? ORDER BY rowid LIMIT ?"
    )
    found = [list(row) for row in conn.exec_driver_sql(query, (after, BATCH))]
    for at, column in enumerate(table.c, 1):
        if isinstance(column.type, sa.Boolean):
            for row in found:
                row[at] = None if row[at] is None else bool(row[at])
    return found


# -------------------------------------------------------------------------------------------- copying


def _copy(ours: Connection, target: Database, table: sa.Table, had: int) -> Iterator[int]:
    """Copy what is not there yet, batch by batch; yields how many rows each was."""
    after = _marked(target, table)[1] if had else 0
    names = ", ".join(f'"{one.name}"' for one in table.c)
    statement = f'COPY "{table.name}" ({names}) FROM STDIN'
    times = [at for at, one in enumerate(table.c, 1) if isinstance(one.type, UtcDateTime)]
    while batch := _batch(ours, table, after):
        after = batch[-1][0]
        for row in batch:
            for at in times:
                if row[at] is not None:
                    row[at] = _EPOCH + timedelta(microseconds=row[at])
        with target.writing() as conn:
            plain = conn.connection.driver_connection
            assert plain is not None  # noqa: S101 - within a transaction there is one
            with plain.cursor() as cursor, cursor.copy(statement) as copy:
                for _, *row in batch:
                    copy.write_row(row)
            had += len(batch)
            conn.exec_driver_sql(
                f"INSERT INTO {_MARKS}.mark VALUES (%s, %s, %s) ON CONFLICT (name)"  # noqa: S608
                " DO UPDATE SET copied = excluded.copied, after = excluded.after",
                (table.name, had, after),
            )
        yield len(batch)


def _marked(target: Database, table: sa.Table) -> tuple[int, int]:
    query = f"SELECT copied, after FROM {_MARKS}.mark WHERE name = %s"  # noqa: S608 - a literal
    with target.reading() as conn:
        copied, after = conn.exec_driver_sql(query, (table.name,)).one()
    return copied, after


def _finish(source: Database, target: Database) -> None:
    """What points inward is demanded again; numbers go on where the file's do; what was said is found.

    That of an erased row is never given out again.
    """
    with source.reading() as ours:
        given = ours.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
        last: dict[str, int] = {row.name: row.seq for row in given}
    with target.writing() as conn:
        _let_go(across(conn, Why.OPERATION))
        for table_name, name, key in _INWARD:
            conn.exec_driver_sql(f"ALTER TABLE {table_name} ADD CONSTRAINT {name} {key}")
        for table in _TABLES:
            if "id" not in table.c:
                continue
            ids = sa.func.max(table.c.id)
            highest = max(conn.scalar(sa.select(ids)) or 0, last.get(table.name, 0))
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            if highest:
                conn.execute(sa.select(sa.func.setval(sequence, highest)))
        said.rebuild(conn)


def _let_go(conn: Connection) -> None:
    """A batch may point to rows of a later one: an alarm to the message that gathered it."""
    for table, name, _ in _INWARD:
        conn.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")


# ---------------------------------------------------------------------------------------- where it is


def _state(conn: Connection) -> tuple[str, Mapping[str, int]] | None:
    """The census and the marks of a move that began; None for an empty database. Else StoreError."""
    if conn.dialect.name != "postgresql":
        raise StoreError("the target has to be PostgreSQL: postgresql://user@host/database")
    if conn.scalar(sa.text(f"SELECT to_regnamespace('{_MARKS}')")) is not None:
        census = conn.exec_driver_sql(f"SELECT census FROM {_MARKS}.census").scalar_one()  # noqa: S608
        marks = conn.exec_driver_sql(f"SELECT name, copied FROM {_MARKS}.mark")  # noqa: S608
        return str(census), {name: copied for name, copied in marks}  # noqa: C416
    there = set(sa.inspect(conn).get_table_names())
    ours = [one for one in _TABLES if one.name in there]
    asked = {one.name: across(sa.select(one).limit(1), Why.OPERATION) for one in ours}
    full = [name for name, one in asked.items() if conn.execute(one).first()]
    foreign = sorted(there - {"alembic_version", "said", *(one.name for one in _TABLES)})
    if full or foreign:
        what = "holds rows of complaint-monitor" if full else "has tables of another program"
        raise StoreError(
            f"{conn.engine.url.render_as_string()} is not empty: it {what}"
            f" ({', '.join(full or foreign)}). Name a new database (`createdb`)."
        )
    return None


def _begin(target: Database, census: Census) -> Mapping[str, int]:
    """Make the marks, or find those of a move that began. Returns how many rows each table had got."""
    told = _as_json(census)
    with target.writing() as conn:
        state = _state(conn)
        if state is not None and state[0] == told:
            return state[1]
        if state is not None:
            _empty(across(conn, Why.OPERATION))
        jobs.drop(conn)  # its triggers would make a job of each row
        _let_go(across(conn, Why.OPERATION))
        conn.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_MARKS} CASCADE")
        conn.exec_driver_sql(f"CREATE SCHEMA {_MARKS}")
        conn.exec_driver_sql(f"CREATE TABLE {_MARKS}.census (census text NOT NULL)")
        conn.exec_driver_sql(
            f"CREATE TABLE {_MARKS}.mark (name text PRIMARY KEY, copied bigint, after bigint)"
        )
        conn.exec_driver_sql(f"INSERT INTO {_MARKS}.census VALUES (%s)", (told,))  # noqa: S608
    return {}


def _empty(conn: Connection) -> None:
    """Take away what an unfinished move copied, histories included: they stand in the file."""
    names = [f'"{one.name}"' for one in _TABLES]
    for name in names:
        conn.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    conn.exec_driver_sql(f"TRUNCATE {', '.join(names)}")
    for name in names:
        conn.exec_driver_sql(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def _as_json(census: Census) -> str:
    return json.dumps(census, sort_keys=True)


def require_sqlite(source: Database) -> None:
    """Raises StoreError for what is no file."""
    if source.path is None:
        raise StoreError(
            "`database` in the config is PostgreSQL already: what is moved is the SQLite that it names"
        )
