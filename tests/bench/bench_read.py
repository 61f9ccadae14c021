"""How long the open list, the 30-day report and the digest take with a year behind them.

`just bench tests/bench/bench_read.py` builds a database of a million posts and one a tenth of it, each
a year long, and prints medians. Targets on SQLite with the million: 10, 150 and 20 ms.
"""

from __future__ import annotations

import gc
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pytest

from monitor.domain.digest import Schedule
from monitor.domain.hours import always
from monitor.domain.judgement import Severity
from monitor.domain.policy import Match, Rule
from monitor.domain.report import Period
from monitor.store import readings, waits
from monitor.store.columns import EPOCH
from monitor.store.engine import Database
from monitor.store.schema import metadata

pytestmark = pytest.mark.bench

AS_OF = datetime(2026, 11, 22, 9, tzinfo=UTC)
YEAR = timedelta(days=365)
TARGETS_MS = {"open list": 10, "report": 150, "digest": 20}
OPEN_SHARE = 0.015
RULE = Rule(
    name="all", match=Match(), target=timedelta(hours=8), hours=always("UTC"), audience="#care"
)
SCHEDULE = Schedule(always("UTC"), clock(9))
NETWORKS = ("x", "reddit", "google_play", "forum", "reviews", "facebook")
TOPICS = ("", "delivery", "refund", "delivery,refund", "app", "staff")
PEOPLE = (None, "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8")
TEXT = "The parcel with number {0} is still not here and nobody tells me when it will be. " * 2

