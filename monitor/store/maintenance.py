"""The database as a whole: its tables' version, its copy, and who runs on it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.errors import StoreError
from monitor.store.engine import Database, clear_errors

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
"""The version of the tables that this program works with: that of the last migration."""
_VERSION = sa.text("SELECT version_num FROM alembic_version")
_RUNNER = 0x636F6D706C61696E  # "complain": the advisory locks of a PostgreSQL database are numbers
_UPGRADE = _RUNNER + 1
_START = _RUNNER + 2

StillAlone: TypeAlias = Callable[[], "str | None"]
"""Tells whether the database is still held: None; or why that cannot be known now. Raises StoreError
when somebody else has it."""


def current_revision(database: Database) -> str | None:
    """The version of the tables that are there; None for an empty database."""
    with database.reading() as conn:
        return _revision(conn)


def is_current(conn: Connection) -> bool:
    """Whether the tables are those that this program knows: a cheap question."""
    return _revision(conn) == HEAD


def upgrade(database: Database) -> None:
    """Bring the tables up to date, all or nothing. Two at once wait for each other.

    Raises:
        StoreError: the tables were made by a newer program.

    """
    if database.path is not None:
        folder = database.path.absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{folder} can't be made for the database: {error.strerror}"
            ) from error
    from alembic import command

    config = _config()
    with database.writing() as conn:
        if not database.is_sqlite:
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE)))
        _refuse_newer(conn)
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def require_current(database: Database) -> None:
    """Raises StoreError, saying what to do, unless the tables are those that this program knows."""
    with database.reading() as conn:
        if is_current(conn):
            return
        _refuse_newer(conn)
        raise StoreError(
            f"{_name(database)}: the tables are not up to date. "
            "Run `complaint-monitor db upgrade` first."
        )


def _refuse_newer(conn: Connection) -> None:
    # takes longer to load than most commands to run: only for tables of another version
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    revision = _revision(conn)
    try:
        ScriptDirectory.from_config(_config()).get_revision(revision or "base")
    except CommandError:
        raise StoreError(
            f"{conn.engine.url.render_as_string()}: its tables (version {revision}) were made by a "
            f"newer complaint-monitor than this one (version {HEAD}). Install the newer "
            "one, or restore a backup from before its upgrade."
        ) from None


def _revision(conn: Connection) -> str | None:
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.scalar(_VERSION)
    return found


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "monitor.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def backup(database: Database, to: Path) -> None:
    """Copy a SQLite database to a new file while it is in use; the copy is checked.

    Raises:
        StoreError: there is a file already, it can't be written, or the database is PostgreSQL.

    """
    if database.path is None:
        raise StoreError(
            "a PostgreSQL database is backed up by its own program: "
            f"pg_dump --format=custom --file={to} {database.url.database}"
        )
    if to.exists():
        raise StoreError(f"{to} exists; name a new file")
    if not database.path.exists():
        raise StoreError(f"{database.path} does not exist")
    part = to.with_name(f"{to.name}.part")
    try:
        with (
            closing(sqlite3.connect(database.path)) as ours,
            closing(sqlite3.connect(part)) as copy,
        ):
            ours.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise StoreError(f"the copy is damaged, and so may be {database.path}: {verdict}")
        part.rename(to)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"backup to {to}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def only_one_runner(database: Database) -> Iterator[StillAlone]:
    """Hold the database for this process: two runners would alert twice and answer each other's leases.

    The lock ends with the process, however that ends; PostgreSQL's also when its connection breaks.
    What is given tells whether it is still held, taking it again where it can.

    Raises:
        StoreError: somebody else holds it; says who.

    """
    if database.path is not None:
        with _file_lock(database.path):
            yield lambda: None
        return
    with _held(_ServerLock(database)) as still_held:
        yield still_held


@contextmanager
def among_workers(database: Database) -> Iterator[StillAlone]:
    """Hold a PostgreSQL database together with other workers: whoever wants it alone must wait.

    Raises:
        StoreError: somebody holds it alone, a `run` or an import; says who.

    """
    with _held(_ServerLock(database, shared=True)) as still_held:
        yield still_held


@contextmanager
def one_after_another(database: Database) -> Iterator[None]:
    """What workers do when they start, on PostgreSQL: while one does, the others wait."""
    with clear_errors(database.url), database.engine.connect() as plain:
        conn = plain.execution_options(isolation_level="AUTOCOMMIT")
        conn.execute(sa.select(sa.func.pg_advisory_lock(_START)))
        try:
            yield
        finally:
            conn.execute(sa.select(sa.func.pg_advisory_unlock(_START)))


@contextmanager
def said_of_a_transaction() -> Iterator[None]:
    """What the database says against one transaction (a deadlock, two that made one row) as a StoreError.

    For what can be tried again as a whole.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        problem = str(error.orig).partition("\n")[0]
        raise StoreError(f"{type(error).__name__}: {problem}") from error


