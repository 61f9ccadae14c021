"""Machines whose clocks differ, as those of several machines do, wait out what each other put off."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.clock import CLOCKS_DIFFER
from monitor.domain.errors import SourceError
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.post import Stream, StreamKind
from monitor.store import brands, coverage, failures, leases, outbox
from monitor.store.engine import Connection, Database
from monitor.store.schema import failure, notice
from tests.store.written import NINE

KEY = "test:1"
NOTHING, SECOND = timedelta(0), timedelta(seconds=1)
LONG = timedelta(hours=6)
apart = st.timedeltas(-CLOCKS_DIFFER, CLOCKS_DIFFER)
"""By how much the clock of who asks is ahead of the clock of who put it off."""
rests = st.timedeltas(SECOND, timedelta(hours=1))
waited = st.timedeltas(NOTHING, timedelta(hours=2))


def put_off(database: Database, rest: timedelta) -> None:
    """A notice whose sender gave it back at nine."""
    planned = Planned(KEY, NoticeKind.TEST, "#care", Reason.SCHEDULED, NINE)
    with database.writing() as conn:
        conn.execute(notice.delete())
        outbox.write(conn, [planned], brand_id=None, case_id=None, now=NINE)
        conn.execute(notice.update().values(**leases.put_off(NINE, rest)))


def is_free(database: Database, at: datetime) -> bool:
    with database.reading() as conn:
        return conn.scalar(sa.select(leases.nobody_has_it(notice, at))) is True


@example(rest=timedelta(minutes=15), passed=NOTHING, ahead=-SECOND)
@given(rest=rests, passed=waited, ahead=apart)
def test_whoever_asks_waits_until_its_own_clock_says_that_the_rest_is_over(
    scratch: Database, rest: timedelta, passed: timedelta, ahead: timedelta
) -> None:
    put_off(scratch, rest)
    assert is_free(scratch, NINE + passed + ahead) == (passed + ahead >= rest)


@given(rest=rests, back=st.timedeltas(CLOCKS_DIFFER + timedelta(microseconds=1), LONG))
def test_a_clock_that_was_set_back_by_more_ends_the_rest(
    scratch: Database, rest: timedelta, back: timedelta
) -> None:
    put_off(scratch, rest)
    assert is_free(scratch, NINE - back)


numbers = count()


def failing(database: Database, retry_after: timedelta) -> str:
    """A stream whose network said at nine how long to wait. Its name."""
    name = str(next(numbers))
    with database.writing() as conn:
        number = _ensure(conn, name, NINE, "a")
        error = SourceError("429", retry_after=retry_after)
        coverage.record_failure(conn, number, error, NINE, options="a")
    return name


def is_due(database: Database, name: str, now: datetime, *, options: str) -> bool:
    """Whether a program with that clock and config, which starts now, looks at once."""
    with database.writing() as conn:
        return _ensure(conn, name, now, options) in coverage.due(conn, now)


def _ensure(conn: Connection, name: str, now: datetime, options: str) -> int:
    ids = brands.ensure(conn, ["acme"]).values()
    one = Stream(name, StreamKind.SEARCH, "x")
    return coverage.ensure_stream(conn, "x", one, ids, now, options=options)


@pytest.mark.parametrize("options", ["a", "b"])
@example(rest=timedelta(minutes=15), passed=NOTHING, ahead=-SECOND)
@given(rest=st.timedeltas(coverage.LONGEST_PAUSE, LONG), passed=waited, ahead=apart)
def test_what_a_network_said_to_wait_is_waited_by_each_machine(
    scratch: Database, options: str, rest: timedelta, passed: timedelta, ahead: timedelta
) -> None:
    name, now = failing(scratch, rest), NINE + passed + ahead
    assert is_due(scratch, name, now, options=options) == (passed + ahead >= rest)


@pytest.mark.parametrize("options", ["a", "b"])
@given(back=st.timedeltas(CLOCKS_DIFFER + timedelta(microseconds=1), LONG))
def test_a_stream_waits_for_no_clock_that_was_set_back_by_more(
    scratch: Database, options: str, back: timedelta
) -> None:
    name = failing(scratch, LONG)
    assert is_due(scratch, name, NINE - back, options=options)


@example(times=5, passed=NOTHING, ahead=-SECOND)
@given(times=st.integers(1, failures.PATIENCE - 1), passed=waited, ahead=apart)
def test_an_item_that_failed_rests_for_each_machine(
    scratch: Database, times: int, passed: timedelta, ahead: timedelta
) -> None:
    with scratch.writing() as conn:
        conn.execute(failure.delete())
        for _ in range(times):
            failures.record(conn, "triage", "1", "no", NINE)
    now = NINE + passed + ahead
    rests = passed + ahead < failures.FIRST_REST * 2 ** (times - 1)
    with scratch.reading() as conn:
        item = sa.literal("1")
        assert conn.scalar(sa.select(failures.resting("triage", item, now))) is rests
        assert failures.rests(failures.failed(conn, "triage"), "1", now) is rests
