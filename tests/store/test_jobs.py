"""Jobs are written in the transaction that makes their work, and hold a key alone."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor import worker
from monitor.domain.errors import StoreError
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.store import jobs, maintenance, outbox
from monitor.store.engine import Connection, Database
from tests.scenarios.world import World

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORDS = "Still no refund, Ana"


def planned(key: str) -> list[Planned]:
    return [Planned(key, NoticeKind.TEST, "#care", Reason.SCHEDULED, due_at=NOW)]


def told(conn: Connection, key: str) -> None:
    outbox.write(conn, planned(key), brand_id=None, case_id=None, now=NOW)


def made(database: Database) -> list[tuple[str, str, str]]:
    """What there is to do: queue, task, item."""
    query = sa.text(
        "SELECT queue_name, task_name, args ->> 'item'"
        f" FROM {jobs.SCHEMA}.procrastinate_jobs ORDER BY id"
    )
    with database.reading() as conn:
        return [(queue, task, item) for queue, task, item in conn.execute(query)]


def test_a_notice_is_a_job_once_it_is_committed_and_not_before(database: Database) -> None:
    worker.prepare(database)
    with database.writing() as conn:
        told(conn, "test:1")
        conn.rollback()
    assert made(database) == []
    with database.writing() as conn:
        told(conn, "test:2")
        told(conn, "test:3")
    assert made(database) == [("deliver", "look", "deliver")]


def test_what_is_looked_for_is_a_job_once_however_often_it_is_found(database: Database) -> None:
    worker.prepare(database)
    assert jobs.add(database, "deliver", "deliver", ["test:1", "test:2"]) == 2
    assert jobs.add(database, "deliver", "deliver", ["test:2", "test:3"]) == 1
    assert [item for _, _, item in made(database)] == ["test:1", "test:2", "test:3"]


def test_one_turn_waits_and_each_look_makes_it_anew(database: Database) -> None:
    worker.prepare(database)
    jobs.hand_out(database, "decide", "triage", ["1:1", "1:2"])
    jobs.hand_out(database, "decide", "triage", ["2:3", "1:1"])
    assert made(database) == [("decide", "triage", "2:3 1:1")]
    assert in_hand(database, "triage") == set()
    _begin(database)
    assert in_hand(database, "triage") == {"2:3", "1:1"}
    jobs.hand_out(database, "decide", "triage", ["1:2"])
    assert [item for _, _, item in made(database)] == ["2:3 1:1", "1:2"]


def test_of_a_batch_that_is_being_judged_each_post_is_in_hand(database: Database) -> None:
    worker.prepare(database)
    jobs.hand_out(database, "classify", "classify", ["1,2"])
    _begin(database)
    assert in_hand(database, "classify") == {"1", "2"}


def test_a_look_that_waits_is_not_asked_for_again(database: Database) -> None:
    worker.prepare(database)
    jobs.look(database, "decide")
    jobs.look(database, "decide")
    assert made(database) == [("decide", "look", "decide")]
    _begin(database)
    jobs.look(database, "decide")
    assert len(made(database)) == 2


def in_hand(database: Database, task: str) -> set[str]:
    with database.reading() as conn:
        return jobs.in_hand(conn, task)


def _begin(database: Database) -> None:
    with database.writing() as conn:
        conn.execute(sa.text(f"SET LOCAL search_path = {jobs.SCHEMA}"))
        conn.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing'"))


def test_on_the_way_of_a_post_each_queue_has_a_job_that_says_nothing_of_it(
    tmp_path: Path, database_url: str, database: Database
) -> None:
    worker.prepare(database)
    world = World(tmp_path, database_url)
    world.x.posts(WORDS, at="09:00")
    world.runs_until("09:01")
    world.database.close()
    found = made(database)
    assert {queue for queue, _, _ in found} >= {"classify", "decide", "deliver"}
    assert "refund" not in json.dumps(found)
    assert "Ana" not in json.dumps(found)


@pytest.mark.parametrize(
    "row",
    [
        "UPDATE post SET to_judge = false",
        "UPDATE mention SET next = 'settle'",
        "UPDATE cases SET next_action_at = now()",
    ],
)
def test_what_is_to_be_decided_is_looked_for_from_the_commit_on(
    tmp_path: Path, database_url: str, database: Database, row: str
) -> None:
    world = World(tmp_path, database_url)
    world.x.posts(WORDS, at="09:00")
    world.runs_until("09:01")
    world.database.close()
    with database.writing() as conn:
        conn.execute(sa.text("UPDATE post SET to_judge = true"))
    worker.prepare(database)
    with database.writing() as conn:
        conn.execute(sa.text(row))
        assert made(database) == []
    assert made(database) == [("decide", "look", "decide")]


def test_what_workers_need_is_made_once_and_anew_for_another_version(database: Database) -> None:
    with pytest.raises(StoreError, match=r"not there.*db upgrade"), as_worker(database):
        pass
    assert worker.prepare(database)
    with as_worker(database) as still_ours:
        assert still_ours() is None
    assert not worker.prepare(database)
    with database.writing() as conn:
        told(conn, "test:1")
        conn.execute(sa.text(f"COMMENT ON SCHEMA {jobs.SCHEMA} IS 'of last year'"))
    assert worker.leaves_behind(database)
    with pytest.raises(StoreError, match="of last year"), as_worker(database):
        pass
    assert worker.prepare(database)
    assert made(database) == []  # looking finds it again


def test_workers_share_a_database_that_a_run_wants_for_itself(database: Database) -> None:
    second, third = Database(str_of(database)), Database(str_of(database))
    try:
        with maintenance.among_workers(database), maintenance.among_workers(second) as still:
            assert still() is None
            with pytest.raises(StoreError, match="in use"), maintenance.only_one_runner(third):
                pass
        with (
            maintenance.only_one_runner(third),
            pytest.raises(StoreError, match="in use"),
            maintenance.among_workers(second),
        ):
            pass
        with maintenance.one_after_another(database):
            pass
    finally:
        second.close()
        third.close()


def as_worker(database: Database) -> AbstractContextManager[maintenance.StillAlone]:
    return maintenance.among_workers(database, worker.unprepared)


def test_jobs_that_changed_while_the_lock_was_lost_end_the_work(database: Database) -> None:
    """PostgreSQL was stopped, and when it was back an upgrade was faster than this worker."""
    worker.prepare(database)
    second = Database(str_of(database))
    with as_worker(database) as still_ours:
        with second.writing() as conn:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            conn.execute(
                sa.text(
                    ended
                    + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
            engine = version("procrastinate")
            conn.execute(
                sa.text(
                    f"COMMENT ON SCHEMA {jobs.SCHEMA} IS 'complaint-monitor 9, procrastinate {engine}'"
                )
            )
        assert "tried again" in str(still_ours())
        with pytest.raises(StoreError, match="workers' tables are of another version"):
            still_ours()
    second.close()


def str_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)
