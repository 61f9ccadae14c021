"""A database put back: what it may have told is known by what it is about, and looked for first."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.store import leaving, outbox, put_back, schema
from monitor.store.engine import Database
from tests.stages.told import NOW, Told

LATER = NOW + timedelta(minutes=5)


def plan(
    database: Database, key: str, kind: NoticeKind, case: int | None, wait: int | None
) -> None:
    one = Planned(key, kind, "#care", Reason.OPENED, NOW, wait)
    with database.writing() as conn:
        outbox.write(conn, [one], brand_id=None, case_id=case, now=NOW)


def abouts(database: Database) -> dict[str, str]:
    with database.reading() as conn:
        rows = leaving.ready(conn, now=LATER, at=LATER)
        return {one.key: put_back.told_before(conn, one)["about"] for one in rows}


def test_what_a_notice_is_about_is_the_same_in_every_copy(database: Database) -> None:
    told = Told(database)
    first, second = told.case(), told.case()
    plan(database, f"alert:{first}:1", NoticeKind.ALERT, first, 1)
    plan(database, f"step:{first}:1:soon", NoticeKind.ESCALATION, first, 1)
    plan(database, f"alert:{second}:1", NoticeKind.ALERT, second, 1)
    plan(database, f"alert:{second}:9", NoticeKind.ALERT, second, 9)
    plan(database, "digest:1:2026-03-03", NoticeKind.DIGEST, None, None)
    plan(database, "test:1", NoticeKind.TEST, None, None)
    found = abouts(database)
    assert found["digest:1:2026-03-03"] == "digest:1:2026-03-03"
    assert found["test:1"] == ""
    assert len({found[f"alert:{first}:1"], found[f"step:{first}:1:soon"]}) == 2
    with database.writing() as conn:  # a wait of which the copy knows no beginning says nothing
        conn.execute(sa.delete(schema.wait).where(schema.wait.c.case_id == second))
    assert abouts(database)[f"alert:{first}:1"] == found[f"alert:{first}:1"] != ""
    assert f"alert:{second}:9" not in found or found[f"alert:{second}:9"] == ""


def test_what_is_to_leave_is_looked_for_since_the_copy_was_made(database: Database) -> None:
    with database.reading() as conn:
        assert put_back.last_moment(conn) is None
    told = Told(database)
    case = told.case()
    plan(database, f"alert:{case}:1", NoticeKind.ALERT, case, 1)
    with database.writing() as conn:
        since = put_back.last_moment(conn)
        assert since == NOW
        assert put_back.mark(conn, since) == 1
    plan(database, "later", NoticeKind.TEST, None, None)
    with database.writing() as conn:
        assert put_back.last_moment(conn) == since
        assert put_back.mark(conn, since) == 2
        rows = leaving.ready(conn, now=LATER, at=LATER)
        assert {one.attempted_at for one in rows} == {since}
        assert {put_back.told_before(conn, one)["told_since"] for one in rows} == {since}
