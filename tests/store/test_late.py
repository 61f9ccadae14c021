"""What waits for too long is seen by every worker, whoever should have done it."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.domain.notice import Receipt
from monitor.store import failures, leaving, outbox
from monitor.store.engine import Database
from monitor.store.late import LATE, late
from tests.stages.told import NOW, Told
from tests.store.written import TEN, Bringing, all_done, judge, rows, written

MINUTE = timedelta(minutes=1)
SOON, TOO_LATE = LATE - MINUTE, LATE + MINUTE


def found(database: Database, now: datetime) -> str:
    with database.reading() as conn:
        return late(conn, now=now, at=now) or ""


def test_a_post_that_nobody_judges_or_decides_on_is_late(database: Database) -> None:
    Bringing(database).brings(written("1", text="my shop"))
    assert found(database, TEN + SOON) == ""
    assert found(database, TEN + TOO_LATE) == "posts wait to be judged for more than 10 minutes"
    judge(database)
    assert found(database, TEN + SOON) == ""
    assert found(database, TEN + TOO_LATE) == "posts wait to be decided on for more than 10 minutes"
    all_done(database)
    assert found(database, TEN + TOO_LATE) == ""


def test_what_fails_is_not_late_for_somebody_tries_it_or_was_told(database: Database) -> None:
    Bringing(database).brings(written("1", text="my shop"))
    [(number,)] = rows(database, "SELECT id FROM post")
    now = TEN + TOO_LATE
    for _ in range(failures.PATIENCE):
        with database.writing() as conn:
            failures.record(conn, "classify", str(number), "no number", now)
        assert found(database, now) == ""
        now += failures.LONGEST_REST + MINUTE
    assert found(database, now) == ""
    judge(database)
    with database.writing() as conn:
        failures.record(conn, "triage", f"1:{number}", "a bug", now)
    assert found(database, now) == ""
    assert "decided" in found(database, now + MINUTE)


def test_a_case_whose_next_step_nobody_looks_at_is_late(database: Database, told: Told) -> None:
    case = told.case(next_action_at=NOW)
    assert found(database, NOW + SOON) == ""
    said = "cases wait for their next step for more than 10 minutes"
    assert found(database, NOW + TOO_LATE) == said
    with database.writing() as conn:
        failures.record(conn, "escalate", str(case), "a bug", NOW + TOO_LATE)
    assert found(database, NOW + TOO_LATE) == ""


def test_a_notice_that_nobody_takes_is_late(database: Database, told: Told) -> None:
    key = told.alert(told.case())
    assert found(database, NOW + SOON) == ""
    assert found(database, NOW + TOO_LATE) == "notices wait to be told for more than 10 minutes"
    taken(database, key, NOW + TOO_LATE)
    assert found(database, NOW + TOO_LATE) == ""


def test_what_the_other_side_does_not_take_is_late_only_once_nobody_tries_it(
    database: Database, told: Told
) -> None:
    """That a channel is away is told otherwise; what waits behind it is in nobody's hands either."""
    case = told.case()
    key, tried_at, rest = told.alert(case), NOW + SOON, timedelta(minutes=15)
    told.change(case, 1)
    told.escalate(case, "leads", to="#care")
    with database.reading() as conn:
        assert len(leaving.ready(conn, now=NOW, at=NOW)) > 1
    one = taken(database, key, tried_at)
    assert found(database, NOW + TOO_LATE) == ""
    with database.writing() as conn:
        outbox.postpone(
            conn, one, "mine", at=tried_at, rest=rest, problem="503", fate_unknown=False
        )
    assert found(database, tried_at + rest + SOON) == ""
    assert "told" in found(database, tried_at + rest + TOO_LATE)
    one = taken(database, key, tried_at + rest)
    with database.writing() as conn:
        outbox.sent(conn, one, "mine", Receipt("#care", "m1"), tried_at + rest)
    assert "told" in found(database, tried_at + rest)  # what waited behind it, and for long


def taken(database: Database, key: str, at: datetime) -> leaving.Pending:
    """A sender claims it."""
    with database.writing() as conn:
        [one] = leaving.ready(conn, now=at, at=at, key=key)
        assert outbox.claim(conn, one, token="mine", at=at, until=at + timedelta(minutes=2))
    return one
