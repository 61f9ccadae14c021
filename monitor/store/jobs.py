"""What is to be done, as jobs for workers (PostgreSQL): written in the transaction that makes the work.

The engine (Procrastinate) has a schema of its own here. Triggers put a job there for whatever a row
says can be done at once, whichever program wrote it: so a job is there if and only if its work is. A
job carries keys and nothing else. The rows stay the only truth: without any of this, looking finds
the same keys, and so the schema may be dropped and made anew at any time.

What comes by the hundred is handed out in turns. The job that a row makes then says only that there is
something to look for; the look asks for it in a fair order, and makes one job of the first of it. More
than one such job never waits: what comes later and goes first is in the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from monitor.store.engine import Connection, Database

if TYPE_CHECKING:
    from psycopg import AsyncConnection

SCHEMA = "complaint_monitor_jobs"
LOOK = "look"
"""The task that asks a queue's stages for what is due; its item is the queue."""
DECIDE = "decide"
_VERSION = "5"
"""Of what is made below; together with the engine's own it is the schema's comment.

`6.5` would be the sixth, over which workers of the fifth go on, for the arguments of each task that they know
have kept their form; without a second number there are none (docs/adr/0053). The fourth reads plain numbers.
"""
_STAMP = re.compile(r"complaint-monitor (\d+)(?:\.(\d+))?, procrastinate (\S+)")

_ADD = f"""
CREATE FUNCTION {SCHEMA}.add_job(queue text, task text, item text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO {SCHEMA}.procrastinate_jobs (queue_name, task_name, queueing_lock, args)
    VALUES (queue, task, task || ' ' || item, jsonb_build_object('item', item))
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
$$;
-- After all others of the queue: so what came meanwhile is seen at once. It waits for nobody else's job, as a
-- unique one would, and so two transactions never wait for each other; one look too many finds nothing
CREATE FUNCTION {SCHEMA}.add_look(queue text, alone text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO {SCHEMA}.procrastinate_jobs (queue_name, task_name, priority, lock, args)
    SELECT queue, '{LOOK}', -10, alone, jsonb_build_object('item', queue)
    WHERE NOT EXISTS (
        SELECT FROM {SCHEMA}.procrastinate_jobs
        WHERE queue_name = queue AND task_name = '{LOOK}' AND priority = -10 AND status = 'todo'
    )
$$;
"""  # noqa: S608 - nothing of it comes from outside
_PAGE = f"""
-- a page was stored: its posts can be judged. One job a page, not a post, and after all others of the
-- queue: so what came meanwhile is judged in one batch
CREATE FUNCTION {SCHEMA}.page_stored() RETURNS trigger LANGUAGE plpgsql
SET search_path = {SCHEMA}, public AS $$
BEGIN
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, args)
    VALUES ('classify', 'look', -10, 'look classify', '{{"item": "classify"}}');
    RETURN NULL;
END $$;
CREATE TRIGGER job AFTER INSERT ON public.coverage FOR EACH ROW
    WHEN (NEW.stored > 0 OR NEW.edited > 0) EXECUTE FUNCTION {SCHEMA}.page_stored();
"""  # noqa: S608 - the same
_UNDECIDED = f"""
-- something is to be decided: what of it, and in which order, is looked at as a whole. At the commit, so that
-- it is there to be seen
CREATE FUNCTION {SCHEMA}.undecided() RETURNS trigger LANGUAGE plpgsql
SET search_path = {SCHEMA}, public AS $$
BEGIN
    PERFORM add_look('{DECIDE}', NULL);
    RETURN NULL;
END $$;
"""


def _undecided(table: str, events: str, when: str) -> str:
    """A trigger for rows on which something is to be decided."""
    return f"""
CREATE CONSTRAINT TRIGGER job_{DECIDE} AFTER {events} ON public.{table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ({when}) EXECUTE FUNCTION {SCHEMA}.undecided();
"""


