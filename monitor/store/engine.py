"""Connections and transactions, the same discipline on both databases.

On SQLite the driver's default transaction loses updates between two threads (it takes the write
lock at the first write, after the read that the write rests on), and plain BEGIN answers "database
is locked" at once in spite of the time-out. So writers say BEGIN IMMEDIATE, and readers have an
engine of their own that cannot write.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import URL, Connection, Engine, make_url

from monitor.domain.errors import StoreError
from monitor.store import barrier, sight

__all__ = ["Connection", "Database", "Transactions", "clear_errors", "log_when_done", "new_id"]

log = structlog.get_logger()

BUSY_TIMEOUT_S = 30

_TO_LOG = "complaint_monitor_to_log"

_POOL: Mapping[str, int] = {"pool_size": 5, "max_overflow": 25}
"""More connections than the runner has threads: nobody waits for one."""
_SNAPSHOT: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_BASE = "complaint_monitor_base"
_PATIENCE: Mapping[str, int] = {"connect_timeout": 10, "tcp_user_timeout": 30_000}
"""Seconds until a server is given up that does not answer, and milliseconds one that fell silent."""
_OF_THE_WORK = ("40", "54")
"""SQLSTATE classes that PostgreSQL's driver calls operational, and that are about one transaction:
a deadlock, a statement that is too long."""
_FULL = (
    "Free some space; nothing that was stored is lost; "
    "`run` goes on by itself, an import must be repeated."
)


class Transactions(Protocol):
    """Where a change is written: a database, or one in which it is made once (`store.done.Once`)."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that may write; commits at the end, rolls back on any error."""
        ...


class Database:
    """One database: short write transactions and read-only snapshots."""

    def __init__(self, url: str) -> None:
        self.url = _driver(make_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite lets one write, and who finds it busy sleeps up to 0.1 s a time, whoever has ended since:
        # threads of one process wait for each other here, and go on at once
        self._turn: AbstractContextManager[object] = Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            self._writer = barrier.guard(_sqlite_engine(self.url, read_only=False))
            self._reader = barrier.guard(_sqlite_engine(self.url, read_only=True))
        else:
            self._writer = barrier.guard(_server_engine(self.url))
            self._reader = self._writer.execution_options(**_SNAPSHOT)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; commits at the end, rolls back on any error."""
        with self._turn, clear_errors(self.url), self._writer.begin() as conn:
            conn.info.pop(_TO_LOG, None)  # of a transaction before, which came to nothing
            yield conn
            lines = conn.info.pop(_TO_LOG, ())
        for event, said in lines:
            log.info(event, **said)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot, of the brands that are in sight; writing in it fails."""
        names = sight.names()
        if names is not None:
            with self._reading_of(names) as conn:
                yield conn
            return
        with clear_errors(self.url), self._reader.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def _reading_of(self, names: sight.Names) -> Iterator[Connection]:
        with clear_errors(self.url), self._narrow.connect() as conn:
            if self.is_sqlite:
                sight.look_sqlite(conn.connection.driver_connection, names)
            with conn.begin():
                if not self.is_sqlite:
                    query = sight.LOOK_POSTGRESQL.format(base=conn.info[_BASE])
                    conn.execute(sa.text(query), {"names": sorted(names)})
                    _require_views(conn)
                yield conn

    @cached_property
    def _narrow(self) -> Engine:
        """Whose connections show the brands in sight alone."""
        if self.is_sqlite:
            return _sqlite_engine(self.url, read_only=True, is_narrow=True)
        engine = _server_engine(self.url)

        @sa.event.listens_for(engine, "connect")
        def _connected(connection: Any, record: Any) -> None:
            with connection.cursor() as cursor:
                [base] = cursor.execute("SELECT quote_ident(current_schema())").fetchone()
                for one in sight.views(base, is_sqlite=False):
                    cursor.execute(one)
            connection.commit()
            record.info[_BASE] = base

        return engine.execution_options(**_SNAPSHOT)

    def empty_log(self) -> None:
        """Take out of SQLite's write-ahead log what it still holds of words that were purged.

        Left to the next time if somebody is at work on the file right now. PostgreSQL's is its own.
        """
        if self.path is not None:
            with closing(sqlite3.connect(self.path, timeout=0)) as own:
                own.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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
        if "_narrow" in self.__dict__:
            self._narrow.dispose()


def _require_views(conn: Connection) -> None:
    """Raises StoreError: a table would show every brand's rows, as no view is in front of it."""
    tables = sight.shadowed()
    if conn.scalar(sa.text(sight.IN_FRONT), {"tables": tables}) != len(tables):
        raise StoreError(
            "Other brands' rows cannot be kept out of sight: temporary views must come before the tables. "
            "Take pg_temp out of search_path, and let a pool in between (PgBouncer) be in session mode."
        )


def log_when_done(conn: Connection, event: str, **said: Any) -> None:
    """Log a line once the transaction is committed; if it comes to nothing, none. No words of anybody's."""
    conn.info.setdefault(_TO_LOG, []).append((event, said))


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


def _server_engine(url: URL) -> Engine:
    patience = {key: n for key, n in _PATIENCE.items() if key not in url.query}
    try:
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,  # customers' texts and names belong in no error message
            connect_args=patience,
            **_POOL,
        )
    except ImportError as error:  # the driver is an extra, and may also lack its C library
        msg = f'{url.render_as_string()} needs psycopg: pip install "complaint-monitor[postgres]"'
        raise StoreError(msg) from error


