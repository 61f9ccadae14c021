"""What is to be done, as jobs for workers (PostgreSQL): written in the transaction that makes the work.

The engine (Procrastinate) has a schema of its own here. Triggers put a job there for whatever a row
says can be done at once, whichever program wrote it: so a job is there if and only if its work is. A
job carries a key and nothing else. The rows stay the only truth: without any of this, looking finds
the same keys, and so the schema may be dropped and made anew at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from monitor.store.engine import Connection, Database

SCHEMA = "complaint_monitor_jobs"
LOOK = "look"
"""The task that asks a queue's stages for what is due; its item is the queue."""
CLASSIFY = "classify"
_VERSION = 3
"""Of what is made below; together with the engine's own it is the schema's comment."""
_STAMP = re.compile(r"complaint-monitor (\d+), procrastinate (\S+)")

_ADD = f"""
CREATE FUNCTION {SCHEMA}.add_job(queue text, task text, item text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO {SCHEMA}.procrastinate_jobs (queue_name, task_name, queueing_lock, args)
    VALUES (queue, task, task || ' ' || item, jsonb_build_object('item', item))
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
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
_JUDGED = f"""
CREATE FUNCTION {SCHEMA}.post_judged() RETURNS trigger LANGUAGE plpgsql
SET search_path = {SCHEMA}, public AS $$
BEGIN
    PERFORM add_job('decide', 'triage', brand_id || ':' || post_id)
    FROM public.mention WHERE post_id = NEW.id AND next = 'triage' ORDER BY brand_id;
    RETURN NULL;
END $$;
CREATE TRIGGER job AFTER UPDATE OF to_judge ON public.post FOR EACH ROW
    WHEN (OLD.to_judge AND NOT NEW.to_judge) EXECUTE FUNCTION {SCHEMA}.post_judged();
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
CREATE UNLOGGED TABLE {SCHEMA}.turn (audience text PRIMARY KEY, free_at timestamptz NOT NULL);
"""

_MADE = (
    _PACING,
    _ADD,
    _PAGE,
    _JUDGED,
    _row(
        "mention",
        "INSERT OR UPDATE OF next",
        "NEW.next = 'settle'",
        "decide",
        "settle",
        "NEW.brand_id || ':' || NEW.post_id",
    ),
    _row(
        "cases",
        "INSERT OR UPDATE OF next_action_at",
        "NEW.next_action_at <= now()",
        "decide",
        "escalate",
        "NEW.id::text",
    ),
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
    match = _STAMP.fullmatch(found or "")
    return match is not None and match[2] == engine and int(match[1]) >= _VERSION


def prepared(conn: Connection) -> str | None:
    """The stamp of what is there; None: nothing."""
    query = sa.text("SELECT obj_description(to_regnamespace(:name), 'pg_namespace')")
    found: str | None = conn.scalar(query, {"name": SCHEMA})
    return found


def prepare(database: Database, tables: str, engine: str) -> bool:
    """Make the schema (anew, where another version made it). `tables`: the engine's own statements.

    Workers that are at work meanwhile see their jobs vanish and find them again. Returns whether
    anything had to be made.
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
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(f"SET search_path = {SCHEMA}")
        try:
            for item in items:
                key = f"{task} {item}"
                lock = key if task in ONE_AT_A_TIME else None
                said = {"queue": queue, "task": task, "lock": lock, "key": key, "item": item}
                added += conn.execute(insert, said).rowcount
        finally:
            conn.exec_driver_sql("RESET search_path")
    return added


ONE_AT_A_TIME = frozenset(
    {"intake", "refresh", "classify", "digest", "report", "sample", "watch", "forget"}
)
"""Tasks of which the same item is never under way twice, for its stage itself does not see to that: the
others claim their rows."""


def in_hand(conn: Connection, task: str) -> Sequence[str]:
    """The items of jobs that wait or are under way."""
    query = sa.text(
        f"SELECT args ->> 'item' FROM {SCHEMA}.procrastinate_jobs"  # noqa: S608 - the same
        " WHERE task_name = :task AND status IN ('todo', 'doing')"
    )
    return list(conn.scalars(query, {"task": task}))