_TOLD = f"""
-- something is to be told: what of it, is looked at as a whole (many alarms at once become one message).
-- At the commit: whoever waits here for another one's same job holds nothing that this one wants
CREATE FUNCTION {SCHEMA}.notice_written() RETURNS trigger LANGUAGE plpgsql
SET search_path = {SCHEMA}, public AS $$
BEGIN
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
    VALUES ('deliver', 'look', 10, 'look deliver', 'look deliver', '{{"item": "deliver"}}')
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER job AFTER INSERT ON public.notice DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'pending') EXECUTE FUNCTION {SCHEMA}.notice_written();
"""  # noqa: S608 - the same


def _row(table: str, events: str, when: str, queue: str, task: str, item: str) -> str:
    """A trigger that makes a row's key a job."""
    name = f"{SCHEMA}.{table}_{task}"
    return f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = {SCHEMA}, public AS $$
BEGIN
    PERFORM add_job('{queue}', '{task}', {item});
    RETURN NULL;
END $$;
CREATE TRIGGER job_{task} AFTER {events} ON public.{table} FOR EACH ROW
    WHEN ({when}) EXECUTE FUNCTION {name}();
"""


_PACING = f"""
CREATE UNLOGGED TABLE {SCHEMA}.spent (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    budget text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    calls int NOT NULL
);
CREATE INDEX spent_budget ON {SCHEMA}.spent (budget, at);
CREATE UNLOGGED TABLE {SCHEMA}.turn (
    audience text PRIMARY KEY,
    free_at timestamptz NOT NULL,
    given_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""

_MADE = (
    _PACING,
    _ADD,
    _PAGE,
    _UNDECIDED,
    _undecided("post", "UPDATE OF to_judge", "OLD.to_judge AND NOT NEW.to_judge"),
    _undecided("mention", "INSERT OR UPDATE OF next", "NEW.next = 'settle'"),
    _undecided("cases", "INSERT OR UPDATE OF next_action_at", "NEW.next_action_at <= now()"),
    _TOLD,
    _row("reply", "INSERT", "NEW.state = 'pending'", "reply", "reply", "NEW.id::text"),
)


def stamp(engine: str) -> str:
    """What the schema's comment says when it fits this program and that version of the engine."""
    return f"complaint-monitor {_VERSION}, procrastinate {engine}"


def fits(found: str | None, engine: str) -> bool:
    """Whether this program can work with what has that stamp: its own, or a newer one's over the same engine.

    A task that only the newer program knows is no loss: that one's looking finds the work again.
    """
    return found is not None and _serves(found, stamp(engine))


def leaves_behind(found: str | None, engine: str) -> bool:
    """Whether workers for which that stamp stands cannot go on once this program has made its own."""
    own = stamp(engine)
    return found is not None and not _serves(found, own) and not _serves(own, found)


def _serves(made: str, program: str) -> bool:
    """Whether workers of the program that makes the second stamp can go on over what has the first."""
    its, theirs = _STAMP.fullmatch(made), _STAMP.fullmatch(program)
    if its is None or theirs is None or its[3] != theirs[3]:
        return False
    return int(its[2] or its[1]) <= int(theirs[1]) <= int(its[1])


def prepared(conn: Connection) -> str | None:
    """The stamp of what is there; None: nothing."""
    query = sa.text("SELECT obj_description(to_regnamespace(:name), 'pg_namespace')")
    found: str | None = conn.scalar(query, {"name": SCHEMA})
    return found


def prepare(database: Database, tables: str, engine: str) -> bool:
    """Make the schema (anew, where another version made it). `tables`: the engine's own statements.

    Workers that are at work meanwhile, and are not left behind, see their jobs vanish and find them
    again. Returns whether anything had to be made.
    """
    with database.writing() as conn:
        if fits(prepared(conn), engine):
            return False
        # the driver's own connection: many statements at once, and `%` means nothing
        plain = conn.connection.driver_connection
        assert plain is not None  # noqa: S101 - within a transaction there is one
        own = conn.scalar(sa.text("SELECT quote_ident(current_schema())"))
        drop(conn)
        plain.execute(f"CREATE SCHEMA {SCHEMA}")
        plain.execute(f"SET LOCAL search_path = {SCHEMA}")
        plain.execute(tables)
        for one in _MADE:
            plain.execute(one.replace("public", own))
        plain.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{stamp(engine)}'")
        return True


def drop(conn: Connection) -> None:
    """Take all of it away, with the triggers; looking finds the work again."""
    conn.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


async def stay_in_schema(conn: AsyncConnection[Any]) -> None:
    """Let the engine's connection find its tables. Not an option at its beginning: PgBouncer takes none."""
    await conn.execute(f"SET search_path = {SCHEMA}")
    await conn.commit()


def add(database: Database, queue: str, task: str, items: Iterable[str]) -> int:
    """Make jobs of the keys that are not waiting as such. Returns how many were.

    Each in a transaction of its own: in one, this and the triggers could wait for each other.
    """
    insert = sa.text(
        f"INSERT INTO {SCHEMA}.procrastinate_jobs"  # noqa: S608 - a literal of ours
        " (queue_name, task_name, lock, queueing_lock, args)"
        " VALUES (:queue, :task, :lock, :key, jsonb_build_object('item', CAST(:item AS text)))"
        " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING"
    )
    added = 0
    with _at_once(database) as conn:
        waiting = set(conn.scalars(_WAITING, {"task": task}))
        for item in items:
            if item in waiting:
                continue
            key = f"{task} {item}"
            lock = key if task in ONE_AT_A_TIME else None
            said = {"queue": queue, "task": task, "lock": lock, "key": key, "item": item}
            added += conn.execute(insert, said).rowcount
    return added


def hand_out(database: Database, queue: str, task: str, items: Sequence[str]) -> None:
    """Make the next turn of a task: these items. One that waits already is made anew by it."""
    insert = sa.text(
        f"INSERT INTO {SCHEMA}.procrastinate_jobs"  # noqa: S608 - the same
        " (queue_name, task_name, queueing_lock, args)"
        " VALUES (:queue, :task, :key, jsonb_build_object('item', CAST(:item AS text)))"
        " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET args = excluded.args"
    )
    with _at_once(database) as conn:
        said = {"queue": queue, "task": task, "key": task, "item": " ".join(items)}
        conn.execute(insert, said)


def look(database: Database, queue: str, *, alone: str | None = None) -> None:
    """Have it looked what of a queue is due. `alone`: the lock of looks that must not meet."""
    with _at_once(database) as conn:
        query = sa.text(f"SELECT {SCHEMA}.add_look(:queue, :alone)")
        conn.execute(query, {"queue": queue, "alone": alone})


@contextmanager
def _at_once(database: Database) -> Iterator[Connection]:
    """Each statement is a transaction of its own: it holds nothing for which another one waits."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(f"SET search_path = {SCHEMA}")
        try:
            yield conn
        finally:
            conn.exec_driver_sql("RESET search_path")


ONE_AT_A_TIME = frozenset({"intake", "refresh", "digest", "report", "sample", "watch", "forget"})
"""Tasks of which the same item is never under way twice, for its stage itself does not see to that: the
others claim their rows."""


_WAITING = sa.text(
    f"SELECT args ->> 'item' FROM {SCHEMA}.procrastinate_jobs"  # noqa: S608 - the same
    " WHERE task_name = :task AND status = 'todo'"
)


def in_hand(conn: Connection, task: str) -> set[str]:
    """What the turns of a task that have begun are about; of a batch to judge each post."""
    query = sa.text(
        f"SELECT args ->> 'item' FROM {SCHEMA}.procrastinate_jobs"  # noqa: S608 - the same
        " WHERE task_name = :task AND status = 'doing'"
    )
    begun = conn.scalars(query, {"task": task})
    return {one for items in begun for one in items.replace(",", " ").split(" ")}