def _sqlite_engine(url: URL, *, read_only: bool, is_narrow: bool = False) -> Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        poolclass=sa.pool.QueuePool,
        hide_parameters=True,  # customers' texts and names belong in no error message
        **_POOL,
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
        for one in sight.views("main", is_sqlite=True) if is_narrow else ():
            connection.execute(one)
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def clear_errors(url: URL) -> Iterator[None]:
    """Say in words what a person can mend; let everything else through as it is."""
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise StoreError(f"{url.render_as_string()}: {error}. It is tried again.") from error
    except sa.exc.DBAPIError as error:
        hint = _hint(str(error.orig).lower())
        if hint is None and _is_out_of_reach(error):
            hint = "The database cannot be used now; it is tried again."
        if hint is None:
            raise
        problem = str(error.orig).partition("\n")[0].rstrip(".")
        raise StoreError(f"{url.render_as_string()}: {problem}. {hint}") from error


def _is_out_of_reach(error: sa.exc.DBAPIError) -> bool:
    """Whether the database as a whole failed, and not one statement."""
    if error.connection_invalidated or isinstance(error, sa.exc.InterfaceError):
        return True
    if not isinstance(error, sa.exc.OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return not str(getattr(error.orig, "sqlstate", None) or "").startswith(_OF_THE_WORK)


def _hint(problem: str) -> str | None:
    hints = {
        "unable to open": "Does the folder exist, and may this user write in it?",
        "readonly": "The file or its folder cannot be written by this user.",
        "disk is full": _FULL,
        "disk i/o error": "The disk fails, or a quota is used up; nothing that was stored is lost.",
        "no space left": _FULL,
        "database is locked": "Another program holds it for long (a backup, a shell?); it is tried again.",
        "no such table": "Run `complaint-monitor db upgrade` first.",
        "no such module: fts5": "This Python's SQLite lacks FTS5: take another build, or PostgreSQL.",
        "not a database": "The file is not a SQLite database; is `database` right?",
        "image is malformed": "The file is damaged; restore a backup (`docs/operations.md`).",
        "connection refused": "Is PostgreSQL running, and are host and port right?",
        "failed to resolve host": "Is the host in `database` right?",
        "connection failed": "Is PostgreSQL running, and are host and port right?",
        "terminating connection": "PostgreSQL is being stopped or restarted; it is tried again.",
        "password authentication failed": "User or password is wrong.",
        '" does not exist': "Create the database (or run `complaint-monitor db upgrade`).",
    }
    return next((hint for text, hint in hints.items() if text in problem), None)
