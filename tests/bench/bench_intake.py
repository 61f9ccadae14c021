"""Intake's rows a second against a bare `INSERT … ON CONFLICT DO NOTHING` of the same rows.

`just bench tests/bench/bench_intake.py`. Both sides commit once a page, into the same tables with the
same indexes; the bare side has the values ready as its driver wants them. They take turns page by
page, so that what else the machine does falls on both; the ratio is the median over the rounds.
Target: 0.5 on both databases.
"""

from __future__ import annotations

import gc
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import pytest

from monitor.domain.identity import Brand, Identity
from monitor.domain.post import Author, Cursor, Page, Post, PostKey, Stream, StreamKind
from monitor.stages.intake import Feed, Intake
from monitor.store.engine import Database
from tests.postgres import Cluster

pytestmark = pytest.mark.bench

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PAGE = 1000
PAGES = 20
ROUNDS = 5
KEYS = {"author": "id", "post": "id", "mention": "post_id", "sighting": "post_id"}
TABLES = tuple(KEYS)
STREAM = (
    "INSERT INTO stream (id, source, name, network, kind, failures, permanent)"
    " VALUES (1, 'bench', 'all', 'x', 'all', 0, false)"
)
SHOP = Brand("Shop", (Identity("*", handle="shop"), Identity("x", id="7")), ("shop",))
TEXT = "The parcel with number {0} is still not here and nobody tells me when it will be. " * 2


class Pages:
    """A source that brings its pages in one look; whatever `meanwhile` does is timed apart."""

    def __init__(self, pages: Sequence[Page], meanwhile: Callable[[int], object]) -> None:
        self._pages = pages
        self._meanwhile = meanwhile
        self.seconds = self.cpu = 0.0

    def streams(self) -> Sequence[Stream]:
        return (Stream("all", StreamKind.ALL, "x"),)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        for number, page in enumerate(self._pages):
            start, cpu = time.perf_counter(), time.process_time()
            self._meanwhile(number)
            self.seconds += time.perf_counter() - start
            self.cpu += time.process_time() - cpu
            yield page


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Makes databases with all tables and no row."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        return lambda: Database(
            f"sqlite:///{shutil.copyfile(template, tmp_path / f'{uuid4()}.db')}"
        )
    server: Cluster = request.getfixturevalue("postgres")
    name: str = request.getfixturevalue("postgres_template")
    return lambda: Database(server.url_of(server.create(name)))


@pytest.mark.timeout(1200)
def test_intake_against_bare_inserts(fresh: Callable[[], Database]) -> None:
    """Both sides store the same pages, turn by turn, each round into fresh tables."""
    rounds = [_round(fresh, list(_pages(random.Random(number)))) for number in range(ROUNDS)]
    ours, bare = (median(PAGE * PAGES / one[side] for one in rounds) for side in (0, 1))
    ratios = sorted(bare_s / ours_s for ours_s, bare_s, _ in rounds)
    cpu = median(one[2] for one in rounds)
    print(
        f"\nintake {ours:,.0f} rows/s, bare {bare:,.0f} rows/s,"
        f" ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}),"
        f" by this process's CPU time alone {cpu:.2f}"
    )


def _pages(chance: random.Random) -> Iterator[Page]:
    for page in range(PAGES):
        numbers = range(page * PAGE, (page + 1) * PAGE)
        yield Page(tuple(_post(number, chance) for number in numbers), str(page + 1))


def _post(number: int, chance: random.Random) -> Post:
    """A third are replies; most people write once."""
    to = str(10**17 + chance.randrange(number)) if number and chance.random() < 1 / 3 else None
    name = str(10**17 + number)
    writer = chance.randrange(20_000)
    return Post(
        key=PostKey("x", name),
        thread=to or name,
        reply_to=to,
        text=TEXT.format(number),
        lang="en",
        author=Author(id=str(writer), handle=f"user{writer}", followers=writer % 900),
        url=f"https://x.example/{name}",
        posted_at=NOW - timedelta(days=1) + timedelta(seconds=number),
    )


def _round(fresh: Callable[[], Database], pages: Sequence[Page]) -> tuple[float, float, float]:
    """Seconds for all pages through intake, and bare; the ratio of their CPU times."""
    rows = _rows_of(fresh(), pages)
    ours, bare = fresh(), fresh()
    with bare.writing() as conn:
        conn.exec_driver_sql("INSERT INTO brand (id, name) VALUES (1, 'Shop')")
        conn.exec_driver_sql(STREAM)
    gc.collect()
    gc.freeze()  # what the bench holds ready is no garbage of the work that is measured
    source = Pages(pages, lambda number: _insert(bare, rows[number]))
    start, cpu = time.perf_counter(), time.process_time()
    _look(ours, source)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    for table in TABLES:
        assert _count(ours, table) == _count(bare, table)
    ours.close()
    bare.close()
    return seconds - source.seconds, source.seconds, source.cpu / (cpu - source.cpu)


def _look(database: Database, source: Pages) -> None:
    intake = Intake(database, [Feed("bench", source, (SHOP,))])
    intake.begin(NOW)
    intake.handle("bench/all", NOW)


def _rows_of(database: Database, pages: Sequence[Page]) -> list[dict[str, list[Any]]]:
    """What intake makes of each page, by table, ready for the driver."""
    highest = [dict.fromkeys(TABLES, 0)]
    note = Pages(pages, lambda _: highest.append({one: _highest(database, one) for one in TABLES}))
    _look(database, note)
    highest.append({one: _highest(database, one) for one in TABLES})
    made = [
        {table: _rows(database, table, after[table], until[table]) for table in TABLES}
        for after, until in pairwise(highest[1:])
    ]
    database.close()
    return made


def _rows(database: Database, table: str, after: int, until: int) -> list[tuple[Any, ...]]:
    key = KEYS[table]
    query = f"SELECT * FROM {table} WHERE {key} > {after} AND {key} <= {until}"
    with database.reading() as conn:
        return [tuple(map(_plain, row)) for row in conn.exec_driver_sql(query)]


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


def _highest(database: Database, table: str) -> int:
    with database.reading() as conn:
        return int(
            conn.exec_driver_sql(
                f"SELECT coalesce(max({KEYS[table]}), 0) FROM {table}"
            ).scalar_one()
        )


def _count(database: Database, table: str) -> int:
    with database.reading() as conn:
        return int(conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def _insert(database: Database, rows: dict[str, list[Any]]) -> None:
    mark = "?" if database.is_sqlite else "%s"
    with database.writing() as conn:
        for table, lines in rows.items():
            values = ", ".join([mark] * len(lines[0]))
            conn.exec_driver_sql(
                f"INSERT INTO {table} VALUES ({values}) ON CONFLICT DO NOTHING", lines
            )
