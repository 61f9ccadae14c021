"""What the jobs of one look cost on a PostgreSQL that waits for its disk, as a server in earnest does.

`just bench tests/bench/bench_jobs.py`. The keys of as many streams as fall due at once, by the product and
with a commit for each, as it was before, by turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from statistics import median

import pytest
import sqlalchemy as sa

from monitor import worker
from monitor.store import jobs, maintenance
from monitor.store.engine import Database
from tests.postgres import DURABLE, server

pytestmark = pytest.mark.bench

TURNS = 3


@pytest.fixture
def durable() -> Iterator[Database]:
    with server(settings=DURABLE) as running:
        database = Database(running.url)
        maintenance.upgrade(database)
        worker.prepare(database)
        yield database
        database.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [250, 2000])
def test_jobs_of_one_look(durable: Database, number: int) -> None:
    items = [f"feed/{one}" for one in range(number)]
    spent: dict[str, list[float]] = {"a commit each": [], "one": []}
    for _ in range(TURNS):
        for name, how in (("a commit each", _one_by_one), ("one", _at_once)):
            began = time.perf_counter()
            how(durable, items)
            spent[name].append(time.perf_counter() - began)
            assert _emptied(durable) == number
    print(
        f"\n{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {number} keys of one look"
    )
    for name, took in spent.items():
        print(f"{name}: median {median(took):.3f} s, {1000 * median(took) / number:.2f} ms a key")
    ratio = [slow / quick for slow, quick in zip(*spent.values(), strict=True)]
    print(
        f"{median(ratio):.0f} times as fast (in {TURNS} turns {min(ratio):.0f} to {max(ratio):.0f})"
    )


def _at_once(database: Database, items: Sequence[str]) -> None:
    jobs.add(database, "poll", "intake", items)


def _one_by_one(database: Database, items: Sequence[str]) -> None:
    insert = sa.text(
        f"INSERT INTO {jobs.SCHEMA}.procrastinate_jobs"
        " (queue_name, task_name, lock, queueing_lock, args)"
        " VALUES ('poll', 'intake', :key, :key, jsonb_build_object('item', CAST(:item AS text)))"
        " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING"
    )
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(f"SET search_path = {jobs.SCHEMA}")
        for item in items:
            conn.execute(insert, {"key": f"intake {item}", "item": item})
        conn.exec_driver_sql("RESET search_path")


def _emptied(database: Database) -> int:
    with database.writing() as conn:
        conn.exec_driver_sql(f"SET LOCAL search_path = {jobs.SCHEMA}")
        return conn.exec_driver_sql("DELETE FROM procrastinate_jobs").rowcount
