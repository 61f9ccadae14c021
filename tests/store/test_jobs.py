"""Jobs are written in the transaction that makes their work, and hold a key alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
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
    assert jobs.add(database, "classify", "classify", ["1,2"]) == 1
    with database.reading() as conn:
        assert jobs.in_hand(conn, "classify") == ["1,2"]
    assert [item for _, _, item in made(database)] == ["test:1", "test:2", "test:3", "1,2"]


def test_the_way_of_a_post_is_a_job_at_each_stage_and_says_nothing_of_it(
    tmp_path: Path, database_url: str, database: Database
) -> None:
    worker.prepare(database)
    world = World(tmp_path, database_url)
    world.x.posts(WORDS, at="09:00")
    world.runs_until("09:01")
    world.database.close()
    found = made(database)
    assert {task for _, task, _ in found} >= {"look", "triage", "settle", "escalate"}
    assert "refund" not in json.dumps(found)
    assert "Ana" not in json.dumps(found)


def test_what_workers_need_is_made_once_and_anew_for_another_version(database: Database) -> None:
    with pytest.raises(StoreError, match=r"not there.*db upgrade"):
        worker.require_prepared(database)
    assert worker.prepare(database)
    worker.require_prepared(database)
    assert not worker.prepare(database)
    with database.writing() as conn:
        told(conn, "test:1")
        conn.execute(sa.text(f"COMMENT ON SCHEMA {jobs.SCHEMA} IS 'of last year'"))
    with pytest.raises(StoreError, match="of last year"):
        worker.require_prepared(database)
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


def str_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)
