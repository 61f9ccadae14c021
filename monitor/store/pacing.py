"""How fast networks and channels are called, counted for all workers together (PostgreSQL).

Transport time, by the server's clock: one for all. The tables stand in the jobs' schema, and may be lost
with it: then the networks themselves say when it was too much.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from monitor.clock import CLOCKS_DIFFER
from monitor.store import leases
from monitor.store.engine import Database
from monitor.store.jobs import SCHEMA
from monitor.store.schema import notice


class SharedLedger:
    """Counts calls of all workers (`fetching.budget.Ledger`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spend(self, budget: str, calls: int, per: timedelta, most: int) -> timedelta | None:
        """Count so many calls, if then at most `most` were made within `per`: None. Else how long to wait."""
        said = {"budget": budget, "per": per, "calls": calls}
        with self._database.writing() as conn:
            conn.execute(
                sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:budget, 1))"), said
            )
            conn.execute(
                sa.text(
                    f"DELETE FROM {SCHEMA}.spent"  # noqa: S608 - a literal of ours
                    " WHERE budget = :budget AND at <= clock_timestamp() - CAST(:per AS interval)"
                ),
                said,
            )
            conn.execute(  # made by a clock that has since been set back: for `per` from now they count
                sa.text(
                    f"UPDATE {SCHEMA}.spent SET at = clock_timestamp()"  # noqa: S608 - the same
                    " WHERE budget = :budget AND at > clock_timestamp()"
                ),
                said,
            )
            over = self._made(conn, budget) + calls - most
            if over <= 0:
                conn.execute(
                    sa.text(
                        f"INSERT INTO {SCHEMA}.spent (budget, calls)"  # noqa: S608 - the same
                        " VALUES (:budget, :calls)"
                    ),
                    said,
                )
                return None
            wait = conn.scalar(
                sa.text(
                    "SELECT at + CAST(:per AS interval) - clock_timestamp() FROM"  # noqa: S608
                    " (SELECT at, sum(calls) OVER (ORDER BY id) AS so_far"
                    f" FROM {SCHEMA}.spent WHERE budget = :budget) made"
                    " WHERE so_far >= :over ORDER BY at LIMIT 1"
                ),
                {**said, "over": over},
            )
        return per if wait is None else wait

    def made(self, budget: str, per: timedelta) -> int:
        """The calls made within `per`."""
        with self._database.reading() as conn:
            return self._made(conn, budget, per)

    def _made(self, conn: sa.Connection, budget: str, per: timedelta = timedelta.max) -> int:
        recent = (
            "" if per == timedelta.max else " AND at > clock_timestamp() - CAST(:per AS interval)"
        )
        query = sa.text(
            f"SELECT coalesce(sum(calls), 0) FROM {SCHEMA}.spent"  # noqa: S608 - the same
            f" WHERE budget = :budget{recent}"
        )
        said = {"budget": budget} if not recent else {"budget": budget, "per": per}
        return int(conn.execute(query, said).scalar_one())


def turn(database: Database, audience: str, every: timedelta) -> timedelta:
    """Take the next free turn of an audience: how long until then. Each turn is given out once."""
    query = sa.text(
        f"INSERT INTO {SCHEMA}.turn AS t (audience, free_at)"  # noqa: S608 - the same
        " VALUES (:audience, clock_timestamp() + CAST(:every AS interval))"
        " ON CONFLICT (audience) DO UPDATE SET given_at = clock_timestamp(),"
        " free_at = greatest(t.free_at, clock_timestamp()) + CAST(:every AS interval)"
        " RETURNING free_at - CAST(:every AS interval) - clock_timestamp()"
    )
    with database.writing() as conn:
        _set_right(conn)
        wait: timedelta = conn.execute(query, {"audience": audience, "every": every}).scalar_one()
    return max(wait, timedelta(0))


def set_right(database: Database) -> None:
    """Set back the turns, and the jobs that wait for theirs, if the server's clock was.

    That is so if one was given out at a time to come: by a clock that was ahead by at least as much.
    """
    with database.writing() as conn:
        _set_right(conn)


def _set_right(conn: sa.Connection) -> None:
    query = sa.text(
        f"SELECT max(given_at) - clock_timestamp() FROM {SCHEMA}.turn"  # noqa: S608 - the same
        " HAVING max(given_at) > clock_timestamp()"
    )
    if conn.scalar(query) is None:
        return
    turns = f"UPDATE {SCHEMA}.turn SET free_at = free_at - :by, given_at = given_at - :by"  # noqa: S608
    waiting = (
        f"UPDATE {SCHEMA}.procrastinate_jobs SET scheduled_at = scheduled_at - :by"  # noqa: S608
        " WHERE task_name = 'deliver' AND status = 'todo' AND scheduled_at IS NOT NULL"
    )
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('turns', 2))"))
    conn.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")
    by = conn.scalar(query)  # nothing, if another worker was faster
    for one in (turns, waiting) if by else ():
        conn.execute(sa.text(one), {"by": by})


def put_off(database: Database, key: str, wait: timedelta) -> None:
    """A notice whose turn comes later is a job again then; meanwhile no look finds it.

    Its row says when it was put off, too: that shows whether the server's clock has since been set back.
    """
    # whoever has its job then finds it free, by a clock of its own
    put_off_at = sa.func.clock_timestamp() - CLOCKS_DIFFER
    turn_at = put_off_at + wait
    is_free = sa.and_(leases.is_pending(notice), notice.c.lease.is_(None))
    rests = sa.update(notice).where(notice.c.key == key, is_free)
    query = sa.text(
        f"INSERT INTO {SCHEMA}.procrastinate_jobs"  # noqa: S608 - the same
        " (queue_name, task_name, queueing_lock, args, scheduled_at) VALUES ('deliver', 'deliver',"
        " 'deliver ' || CAST(:key AS text),"
        " jsonb_build_object('item', CAST(:key AS text), 'has_turn', true),"
        " clock_timestamp() + CAST(:wait AS interval))"
        " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING"
    )
    with database.writing() as conn:
        until = sa.func.greatest(notice.c.not_before, turn_at)
        conn.execute(rests.values(not_before=until, leased_until=put_off_at))
        conn.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")
        conn.execute(query, {"key": key, "wait": wait})
