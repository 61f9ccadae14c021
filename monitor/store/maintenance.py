"""The database as a whole: its tables' version, its copy, and who runs on it."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.errors import StoreError
from monitor.store.cross_brand import Why, across
from monitor.store.engine import Database, clear_errors

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
"""The version of the tables that this program makes: that of the last migration.

`0007.0005`: the seventh, in which programs that made the fifth or the sixth may go on working; without
a second number there is none (docs/adr/0053).
"""
_FORM = re.compile(r"(\d{4})(?:\.(\d{4}))?")
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
    """Whether this program may work on the tables: they are its own, or newer and still for it, too.

    A cheap question.
    """
    return _is_for_us(_revision(conn))


def upgrade(database: Database) -> bool:
    """Bring the tables up to date, all or nothing. Two at once wait for each other.

    Returns whether anything had to be changed: newer tables in which this program may work stay.

    Raises:
        StoreError: the tables were made by a newer program, and are not for this one.

    """
    if database.path is not None:
        folder = database.path.absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{folder} can't be made for the database: {error.strerror}"
            ) from error
    with database.writing() as conn:
        if not database.is_sqlite:
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE)))
        found = _revision(conn)
        if _is_for_us(found):
            return False
        _refuse_newer(database, found)
        # takes longer to load than most commands to run: only for what it is needed for
        from alembic import command

        config = _config()
        config.attributes["connection"] = across(conn, Why.OPERATION)
        command.upgrade(config, "head")
        return True


def room_to_upgrade(database: Database) -> AbstractContextManager[object]:
    """Hold the database alone for an upgrade, if programs that may be at work on it cannot go on after it.

    Raises:
        StoreError: one of them is at work; says who.

    """
    found = current_revision(database)
    if found is None or _is_for_us(found) or _oldest(HEAD) <= _oldest(found):
        return nullcontext()
    return only_one_runner(database)


def require_current(database: Database) -> None:
    """Raises StoreError, saying what to do, unless this program may work on the tables (`is_current`)."""
    with database.reading() as conn:
        problem = _problem(database, _revision(conn))
    if problem is not None:
        raise StoreError(problem)


def require_own(database: Database) -> None:
    """Raises StoreError unless the tables are exactly this program's: newer ones hold what it cannot see."""
    require_current(database)
    found = current_revision(database)
    if found != HEAD:
        raise StoreError(_made_by_a_newer(database, found))


def _is_for_us(found: str | None) -> bool:
    if found is None or found == HEAD:
        return found == HEAD
    return _FORM.fullmatch(found) is not None and _oldest(found) <= HEAD[:4] < found[:4]


def _oldest(revision: str) -> str:
    """The oldest tables whose programs may work in these."""
    first, _, second = revision.partition(".")
    return second or first


def _problem(database: Database, found: str | None) -> str | None:
    """Why this program may not work on tables of that version, and what to do; None: it may."""
    if _is_for_us(found):
        return None
    if found is not None and found[:4] > HEAD[:4]:
        return _made_by_a_newer(database, found)
    return (
        f"{_name(database)}: the tables are not up to date. "
        "Run `complaint-monitor db upgrade` first."
    )


def _refuse_newer(database: Database, found: str | None) -> None:
    if found is not None and found[:4] > HEAD[:4]:
        raise StoreError(_made_by_a_newer(database, found))


def _made_by_a_newer(database: Database, found: str | None) -> str:
    return (
        f"{_name(database)}: its tables (version {found}) were made by a "
        f"newer complaint-monitor than this one (version {HEAD}). Install the newer "
        "one, or restore a backup from before its upgrade."
    )


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
            StoreError: it was lost with its connection, and somebody else has it, or had it meanwhile
                and left tables that are not for this program.

        """
        taken_by = problem = None
        try:
            if self._conn is None:
                taken_by = self.take()
                with self._database.reading() as conn:
                    problem = _problem(self._database, _revision(conn))
            else:
                with clear_errors(self._database.url):
                    self._conn.scalar(sa.select(1))
        except StoreError as error:
            self._forget()
            return str(error)
        if taken_by is not None:
            raise StoreError(f"{taken_by}: this program's hold on it was lost with its connection")
        if problem is not None:
            raise StoreError(problem)
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
