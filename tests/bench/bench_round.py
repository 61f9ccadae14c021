"""One round of polling 200 streams: CPU a stream, and the wall clock against the slowest stream.

`just bench tests/bench/bench_round.py`. Twenty sources `hackernews` of ten queries each ask a server in a
process of its own, which takes 60 to 600 ms for an answer, and 3 s for one of them. The first look of
each stream brings 20 posts, the second 5 new ones, the third none. A round is that of `run --once`: intake,
16 streams at once, SQLite. No round can be quicker than the slowest stream, nor than all answers' time
divided by 16. Targets: at most 25 ms of CPU a stream; wall at most twice that bound.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.identity import Brand
from monitor.runner import SIDE_BY_SIDE, Runner
from monitor.sources.hackernews import HackerNews
from monitor.stages.intake import Feed, Intake
from monitor.store.engine import Database
from tests.contract.harness import Remembered

pytestmark = pytest.mark.bench

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCES, QUERIES, LOOKS = 20, 10, 4
SLOWEST_MS = 3000
SHOP = Brand("Shop", terms=("shop",))


class Ticking:
    """Domain time, set by hand."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def address() -> Iterator[str]:
    """Where the slow network is."""
    script = Path(__file__).with_name("slow_network.py")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.terminate()


@pytest.mark.timeout(600)
def test_a_round_over_200_streams(address: str, sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "round.db"
    path.write_bytes(sqlite_template.read_bytes())
    clock, takes = Ticking(), _takes()
    database = Database(f"sqlite:///{path}")
    feeds = [_feed(number, address, takes, clock) for number in range(SOURCES)]
    intake = Intake(database, feeds, clock=clock)
    runner = Runner([intake], database, clock=clock)
    bound = max(*takes, sum(takes) / SIDE_BY_SIDE["intake"]) / 1000
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{len(takes)} streams; slowest {max(takes) / 1000:.1f} s; no round under {bound:.1f} s")
    for look in range(LOOKS):
        clock.now = NOON + look * timedelta(minutes=10)
        wall, cpu = time.perf_counter(), time.process_time()
        done = runner.until_idle()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert done.handled == {"intake": len(takes)}
        print(
            f"look {look + 1}: wall {wall:5.1f} s ({wall / bound:.2f} of the bound), "
            f"CPU {1000 * cpu / len(takes):5.1f} ms a stream"
        )
    database.close()


def _takes() -> list[int]:
    """Milliseconds of each stream's answer."""
    chance = random.Random(7)
    found = [chance.randrange(60, 600) for _ in range(SOURCES * QUERIES)]
    found[chance.randrange(len(found))] = SLOWEST_MS
    return found


def _feed(number: int, address: str, takes: list[int], clock: Ticking) -> Feed:
    first = number * QUERIES
    queries = tuple(f"q{one}-{takes[one]}" for one in range(first, first + QUERIES))
    options = HackerNews.Options(queries=queries, base_url=address)
    source = HackerNews(options, secrets=Remembered({}, []), clock=clock)
    return Feed(f"hn{number}", source, (SHOP,))
