"""The database as a whole: its tables' version, its copy, and who runs on it."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.errors import StoreError
from monitor.store.cross_brand import Why, across
from monitor.store.engine import Database, clear_errors
from monitor.store.schema import installation
from monitor.store.server_lock import RUNNER, ServerLock

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
"""The version of the tables that this program makes: that of the last migration.

`0007.0005`: the seventh, in which programs that made the fifth or the sixth may go on working; without
a second number there is none (docs/adr/0053).
"""
_FORM = re.compile(r"(\d{4})(?:\.(\d{4}))?")
_VERSION = sa.text("SELECT version_num FROM alembic_version")
_UPGRADE = RUNNER + 1
_START = RUNNER + 2

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
    return _is_for_us(_revision(conn)) and _are_ours(conn)


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
            _require_none(_made_before_the_first(database, conn))
            return False
        _refuse_newer(database, found)
        # takes longer to load than most commands to run: only for what it is needed for
        from alembic import command

        config = _config()
        config.attributes["connection"] = across(conn, Why.OPERATION)
        command.upgrade(config, "head")
        return True


def room_to_upgrade(database: Database, *, and_if: bool = False) -> AbstractContextManager[object]:
    """Hold the database alone for an upgrade, if programs that may be at work on it cannot go on after it.

    `and_if`: something else than the tables leaves them behind.

    Raises:
        StoreError: one of them is at work; says who.

    """
    found = current_revision(database)
    goes_on = found is None or _is_for_us(found) or _oldest(HEAD) <= _oldest(found)
    return nullcontext() if goes_on and not and_if else only_one_runner(database)


def require_current(database: Database) -> None:
    """Raises StoreError, saying what to do, unless this program may work on the tables (`is_current`)."""
    with database.reading() as conn:
        _require_none(_problem(database, conn))


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


def _require_none(problem: str | None) -> None:
    if problem is not None:
        raise StoreError(problem)


def _problem(database: Database, conn: Connection) -> str | None:
    """Why this program may not work on the tables, and what to do; None: it may."""
    found = _revision(conn)
    if _is_for_us(found):
        return _made_before_the_first(database, conn)
    if found is not None and found[:4] > HEAD[:4]:
        return _made_by_a_newer(database, found)
    return (
        f"{_name(database)}: the tables are not up to date. "
        "Run `complaint-monitor db upgrade` first."
    )


def _made_before_the_first(database: Database, conn: Connection) -> str | None:
    """Until the first release its tables changed in place, and hashes in them: nothing leads from there."""
    if _are_ours(conn):
        return None
    return (
        f"{_name(database)}: it was made by an earlier checkout, from before the first release, and cannot "
        "be brought up to date. Move it away, or name another one in `database`, and run "
        "`complaint-monitor db upgrade`, which makes a new one."
    )


def _are_ours(conn: Connection) -> bool:
    """Whether the table is there that every released version has: a version's number may be anybody's."""
    return sa.inspect(conn).has_table(installation.name)


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
    with _held(ServerLock(database, partial(_problem, database))) as still_held:
        yield still_held


@contextmanager
def among_workers(
    database: Database, problem: Callable[[Connection], str | None] = lambda _: None
) -> Iterator[StillAlone]:
    """Hold a PostgreSQL database together with other workers: whoever wants it alone must wait.

    `problem` says why this program may not work on what is there, besides its tables' version; it is
    asked now, and again whenever the hold was lost and taken anew.

    Raises:
        StoreError: somebody holds it alone, a `run` or an import; says who. Or this program may not work
            on what is there; says what to do.

    """

    def why_not(conn: Connection) -> str | None:
        return _problem(database, conn) or problem(conn)

    with _held(ServerLock(database, why_not, shared=True)) as still_held:
        with database.reading() as conn:
            _require_none(why_not(conn))
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
def _held(lock: ServerLock) -> Iterator[StillAlone]:
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


def _name(database: Database) -> str:
    return database.url.render_as_string(hide_password=True)
