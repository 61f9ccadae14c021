"""Calls and turns are counted for all workers together: two processes are as fast as one."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor import worker
from monitor.clock import utc_now
from monitor.domain.errors import SourceError
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.fetching.budget import Budget, kept_in
from monitor.store import jobs, leaving, outbox, pacing
from monitor.store.engine import Database
from monitor.store.schema import notice

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SPENDS = """
import sys
from datetime import datetime, timedelta
from monitor.clock import utc_now
from monitor.domain.errors import SourceError
from monitor.fetching.budget import Budget, kept_in
from monitor.sources.stores.hourly import Hourly
from monitor.store import pacing
from monitor.store.engine import Database

database = Database(sys.argv[1])
with kept_in(pacing.SharedLedger(database), "forum"):
    budget, store = Budget(12, timedelta(hours=1)), Hourly(12, utc_now)
    spend = {"budget": budget.spend, "store": store.take}[sys.argv[2]]
made = 0
for _ in range(10):
    try:
        spend()
        made += 1
    except SourceError:
        pass
turns = [pacing.turn(database, "#care", timedelta(seconds=60)) for _ in range(5)]
print(made)
database.close()
"""


@pytest.fixture
def shared(database: Database) -> Database:
    worker.prepare(database)
    return database


@pytest.mark.parametrize("of", ["budget", "store"])
def test_two_processes_make_no_more_calls_than_one_may(shared: Database, of: str) -> None:
    url = shared.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", SPENDS, url, of]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(one.communicate()[0]) for one in both) == 12
    # and of ten turns in a channel none was given out twice: the eleventh comes ten minutes later
    assert pacing.turn(shared, "#care", SECOND) > timedelta(seconds=9 * 60)


def test_what_is_over_is_not_counted_and_says_when_it_may_be(shared: Database) -> None:
    with kept_in(pacing.SharedLedger(shared), "forum"):
        budget, other = Budget(3, HOUR, kept=1), Budget(3, HOUR)
    budget.spend(2)
    with pytest.raises(SourceError, match="used up") as told:
        budget.spend()
    assert told.value.retry_after is not None
    assert timedelta(minutes=59) < told.value.retry_after <= HOUR
    budget.spend(is_write=True)
    assert (budget.left, other.left) == (0, 3)
    with pytest.raises(SourceError) as never:
        budget.spend(9)
    assert never.value.retry_after == HOUR


def test_a_turn_that_is_not_taken_in_time_is_gone(shared: Database) -> None:
    assert pacing.turn(shared, "#care", SECOND) == timedelta(0)
    with shared.writing() as conn:
        conn.execute(sa.text(f"UPDATE {jobs.SCHEMA}.turn SET free_at = now() - interval '1 day'"))
    assert pacing.turn(shared, "#care", SECOND) == timedelta(0)
    assert timedelta(0) < pacing.turn(shared, "#care", SECOND) <= SECOND
    assert pacing.turn(shared, "#other", SECOND) == timedelta(0)


def test_a_notice_whose_turn_comes_later_is_one_job_then(shared: Database) -> None:
    pacing.put_off(shared, "alert:1:1", HOUR)
    pacing.put_off(shared, "alert:1:1", HOUR)
    assert jobs.add(shared, "deliver", "deliver", ["alert:1:1"]) == 0
    query = sa.text(f"SELECT args, scheduled_at > now() FROM {jobs.SCHEMA}.procrastinate_jobs")
    with shared.reading() as conn:
        assert conn.execute(query).all() == [({"item": "alert:1:1", "has_turn": True}, True)]


def test_a_notice_that_was_put_off_is_found_by_no_look_before_its_turn(shared: Database) -> None:
    """It would take the place of others in every look; and what rests for longer goes on resting."""
    at = utc_now()
    keys = ["test:later", "test:soon", "test:resting"]
    planned = [Planned(one, NoticeKind.TEST, "#care", Reason.SCHEDULED, at) for one in keys]
    with shared.writing() as conn:
        outbox.write(conn, planned, brand_id=None, case_id=None, now=at)
        rests = notice.update().where(notice.c.key == "test:resting")
        conn.execute(rests.values(not_before=at + 2 * HOUR))
    for key in keys:
        pacing.put_off(shared, key, SECOND if key == "test:soon" else HOUR)
    with shared.reading() as conn:
        found = [
            {one.key for one in leaving.ready(conn, now=at, at=at + span)}
            for span in (SECOND, HOUR + SECOND, 2 * HOUR)
        ]
    assert found == [{"test:soon"}, {"test:soon", "test:later"}, set(keys)]


JOBS = f"{jobs.SCHEMA}.procrastinate_jobs"
AHEAD = 3 * HOUR
"""By so much the server's clock was wrong, and was then set back."""


