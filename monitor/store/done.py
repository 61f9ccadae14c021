"""What is delivered to us perhaps twice, done once: its key is written with the change itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite

from monitor.domain.errors import MonitorError
from monitor.store.engine import Connection, Database
from monitor.store.schema import done

KEPT = timedelta(days=7)
"""Nothing is delivered again after so long."""


class DoneBeforeError(MonitorError):
    """That was done already: this is the same thing, delivered once more."""


class Once:
    """A database in which one change is made, however often it is asked for.

    The transaction that fails leaves no key, so that it may be tried again.
    """

    def __init__(self, database: Database, key: str, now: datetime) -> None:
        """`key` names what was asked for, such as one press of a button."""
        self._database = database
        self._key = key
        self._now = now

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """As `Database.writing`. Raises DoneBeforeError."""
        with self._database.writing() as conn:
            self._note(conn)
            yield conn

    def _note(self, conn: Connection) -> None:
        conn.execute(done.delete().where(done.c.at < self._now - KEPT))
        dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
        fresh = dialect.insert(done).values(key=self._key, at=self._now)
        # whoever is at it at the same moment is waited for: the key is there then, or is not
        ours = fresh.on_conflict_do_nothing(index_elements=["key"]).returning(done.c.key)
        if conn.scalar(ours) is None:  # of an insert, psycopg counts no rows
            raise DoneBeforeError("That was done already.")