@contextmanager
def _held(lock: _ServerLock) -> Iterator[StillAlone]:
    taken_by = lock.take()
    if taken_by is not None:
        raise StoreError(taken_by)
    try:
        yield lock.still_held
    finally:
        lock.drop()


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    lock = path.resolve().with_name(f"{path.name}.lock")
    try:
        file = lock.open("a+")
    except OSError as error:
        raise StoreError(f"{lock}: {error.strerror}. May this user write in its folder?") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise StoreError(
                f"{path} is in use by {file.read().strip() or 'another program'}"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename}\n")
        file.flush()
        yield


class _ServerLock:
    """An advisory lock of PostgreSQL: it lives as long as the connection that took it.

    `shared`: with others that share it, against who wants it alone.
    """

    def __init__(self, database: Database, *, shared: bool = False) -> None:
        self._database = database
        self._shared = "_shared" if shared else ""
        self._conn: Connection | None = None

    def take(self) -> str | None:
        """None: it is ours now; else who holds it. Raises StoreError: the server is out of reach."""
        with clear_errors(self._database.url), ExitStack() as stack:
            # no transaction stays open: it would keep the server from tidying up
            plain = stack.enter_context(self._database.engine.connect())
            conn = plain.execution_options(isolation_level="AUTOCOMMIT")
            if not conn.scalar(sa.select(self._call("pg_try_advisory_lock"))):
                return f"{_name(self._database)} is in use by {_holder(conn)}"
            self._conn = conn
            stack.pop_all()
            return None

    def still_held(self) -> str | None:
        """None: it is held. Else why it cannot be had now: the server is out of reach.

        Raises:
            StoreError: it was lost with its connection, and somebody else has it.

        """
        taken_by = None
        try:
            if self._conn is None:
                taken_by = self.take()
            else:
                with clear_errors(self._database.url):
                    self._conn.scalar(sa.select(1))
        except StoreError as error:
            self._forget()
            return str(error)
        if taken_by is not None:
            raise StoreError(f"{taken_by}: this program's hold on it was lost with its connection")
        return None

    def drop(self) -> None:
        """Give it back, as far as the server can be reached."""
        if self._conn is not None:
            with suppress(sa.exc.DBAPIError):
                self._conn.execute(sa.select(self._call("pg_advisory_unlock")))
            self._forget()

    def _call(self, function: str) -> sa.Function[bool]:
        called: sa.Function[bool] = getattr(sa.func, f"{function}{self._shared}")(_RUNNER)
        return called

    def _forget(self) -> None:
        if self._conn is not None:
            self._conn.invalidate()
            self._conn.close()
            self._conn = None


def _holder(conn: Connection) -> str:
    query = sa.text(
        """
        SELECT format(
            'a program on %s (server process %s, since %s)',
            coalesce(host(a.client_addr), 'this machine'),
            a.pid,
            to_char(a.backend_start, 'YYYY-MM-DD HH24:MI TZ')
        )
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32) + l.objid::bigint = :lock
        """
    )
    return conn.scalar(query, {"lock": _RUNNER}) or "another program"


def _name(database: Database) -> str:
    return database.url.render_as_string(hide_password=True)