def by_a_clock_that_was_ahead(database: Database, table: str, *columns: str) -> None:
    """What was written there, was by the server's clock before it was set back."""
    moved = ", ".join(f"{one} = {one} + CAST(:by AS interval)" for one in columns)
    with database.writing() as conn:
        conn.execute(sa.text(f"SET LOCAL search_path = public, {jobs.SCHEMA}"))
        conn.execute(sa.text(f"UPDATE {table} SET {moved}"), {"by": AHEAD})


def test_calls_of_a_clock_that_was_set_back_count_once_more_and_no_longer(shared: Database) -> None:
    """Nobody waits longer than the rate says, and it is not called more often either."""
    with kept_in(pacing.SharedLedger(shared), "forum"):
        budget = Budget(3, HOUR)
    budget.spend(3)
    by_a_clock_that_was_ahead(shared, f"{jobs.SCHEMA}.spent", "at")
    with pytest.raises(SourceError) as told:
        budget.spend()
    assert told.value.retry_after is not None
    assert timedelta(minutes=59) < told.value.retry_after <= HOUR


def test_turns_of_a_clock_that_was_set_back_are_set_back_with_it(shared: Database) -> None:
    for _ in range(4):
        pacing.turn(shared, "#care", HOUR)
    by_a_clock_that_was_ahead(shared, f"{jobs.SCHEMA}.turn", "free_at", "given_at")
    assert 3 * HOUR < pacing.turn(shared, "#care", HOUR) <= 4 * HOUR  # the fifth, as before
    assert 4 * HOUR < pacing.turn(shared, "#care", HOUR) <= 5 * HOUR


def test_a_notice_put_off_by_a_clock_that_was_set_back_is_told(shared: Database) -> None:
    at = utc_now()
    planned = Planned("test:1", NoticeKind.TEST, "#care", Reason.SCHEDULED, at)
    with shared.writing() as conn:
        outbox.write(conn, [planned], brand_id=None, case_id=None, now=at)
    pacing.turn(shared, "#care", HOUR)
    pacing.put_off(shared, "test:1", pacing.turn(shared, "#care", HOUR))
    pacing.set_right(shared)
    right = when(shared)
    by_a_clock_that_was_ahead(shared, "notice", "not_before", "leased_until")
    by_a_clock_that_was_ahead(shared, JOBS, "scheduled_at")
    by_a_clock_that_was_ahead(shared, f"{jobs.SCHEMA}.turn", "free_at", "given_at")
    assert when(shared) == right + AHEAD
    for _ in range(2):
        pacing.set_right(shared)
        assert (
            timedelta(0) <= when(shared) - right < timedelta(minutes=10)
        )  # as long as this test took
    with shared.reading() as conn:
        assert [one.key for one in leaving.ready(conn, now=at, at=at)] == [
            "test:1"
        ]  # its job has it


def when(database: Database) -> datetime:
    """When the one job of delivery is to run."""
    query = sa.text(f"SELECT scheduled_at FROM {JOBS} WHERE task_name = 'deliver'")
    with database.reading() as conn:
        found: datetime = conn.execute(query).scalar_one()
    return found
