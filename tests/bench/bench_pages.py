"""How many pages, and how fast, with a million posts and a hundred thousand cases behind.

`just bench tests/bench/bench_pages.py` builds it (SQLite), serves it by the real program in a process
of its own, and asks as many people at once as a small team has. Targets: the queue 100 a second and 95 of
100 within 50 ms; what machines ask (`/readyz`, `/metrics`) within 100 ms.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import httpx
import pytest

from monitor.clock import utc_now
from monitor.domain.access import Role
from monitor.store import maintenance, said, sessions, users
from monitor.store.columns import EPOCH
from monitor.store.engine import Database
from tests.bench.bench_read import AS_OF, YEAR, fill, micros
from tests.web.visitor import add_token

pytestmark = pytest.mark.bench

POSTS = int(os.environ.get("POSTS", "1000000"))
PEOPLE = 4
SECONDS = 5.0
PAGES = {
    "(nothing)": "/healthz",
    "queue": "/queue",
    "queue, one network": "/queue?network=x&severity=high",
    "queue, second page": "/queue?after={after}",
    "queue, a word": "/queue?q=parcel+{case}",
    "queue, a word of all": "/queue?q=parcel",
    "case": "/cases/{case}",
    "API: open cases": "/api/v1/cases?status=open",
    "API: of one topic": "/api/v1/cases?topic=staff&severity=critical",
    "API: nothing found": "/api/v1/cases?owner=nobody",
    "API: one case": "/api/v1/cases/{case}",
    "API: posts": "/api/v1/posts?limit=50",
    "API: posts let pass": "/api/v1/posts?band=pass",
    "API: cases with a word": "/api/v1/cases?q=h77",
    "API: posts with a word of all": "/api/v1/posts?q=parcel",
    "/readyz": "/readyz",
    "/metrics": "/metrics",
}
CONFIG = """
database = "sqlite:///{path}"
[[brands]]
name = "shop"
[web]
open_metrics = true
[log]
level = "error"
"""
JUDGED = (
    "INSERT INTO judgement (post_id, complaint, question, praise, other, language, model, judged_at)"
    " VALUES (?, 0.1, 0.1, 0.1, 0.7, ?, 'bench@1', ?)"
)
NOTICES = (
    "INSERT INTO notice (key, brand_id, kind, audience, reason, state, case_id, wait, due_at, written_at,"
    " attempts, possibly_repeated) VALUES (?, 1, 'alert', '#care', ?, ?, ?, 1, ?, ?, 1, 0)"
)
STREAMS = (
    "INSERT INTO stream (id, source, name, network, kind, polled_at, next_poll_at, failures, permanent)"
    " VALUES (?, 'x', ?, 'x', 'all', ?, ?, 0, 0)"
)
LEDGER = (
    "INSERT INTO coverage (stream_id, began_at, ended_at, read, stored, duplicate, rejected, edited,"
    " deleted, unnamed, calls, micros) VALUES (?, ?, ?, 9, 5, 4, 0, 0, 0, 0, 1, 500)"
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of a shop that is complained to."""
    made = tmp_path_factory.mktemp("pages") / "monitor.db"
    build(made)
    return made


