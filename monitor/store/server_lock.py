"""Who works on a PostgreSQL database: a lock that lives as long as the connection that took it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress

import sqlalchemy as sa

from monitor.domain.errors import StoreError
from monitor.store.engine import Connection, Database, clear_errors

RUNNER = 0x636F6D706C61696E  # "complain": the advisory locks of a PostgreSQL database are numbers
_SERVER = sa.func.pg_backend_pid()


class _SharedError(StoreError):
    """Others are given the connection that has the lock: trying again is useless."""


class ServerLock:
    """The advisory lock of a database. `shared`: with others that share it, against who wants it alone.

    `problem` says why this program may not work on what is there: somebody else may have had the database
    while the lock was lost.
    """

    def __init__(
        self,
        database: Database,
        problem: Callable[[Connection], str | None],
        *,
        shared: bool = False,
    ) -> None:
        self._database = database
        self._problem = problem
        self._shared = "_shared" if shared else ""
        self._conn: Connection | None = None
        self._server = 0
        """The server's process that has the lock."""
        self._name = database.url.render_as_string()
        self._shared_connections = (
            f"{self._name}: connections are shared, by a pool in transaction mode, and with them the lock "
            "that keeps two programs from telling the same. Let the pool (PgBouncer) be in session mode, or "
            "name the server itself."
        )

    def take(self) -> str | None:
        """None: it is ours now; else who holds it. Raises StoreError: the server is out of reach."""
        with clear_errors(self._database.url), ExitStack() as stack:
            # no transaction stays open: it would keep the server from tidying up
            plain = stack.enter_context(self._database.engine.connect())
            conn = plain.execution_options(isolation_level="AUTOCOMMIT")
            asked = sa.select(self._call("pg_try_advisory_lock"), _SERVER)
            is_ours, server = conn.execute(asked).one()
            if not is_ours:
                return f"{self._name} is in use by {_holder(conn)}"
            self._conn, self._server = conn, server
            # else the connection would keep the lock in the pool, and the next one find it taken
            stack.callback(self.drop)
            self._require_own(server)
            stack.pop_all()
            return None

    def _require_own(self, server: int) -> None:
        """Raises _SharedError: a pool gives the server process that has the lock to whoever asks next."""
        with self._database.engine.connect() as other, other.begin():
            if other.scalar(sa.select(_SERVER)) != server:
                return
            other.execute(sa.select(self._call("pg_advisory_unlock")))
        raise _SharedError(self._shared_connections)

    def still_held(self) -> str | None:
        """None: it is held. Else why it cannot be had now: the server is out of reach.

        Raises:
            StoreError: it was lost with its connection, and somebody else has it, or had it meanwhile
                and left what is not for this program. Or a pool gave its connection away.

        """
        taken_by = problem = None
        try:
            if self._conn is None:
                taken_by = self.take()
                with self._database.reading() as conn:
                    problem = self._problem(conn)
            else:
                with clear_errors(self._database.url):
                    is_shared = self._conn.scalar(sa.select(_SERVER)) != self._server
                problem = self._shared_connections if is_shared else None
        except _SharedError:
            raise
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
        called: sa.Function[bool] = getattr(sa.func, f"{function}{self._shared}")(RUNNER)
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
    return conn.scalar(query, {"lock": RUNNER}) or "another program"
