"""What workers do in what time: real processes over a real PostgreSQL, from lines in a file to alerts.

    python -m tests.bench.workers --posts 200 --workers 1 2

Prints, for each number of workers, from the first worker's start to the last alert, and in between how
long it took from the first alert to the last: the work without the start of the programs. The classifier
goes by words: what is measured is everything but the model. Each alert is told by itself: of a storm, which
is one message, there would be nothing to count.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.cli.shop import CONFIG, Shop
from tests.postgres import cluster

ONE_BY_ONE = "[storms]\nalarms = 1000000\n"
PATIENCE_S = 600.0
"""Without an alert for so long, it is said what is there, and ended."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds."""

    whole: float
    work: float


def measure(url: str, workers: int, posts: int) -> Took:
    """Let so many workers bring so many complaints to people."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        shop.configure(f'database = "{url}"\n{CONFIG}{ONE_BY_ONE}')
        (shop.folder / "posts.jsonl").touch()
        for words in (("db", "upgrade"), ("run", "--once")):
            shop.starts(*words).communicate()
        for number in range(posts):
            shop.post(str(number), f"awful {number}", author=f"customer {number}")
        began = time.monotonic()
        running = [shop.starts("worker") for _ in range(workers)]
        try:
            first, ended = _until_told(shop, posts)
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.communicate()
    return Took(ended - began, ended - first)


def _until_told(shop: Shop, posts: int) -> tuple[float, float]:
    """When the first alert came, and the last."""
    first, last, told = 0.0, time.monotonic(), 0
    while told < posts:
        before, told = told, _alerts(shop)
        if told > before:
            last = time.monotonic()
            first = first or last
        if time.monotonic() - last > PATIENCE_S:
            raise RuntimeError(f"{told} of {posts} told, and no more for {PATIENCE_S:.0f} s")
        time.sleep(0.05)
    return first, last


def rate(took: Took, posts: int) -> float:
    """Alerts a second, from the first to the last."""
    return posts / took.work if took.work else float("inf")


def _alerts(shop: Shop) -> int:
    return sum(one["kind"] == "alert" for one in shop.told())


def main() -> None:
    """Measure each number of workers, and print the table."""
    parser = argparse.ArgumentParser("workers")
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {given.posts} complaints")
    with cluster() as server:
        for number in given.workers:
            with server.one() as url:
                took = measure(url, number, given.posts)
            print(
                f"{number} workers: {took.whole:.1f} s with their start,"
                f" {took.work:.1f} s from first alert to last = {rate(took, given.posts):.1f} a second"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
