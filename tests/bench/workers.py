"""What workers do in what time: real processes over a real PostgreSQL, from lines in a file to alerts.

    python -m tests.bench.workers --posts 200 --workers 1 2

Prints, for each number of workers, from the first worker's start to the last alert, and in between how
long it took from the first alert to the last: the work without the start of the programs. The classifier
goes by words: what is measured is everything but the model.
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


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds."""

    whole: float
    work: float


def measure(url: str, workers: int, posts: int) -> Took:
    """Let so many workers bring so many complaints to people."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        shop.configure(f'database = "{url}"\n{CONFIG}')
        (shop.folder / "posts.jsonl").touch()
        for words in (("db", "upgrade"), ("run", "--once")):
            shop.starts(*words).communicate()
        for number in range(posts):
            shop.post(str(number), f"awful {number}", author=f"customer {number}")
        began = time.monotonic()
        running = [shop.starts("worker") for _ in range(workers)]
        first: float | None = None
        while (told := _alerts(shop)) < posts:
            if told and first is None:
                first = time.monotonic()
            time.sleep(0.05)
        ended = time.monotonic()
        for one in running:
            one.terminate()
        for one in running:
            one.communicate()
    return Took(ended - began, ended - (first or ended))


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
            rate = given.posts / took.work if took.work else float("inf")
            print(
                f"{number} workers: {took.whole:.1f} s with their start,"
                f" {took.work:.1f} s from first alert to last = {rate:.1f} a second"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
