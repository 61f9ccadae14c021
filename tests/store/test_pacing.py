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
from monitor.sources.x import budget as x
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


LOOKS_UP = """
import sys
from uuid import uuid4
from monitor.clock import utc_now
from monitor.domain.errors import SourceError
from monitor.fetching.budget import kept_in
from monitor.sources.x.budget import DOLLAR, LESS_URGENT, POST_READ, Budget
from monitor.store import pacing
from monitor.store.engine import Database

database = Database(sys.argv[1])
with kept_in(pacing.SharedLedger(database), "x"):
    budget = Budget(micros=DOLLAR, calls=None, clock=utc_now)
try:
    while True:
        size = budget.room("refresh", POST_READ, 1, 30, share=LESS_URGENT)
        # of what is asked for, some is gone: what was held back for it is free for others
        budget.charge("refresh", (POST_READ, [uuid4().hex for _ in range(size - size // 3)]))
except SourceError:
    print(sum(micros for _, micros in budget.spent().of.values()))
database.close()
"""
TODAY = utc_now().replace(hour=12)


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


def test_workers_that_look_up_spend_no_more_money_than_one_may(shared: Database) -> None:
    """What looking up costs stands in no cursor that all of them read before they go on."""
    command = [sys.executable, "-c", LOOKS_UP, shared.url.render_as_string(hide_password=False)]
    all_three = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(one.communicate()[0]) for one in all_three) == 800_000


def a_day_of_x(shared: Database, **most: int | None) -> x.Budget:
    """As a worker that was just started has it."""
    with kept_in(pacing.SharedLedger(shared), "x"):
        return x.Budget(**{"micros": None, "calls": None, **most}, clock=lambda: TODAY)


def test_what_other_workers_hold_back_or_spent_is_not_there_to_spend(shared: Database) -> None:
    first, second = (a_day_of_x(shared, micros=100_000) for _ in range(2))
    assert first.room("refresh", x.POST_READ, 1, 12) == 12
    assert second.room("refresh", x.POST_READ, 1, 12) == 8
    second.release("refresh")
    first.charge("refresh", (x.POST_READ, ["1", "2"]))
    assert second.room("own", x.POST_READ, 1, 100) == 18
    second.charge("own", (x.POST_READ, ["1"]))
    first.charge("answers", once=x.REPLY)  # nothing was held back for it
    with pytest.raises(SourceError, match=r"used up \(\$0.03 of \$0.10\)") as told:
        a_day_of_x(shared, micros=100_000).room("own", x.POST_READ, 16, 100)
    assert told.value.out_of_budget
    assert a_day_of_x(shared, micros=100_000).room("own", x.POST_READ, 15, 100) == 15


def test_calls_of_a_day_are_those_of_all_workers(shared: Database) -> None:
    first, second = (a_day_of_x(shared, calls=3) for _ in range(2))
    first.room("own", x.POST_READ, 1, 1)
    first.release("own")  # it did not come about
    for one in (first, second, first):
        one.room("own", x.POST_READ, 1, 1)
        one.charge("own")
    with pytest.raises(SourceError, match=r"used up \(3 calls\)"):
        second.room("refresh", x.POST_READ, 1, 1)


def test_what_was_spent_the_day_before_is_not_this_day_s(shared: Database) -> None:
    its = a_day_of_x(shared, micros=100_000)
    its.charge("answers", once=90_000)
    held = a_day_of_x(shared, micros=100_000)
    assert held.room("own", x.POST_READ, 1, 100) == 2
    with shared.writing() as conn:
        conn.execute(sa.text(f"UPDATE {jobs.SCHEMA}.spent SET at = at - interval '1 day'"))
    held.release("own")
    assert a_day_of_x(shared, micros=100_000).room("own", x.POST_READ, 1, 100) == 20


def test_a_day_of_much_money_is_counted(shared: Database) -> None:
    """More millionths of a dollar than a row can hold."""
    micros = 5_000 * x.DOLLAR
    for _ in range(4):
        a_day_of_x(shared, micros=micros).charge("own", once=900 * x.DOLLAR)
    size = a_day_of_x(shared, micros=micros).room("own", 100 * x.DOLLAR, 1, 100)
    assert size == 14


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


@pytest.mark.parametrize("kind", [NoticeKind.DIGEST, NoticeKind.BACKLOG, NoticeKind.REPORT])
def test_an_alert_goes_before_what_sums_up_at_its_place_alone(
    shared: Database, kind: NoticeKind
) -> None:
    """Of thousands of digests that wait for their turns, the first gives its own and takes the last one."""
    at = utc_now()
    written = {
        **{f"{kind}:{one}": (kind, "#care") for one in range(3)},
        f"{kind}:other": (kind, "#other"),
        "alert:1": (NoticeKind.ALERT, "#care"),
        "alert:2": (NoticeKind.ALERT, "#care"),
        f"{kind}:late": (kind, "#care"),
    }
    planned = [
        Planned(key, of, place, Reason.SCHEDULED, at) for key, (of, place) in written.items()
    ]
    with shared.writing() as conn:
        outbox.write(conn, planned, brand_id=None, case_id=None, now=at)
    for hours, key in enumerate(written, start=1):
        pacing.put_off(shared, key, hours * HOUR)
    order = ["alert:1", "alert:2", *(f"{kind}:{one}" for one in (2, "other", 0, 1, "late"))]
    assert turns(shared) == [(key, hours) for hours, key in enumerate(order, start=1)]
    with shared.reading() as conn:
        found = {one.key for one in leaving.ready(conn, now=at, at=utc_now() + 2 * HOUR + SECOND)}
    assert found == {"alert:1", "alert:2"}


def turns(database: Database) -> list[tuple[str, int]]:
    """The notices that have a turn to come, each with the hours until then, in that order."""
    query = sa.text(
        "SELECT args ->> 'item', round(extract(epoch FROM scheduled_at - now()) / 3600)"
        f" FROM {JOBS} WHERE task_name = 'deliver' ORDER BY scheduled_at"
    )
    with database.reading() as conn:
        return [(key, int(hours)) for key, hours in conn.execute(query)]


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