def build(path: Path) -> None:
    """Make it."""
    database = Database(f"sqlite:///{path}")
    maintenance.upgrade(database)
    fill(database, POSTS)
    start, step = micros(AS_OF - YEAR), micros(EPOCH + YEAR) // POSTS
    with database.writing() as conn:

        def insert(sql: str, rows: Iterator[tuple[Any, ...]]) -> None:
            while chunk := list(islice(rows, 20_000)):
                conn.exec_driver_sql(sql, chunk)

        numbers = range(1, POSTS + 1)
        insert(JUDGED, ((n, "ro" if n % 3 else "en", start + n * step) for n in numbers))
        ends = micros(AS_OF)
        streams = range(1, 11)
        insert(STREAMS, ((n, f"s{n}", ends, ends) for n in streams))
        lines = (
            (n % 10 + 1, start + n * 10 * step, start + n * 10 * step) for n in range(POSTS // 10)
        )
        insert(LEDGER, lines)
        reasons = ("opened", "superseded", "answered", "unconfirmed", "acknowledged")
        insert(
            NOTICES, (_notice(n, reasons[n % 5], start + n * 5 * step) for n in range(POSTS // 5))
        )
        conn.exec_driver_sql("UPDATE mention SET band = 'pass' WHERE post_id % 10 <> 0")
        said.rebuild(conn)
        conn.exec_driver_sql("ANALYZE")
    database.close()


def _notice(number: int, reason: str, at: int) -> tuple[Any, ...]:
    state = "sent" if reason == "opened" else "suppressed"
    return f"alert:{number}", reason, state, number // 2 + 1, at, at


@contextmanager
def served(path: Path) -> Iterator[tuple[httpx.Client, dict[str, str], int]]:
    """The real program, and somebody who is signed in and has a token."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = path.with_suffix(".toml")
    config.write_text(CONFIG.format(path=path))
    database, now = Database(f"sqlite:///{path}"), utc_now()
    with database.writing() as conn:
        users.add(conn, "ana", Role.ADMIN, "no password", by="bench", at=now)
        user = users.named(conn, "ana")
        assert user is not None
        sessions.begin(conn, "the secret of a session", user.id, now)
    headers = add_token(database, "bench", Role.ADMIN)
    database.close()
    command = [sys.executable, "-m", "monitor", "--config", config, "web", "--port", str(port)]
    with subprocess.Popen([str(one) for one in command], stderr=subprocess.DEVNULL) as process:
        site = f"http://127.0.0.1:{port}"
        try:
            _until(lambda: httpx.get(f"{site}/healthz").status_code == 200)
            cookies = {"session": "the secret of a session"}
            with httpx.Client(base_url=site, cookies=cookies, timeout=60) as client:
                yield client, headers, process.pid
        finally:
            process.terminate()


def _until(is_true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            if is_true():
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")


class Measured(NamedTuple):
    """Answers a second; milliseconds of the median, of the 95th of a hundred, and of CPU for one."""

    rate: float
    middle: float
    late: float
    cpu: float


def measured(client: httpx.Client, path: str, headers: dict[str, str], pid: int) -> Measured:
    """Ask for it by several at once. The CPU is the server's own: on a busy machine the figure to look at."""
    sent = headers if path.startswith("/api") else {"accept": "text/html"}
    took: list[float] = []
    spent, ends = _cpu(pid), time.monotonic() + SECONDS

    def ask(_: int) -> None:
        while time.monotonic() < ends:
            begun = time.perf_counter()
            answer = client.get(path, headers=sent)
            took.append(time.perf_counter() - begun)
            # 503: the bench's sources stand still
            assert answer.status_code in (200, 503), f"{path}: {answer.text}"

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(ask, range(PEOPLE)))
    cpu = (_cpu(pid) - spent) / len(took)
    late = quantiles(took, n=20)[-1]
    return Measured(len(took) / SECONDS, median(took) * 1000, late * 1000, cpu * 1000)


def _cpu(pid: int) -> float:
    """Seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.timeout(3600)
def test_pages_with_a_year_behind(path: Path) -> None:
    due = AS_OF - timedelta(hours=1)
    print(f"\n{POSTS} posts, {PEOPLE} people at once")
    with served(path) as (client, headers, pid):
        said, key = {"text": "Called: charged twice"}, {"idempotency-key": "bench"}
        opened = client.post("/api/v1/cases", json=said, headers=headers | key).json()
        place = {"after": f"{micros(due)}.1", "case": opened["case"]}
        for name, page in PAGES.items():
            where = page.format(**place)
            client.get(where, headers=headers)
            it = measured(client, where, headers, pid)
            print(
                f"{name:22} {it.rate:7.1f} a second; median {it.middle:6.1f} ms, p95 {it.late:6.1f} ms;"
                f" CPU {it.cpu:5.1f} ms"
            )
