"""`/metrics` and `/readyz`: the figures are those of the tables, and what is wrong has a name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from monitor.domain.errors import Refusal, SourceError
from monitor.domain.notice import Reason
from monitor.domain.post import Cost, Gap, Page, Stream, StreamKind
from monitor.store import brands, coverage, failures, inbox
from monitor.store.engine import Database
from monitor.store.posts import Counts
from tests.stages.told import NOW, Told
from tests.web.served import Served

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MINUTE = timedelta(minutes=1)
MIDNIGHT = NOW.replace(hour=0)


@pytest.fixture
def served(database_url: str) -> Iterator[Served]:
    with Served(database_url, "[web]\nopen_metrics = true", clock=lambda: NOW) as one:
        yield one


def scraped(served: Served) -> dict[str, float]:
    """The figures as Prometheus reads them: `name{label="…"}` without our prefix."""
    answer = served.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for one in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(one.labels.items()))
            found[f"{one.name.removeprefix('complaint_monitor_')}{{{labels}}}"] = one.value
    return found


def looked(
    database: Database, name: str, at: datetime, *, stored: int = 0, gap: Gap | None = None
) -> int:
    """A stream that was looked at then, and is to be again a minute later."""
    stream = Stream(name, StreamKind.ALL, "x")
    page = Page((), "cursor", gap, Cost(2, 1_500_000))
    with database.writing() as conn:
        number = coverage.ensure_stream(
            conn, "x", stream, brands.ensure(conn, ["Acme"]).values(), at
        )
        coverage.record_page(conn, number, page, Counts(stored=stored), since=at, until=at)
        coverage.record_end(conn, number, at, at + MINUTE)
    return number


def fails(database: Database, number: int, since: datetime, times: int = 1) -> None:
    with database.writing() as conn:
        for n in range(times):
            problem = SourceError("no such token: secret-of-acme")
            coverage.record_failure(conn, number, problem, since + n * MINUTE)


def readyz(served: Served) -> tuple[int, object]:
    answer = served.client.get("/readyz")
    return answer.status_code, answer.json()


def test_the_figures_are_those_of_the_tables(served: Served, told: Told) -> None:
    first, second = told.case(), told.case()
    told.alert(first)
    told.alert(second, suppressed=True)
    database = told.database
    gap = Gap("the cap", "1", "9")
    mentions = looked(database, "mentions", MIDNIGHT - MINUTE, stored=5)
    looked(database, "mentions", NOW - 5 * MINUTE, stored=3, gap=gap)
    looked(database, "mentions", NOW - 4 * MINUTE, stored=1, gap=gap)
    fails(database, mentions, NOW - 3 * MINUTE, 2)
    with database.writing() as conn:
        conn.execute(sa.text("UPDATE wait SET due_at = started_at WHERE case_id = 1"))
        inbox.refuse(conn, "shop", Refusal.WRONG_SIGNATURE, 7, NOW)
        for _ in range(failures.PATIENCE):
            failures.record(conn, "triage", "1:1", "no such rule", NOW)
    found = scraped(served)
    expected = {
        "stream_lag_seconds{source=x,stream=mentions}": 240,
        "stream_failures{source=x,stream=mentions}": 2,
        "stream_failing_seconds{source=x,stream=mentions}": 180,
        "stream_failed_for_good{source=x,stream=mentions}": 0,
        "stream_items_total{source=x,stream=mentions,what=stored}": 4,
        "stream_gaps_total{source=x,stream=mentions}": 1,
        "stream_calls_total{source=x,stream=mentions}": 4,
        "stream_money_total{source=x,stream=mentions}": 3,
        "open_waits{brand=Acme,confirmed=true,severity=normal}": 2,
        "overdue_waits{brand=Acme,confirmed=true,severity=normal}": 1,
        "outbox_notices{}": 1,
        "outbox_age_seconds{}": 0,
        "notices{reason=opened,state=pending}": 1,
        f"notices{{reason={Reason.BEFORE_FIRST_RUN},state=suppressed}}": 1,
        "answers{state=pending}": 0,
        "items_set_aside{stage=triage}": 1,
        "calls_refused_total{reason=wrong_signature,source=shop}": 7,
        "posts_judged_total{}": 0,
        "posts_to_judge{}": 0,
    }
    assert {name: found.get(name) for name in expected} == expected


@only_sqlite
def test_figures_name_nobody_and_quote_nothing(served: Served, told: Told) -> None:
    told.alert(told.case())
    fails(told.database, looked(told.database, "mentions", NOW), NOW)
    said = served.client.get("/metrics").text + served.client.get("/readyz").text
    assert [word for word in ("dana", "refund", "secret-of-acme", "#care") if word in said] == []


@only_sqlite
def test_it_is_ready_while_nothing_is_to_be_done(served: Served) -> None:
    nothing: dict[str, list[str]] = {"database": [], "sources": [], "outbox": []}
    assert readyz(served) == (200, {"ready": True, "checks": nothing})


@only_sqlite
def test_one_source_that_fails_is_told_and_stops_nothing(
    served: Served, database: Database
) -> None:
    looked(database, "mentions", NOW)
    fails(database, looked(database, "own", NOW), NOW)
    status, said = readyz(served)
    assert (status, said["checks"]["sources"]) == (200, ["source_failing"])  # type: ignore[index]


@only_sqlite
def test_nothing_that_is_looked_at_is_no_work_at_all(served: Served, database: Database) -> None:
    fails(database, looked(database, "own", NOW), NOW)
    looked(database, "mentions", NOW - 17 * MINUTE)
    looked(database, "search", NOW - 15 * MINUTE)
    assert readyz(served)[0] == 200
    looked(database, "search", NOW - 17 * MINUTE)
    status, said = readyz(served)
    assert (status, said["checks"]["sources"]) == (503, ["all_sources_failing"])  # type: ignore[index]


@only_sqlite
def test_a_notice_that_waits_for_long_is_a_trouble(served: Served, told: Told) -> None:
    told.alert(told.case())
    assert readyz(served)[0] == 200
    with told.database.writing() as conn:
        conn.execute(sa.text(f"UPDATE notice SET due_at = due_at - {16 * 60_000_000}"))
    status, said = readyz(served)
    assert (status, said["checks"]["outbox"]) == (503, ["outbox_late"])  # type: ignore[index]


@only_sqlite
def test_a_database_of_another_version_is_told(served: Served, database: Database) -> None:
    with database.writing() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    status, said = readyz(served)
    assert (status, said) == (
        503,
        {"ready": False, "checks": {"database": ["database_of_another_version"]}},
    )


@pytest.mark.parametrize("table", ["installation", "alembic_version"])
def test_a_database_without_our_tables_is_told(
    served: Served, database: Database, table: str
) -> None:
    assert readyz(served)[0] == 200
    with database.writing() as conn:
        conn.execute(sa.text(f"DROP TABLE {table}"))
    status, said = readyz(served)
    assert (status, said) == (
        503,
        {"ready": False, "checks": {"database": ["database_of_another_version"]}},
    )


@only_sqlite
def test_figures_are_for_those_who_may_see_them(database_url: str) -> None:
    with Served(database_url, clock=lambda: NOW) as served:
        assert served.client.get("/metrics").status_code == 401
        assert httpx.get(f"{served.url}/readyz").status_code == 200
