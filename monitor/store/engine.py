"""Connections and transactions, the same discipline on both databases.

On SQLite the driver's default transaction loses updates between two threads (it takes the write
lock at the first write, after the read that the write rests on), and plain BEGIN answers "database
is locked" at once in spite of the time-out. So writers say BEGIN IMMEDIATE, and readers have an
engine of their own that cannot write.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from monitor.domain.errors import StoreError

__all__ = ["Connection", "Database", "new_id"]

BUSY_TIMEOUT_S = 30


class Database:
    """One database: short write transactions and read-only snapshots."""

    def __init__(self, url: str) -> None:
        self.url = _driver(make_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(self.url, read_only=False)
            self._reader = _sqlite_engine(self.url, read_only=True)
        else:
            self._writer = sa.create_engine(self.url, pool_pre_ping=True)
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; commits at the end, rolls back on any error."""
        with _clear_errors(self.url), self._writer.begin() as conn:
            yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot; writing in it fails."""
        with _clear_errors(self.url), self._reader.connect() as conn, conn.begin():
            yield conn

    @property
    def engine(self) -> Engine:
        """For migrations and locks."""
        return self._writer

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return Path(self.url.database or "") if self.is_sqlite else None

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


def new_id(inserted: sa.CursorResult[Any]) -> int:
    """The number that the database gave to the one inserted row."""
    key = inserted.inserted_primary_key
    assert key is not None  # noqa: S101 - SQLAlchemy's type allows what a single INSERT never gives
    return int(key[0])


def _driver(url: URL) -> URL:
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        msg = f"database = {url.render_as_string()!r}: use sqlite:///file or postgresql://…"
        raise StoreError(msg)
    return url


def _sqlite_engine(url: URL, *, read_only: bool) -> Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        poolclass=sa.pool.QueuePool,
    )

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA cache_size=-65536")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def _clear_errors(url: URL) -> Iterator[None]:
    """Say in words what a person can mend; let everything else through as it is."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        hint = _hint(str(error.orig).lower())
        if hint is None:
            raise
        msg = f"{url.render_as_string(hide_password=True)}: {error.orig}. {hint}"
        raise StoreError(msg) from error


def _hint(problem: str) -> str | None:
    hints = {
        "unable to open": "Does the folder exist, and may this user write in it?",
        "readonly": "The file or its folder cannot be written by this user.",
        "disk is full": "Free some space; nothing was lost, the work goes on by itself.",
        "disk i/o error": "The disk fails, or a quota is used up; nothing that was stored is lost.",
        "no space left": "Free some space; nothing was lost, the work goes on by itself.",
        "database is locked": "Another program holds it for long (a backup, a shell?); it is tried again.",
        "no such table": "Run `complaint-monitor db upgrade` first.",
        "not a database": "The file is not a SQLite database; is `database` right?",
        "image is malformed": "The file is damaged; restore a backup (`docs/operations.md`).",
        "connection refused": "Is PostgreSQL running, and are host and port right?",
        "password authentication failed": "User or password is wrong.",
        '" does not exist': "Create the database (or run `complaint-monitor db upgrade`).",
    }
    return next((hint for text, hint in hints.items() if text in problem), None)