POSTS = (
    "INSERT INTO post (id, network, external_id, kind, thread, quotes, text, author_id, url,"
    " posted_at, first_seen_at, last_seen_at, to_judge)"
    " VALUES (?, ?, ?, 'post', ?, '[]', ?, ?, ?, ?, ?, ?, 0)"
)
AUTHORS = "INSERT INTO author (id, network, key, handle, name) VALUES (?, 'x', ?, ?, ?)"
MENTIONS = "INSERT INTO mention (brand_id, post_id, own, automatic) VALUES (1, ?, 0, 0)"
CASES = (
    "INSERT INTO cases (id, brand_id, network, thread, customer, root_post_id, opened_at, seq,"
    " status, confirmed, severity, level, owner, claimed)"
    " VALUES (?, 1, ?, ?, ?, ?, ?, 3, ?, ?, ?, 0, ?, 0)"
)
EVENTS = (
    "INSERT INTO case_event (case_id, seq, kind, at, recorded_at, by, data)"
    " VALUES (?, ?, ?, ?, ?, 'triage', ?)"
)
CASE_POSTS = "INSERT INTO case_post (case_id, post_id) VALUES (?, ?)"
WAITS = (
    "INSERT INTO wait (case_id, number, brand_id, network, started_at, first_seen_at, due_at, rule,"
    " severity, topics, confirmed, owner, first_post_id, ended_at, outcome, answer_post_id)"
    " VALUES (?, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def fill(database: Database, posts: int) -> None:
    chance = random.Random(7)
    start, step = micros(AS_OF - YEAR), micros(EPOCH + YEAR) // posts
    with database.writing() as conn:
        metadata.create_all(conn)
        conn.exec_driver_sql("INSERT INTO brand (id, name) VALUES (1, 'shop')")
        conn.exec_driver_sql("INSERT INTO rule VALUES (?, ?)", (RULE.digest, RULE.snapshot))

        def insert(sql: str, rows: Iterator[tuple[Any, ...]]) -> None:
            while chunk := list(islice(rows, 20_000)):
                conn.exec_driver_sql(sql, chunk)

        insert(AUTHORS, ((n, f"k{n}", f"h{n}", f"N {n}") for n in range(1, posts // 3 + 1)))
        insert(POSTS, (_post(n, start + n * step, posts // 3) for n in range(1, posts + 1)))
        insert(MENTIONS, ((n,) for n in range(1, posts + 1)))
        made = [_case(n, start + n * 10 * step, chance) for n in range(1, posts // 10 + 1)]
        insert(CASES, (case for case, _, _ in made))
        insert(CASE_POSTS, ((n, n * 10) for n in range(1, posts // 10 + 1)))
        insert(WAITS, (wait for _, wait, _ in made))
        insert(EVENTS, (event for _, _, events in made for event in events))


def _post(number: int, at: int, authors: int) -> tuple[Any, ...]:
    network = NETWORKS[number // 10 % len(NETWORKS)]
    name, author = f"e{number}", number % authors + 1
    url = f"https://example.com/{network}/{number}"
    seen = at + 60_000_000
    return number, network, name, name, TEXT.format(number), author, url, at, seen, seen


def _case(number: int, at: int, chance: random.Random) -> tuple[Any, ...]:
    post = number * 10
    network, person = NETWORKS[number % len(NETWORKS)], chance.choice(PEOPLE)
    severity, topics = chance.choice((0, 1, 1, 1, 2, 3)), chance.choice(TOPICS)
    confirmed = chance.random() < 0.9
    ended = at + int(chance.lognormvariate(9.98, 1.3) * 1e6)  # seconds: a median of 6 h
    is_open = chance.random() < OPEN_SHARE or ended > micros(AS_OF)
    status, outcome = ("open", None) if is_open else ("answered", "answered")
    ended_at, answer = (None, None) if is_open else (ended, post - 1)
    case = (
        *(number, network, f"e{post}", str(number), post, at, status),
        *(confirmed, severity, person),
    )
    seen, due = at + 60_000_000, micros(RULE.due(EPOCH + timedelta(microseconds=at)))
    wait = (
        *(number, network, at, seen, due, RULE.digest, severity, topics, confirmed, person),
        *(post, ended_at, outcome, answer),
    )
    ask = {
        "post": post,
        "kind": "complaint",
        "band": "alert" if confirmed else "review",
        "severity": Severity(severity).word,
        "topics": topics.split(",") if topics else [],
        "first_seen_at": _said(seen),
        "due_at": _said(due),
        "rule": RULE.digest,
    }
    step = {"wait": 1, "step": "leads", "level": 1, "rule": RULE.digest}
    events = [
        (number, 1, "Opened", at, seen, json.dumps({"ask": ask})),
        (number, 2, "Escalated", seen, seen, json.dumps(step)),
    ]
    if not is_open:
        answered = json.dumps({"post": post - 1, "after": None})
        events.append((number, 3, "Answered", ended, ended, answered))
    return case, wait, events


def _said(at: int) -> str:
    return (EPOCH + timedelta(microseconds=at)).isoformat()


class Measured(NamedTuple):
    wall: float
    cpu: float
    waits: int


def open_list(database: Database) -> int:
    with database.reading() as conn:
        return len(waits.open_list(conn, 1, AS_OF))


def report(database: Database) -> int:
    period = Period(AS_OF - timedelta(days=30), AS_OF)
    with database.reading() as conn:
        made = readings.report(conn, 1, period=period, as_of=AS_OF)
    return len(made.total.waits)


def digest(database: Database) -> int:
    with database.reading() as conn:
        made = readings.digest(conn, 1, AS_OF.date(), AS_OF, SCHEDULE)
    parts = (made.overdue, made.at_risk, made.new, made.other, made.unconfirmed)
    return sum(map(len, parts))


def milliseconds(task: Callable[[Database], int], database: Database) -> Measured:
    rows = task(database)
    gc.collect()
    gc.freeze()  # the test runner's heap is not the program's
    walls, cpus = [], []
    for _ in range(15):
        wall, cpu = time.perf_counter(), time.process_time()
        task(database)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Measured(median(walls) * 1000, median(cpus) * 1000, rows)


@pytest.mark.timeout(1800)
def test_reading_with_a_year_behind(tmp_path: Path) -> None:
    measured: dict[int, dict[str, Measured]] = {}
    for posts in (100_000, 1_000_000):
        database = Database(f"sqlite:///{tmp_path / f'{posts}.db'}")
        fill(database, posts)
        measured[posts] = {
            name: milliseconds(task, database)
            for name, task in (("open list", open_list), ("report", report), ("digest", digest))
        }
        database.close()
    print()
    for name, target in TARGETS_MS.items():
        small, large = (measured[posts][name] for posts in (100_000, 1_000_000))
        print(
            f"{name:10} {large.wall:7.1f} ms (target {target}; {large.cpu:.1f} ms of CPU)"
            f" at 1 M posts, {large.waits} waits; {small.wall:.1f} ms at 100 k, {small.waits} waits:"
            f" ratio {large.wall / small.wall:.1f}"
        )
