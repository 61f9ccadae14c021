"""What COPY would gain on intake on PostgreSQL: the figures of ADR 54.

`just bench tests/bench/bench_copy.py`. Pages go through the product; the same rows by the INSERTs that it
uses, and by COPY into a staging table and INSERT … SELECT, page by page by turns. What the whole intake would
gain is what it takes now, over the same without its INSERTs and with COPY.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from statistics import median
from typing import Any

import pytest

from monitor.domain.post import Page
from monitor.store.engine import Database
from tests.bench import bench_intake as intake
from tests.postgres import Cluster

pytestmark = pytest.mark.bench


@pytest.fixture
def fresh(postgres: Cluster, postgres_template: str) -> Callable[[], Database]:
    return lambda: Database(postgres.url_of(postgres.create(postgres_template)))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("size", [100, 1000])
def test_copy_on_intake(fresh: Callable[[], Database], size: int) -> None:
    """By turns, page by page, so that what else the machine does falls on all."""
    gains, shares = [], []
    for number in range(3):
        pages = list(islice(_pages(random.Random(number), size), 10))
        ours, inserts, copied = _round(fresh, pages)
        gains.append(ours / (ours - inserts + copied))
        shares.append(inserts / ours)
        print(
            f"\npages of {size}: intake {ours:.2f} s, of which INSERT {inserts:.2f} s;"
            f" by COPY {copied:.2f} s: the whole {gains[-1]:.2f} times as fast"
        )
    print(
        f"pages of {size}: median {median(gains):.2f} times; if COPY took no time at all"
        f" {1 / (1 - median(shares)):.2f} times"
    )


def _pages(chance: random.Random, size: int) -> Iterator[Page]:
    number = 0
    while True:
        posts = tuple(intake._post(number + one, chance) for one in range(size))
        number += size
        yield Page(posts, str(number))


def _round(fresh: Callable[[], Database], pages: Sequence[Page]) -> tuple[float, float, float]:
    rows = intake._rows_of(fresh(), pages)
    ours, plain, copied = fresh(), fresh(), fresh()
    for one in (plain, copied):
        with one.writing() as conn:
            conn.exec_driver_sql("INSERT INTO brand (id, name) VALUES (1, 'Shop')")
            conn.exec_driver_sql(intake.STREAM)
    with copied.writing() as conn:
        for table in intake.TABLES:
            conn.exec_driver_sql(f"CREATE UNLOGGED TABLE staged_{table} (LIKE {table})")
    spent = {plain: 0.0, copied: 0.0}

    def both(number: int) -> None:
        for database, how in ((plain, intake._insert), (copied, _copy)):
            began = time.perf_counter()
            how(database, rows[number])
            spent[database] += time.perf_counter() - began

    source = intake.Pages(pages, both)
    began = time.perf_counter()
    intake._look(ours, source)
    whole = time.perf_counter() - began - source.seconds
    for table in intake.TABLES:
        assert intake._count(copied, table) == intake._count(ours, table)
    for one in (ours, plain, copied):
        one.close()
    return whole, spent[plain], spent[copied]


def _copy(database: Database, rows: dict[str, list[Any]]) -> None:
    with database.writing() as conn:
        cursor = conn.connection.cursor()
        for table, lines in rows.items():
            with cursor.copy(f"COPY staged_{table} FROM STDIN") as copy:
                for one in lines:
                    copy.write_row(one)
            cursor.execute(
                f"INSERT INTO {table} SELECT * FROM staged_{table} ON CONFLICT DO NOTHING"
            )
            cursor.execute(f"TRUNCATE staged_{table}")
