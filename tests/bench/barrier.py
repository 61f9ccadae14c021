"""What the barrier between brands costs: the same posts read, judged, decided and told with it and without.

    python -m tests.bench.barrier
    python -m tests.bench.barrier --posts 1000 --rounds 9

By turns, in one process, on SQLite; the classifier goes by words. Printed is the processor time of the first
posts of a fresh installation, when each form of statement is compiled and judged for the first time, and of
those that follow.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from statistics import median

from monitor import log
from monitor.cli.run import begin
from monitor.settings import read_text
from monitor.store import engine, maintenance
from monitor.wiring import Application

NOON = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
FIRST = 10
CONFIG = """
database = "sqlite:///{0}/monitor.db"
[[brands]]
name = "acme"
[[sources]]
use = "files"
name = "posts"
path = "{0}/posts.jsonl"
follow = true
every = "1s"
brands = "acme"
network = "net"
[[policies]]
name = "all"
target = "4h"
match = {{ brands = "acme" }}
[classifier]
use = "tests.cli.keywords:Keywords"
"""


def seconds(posts: int, *, guarded: bool) -> tuple[float, float]:
    """Processor time of a fresh installation's first `FIRST` posts, and of so many more; a third complain."""
    now = NOON + timedelta(days=1)
    with tempfile.TemporaryDirectory() as folder:
        its = Application(
            read_text(CONFIG.format(folder), "bench"), clock=lambda: now, machine=lambda: now
        )
        maintenance.upgrade(its.database)
        if not guarded:
            for name, read_only in (("_writer", False), ("_reader", True)):
                getattr(its.database, name).dispose()
                bare = engine._sqlite_engine(its.database.url, read_only=read_only)
                setattr(its.database, name, bare)
        begin(its)
        runner, spent = its.runner(), []
        for numbers in (range(FIRST), range(FIRST, FIRST + posts)):
            _write(Path(folder) / "posts.jsonl", numbers)
            now += timedelta(minutes=1)
            gc.collect()
            began = time.process_time()
            with redirect_stdout(StringIO()):
                done = runner.until_idle()
            spent.append(time.process_time() - began)
            if done.broken or done.failed or done.handled.get("triage") != len(numbers):
                raise RuntimeError(f"{done.broken} {done.failed} {done.handled}")
        its.close()
    return spent[0], spent[1]


def _write(path: Path, numbers: range) -> None:
    with path.open("a") as lines:
        for number in numbers:
            at = NOON + timedelta(seconds=number)
            text = "awful" if number % 3 == 0 else "lovely"
            post = {"external_id": f"p{number}", "author": f"a{number % 97}", "text": text}
            lines.write(json.dumps({**post, "posted_at": at.isoformat()}) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print each round and, of all, the middle one."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--posts", type=int, default=300)
    asked.add_argument("--rounds", type=int, default=7)
    its = asked.parse_args(arguments)
    log.configure(level="error")
    for guarded in (True, False):
        seconds(1, guarded=guarded)  # what is loaded once is no round's
    first, ratios = [], []
    for number in range(its.rounds):
        order = (True, False) if number % 2 else (False, True)
        spent = {guarded: seconds(its.posts, guarded=guarded) for guarded in order}
        first.append(spent[True][0] - spent[False][0])
        ratios.append(spent[True][1] / spent[False][1])
        print(f"with {spent[True][1]:.2f} s, without {spent[False][1]:.2f} s: {ratios[-1]:.3f}")
    print(
        f"{its.posts} posts, {its.rounds} rounds: {median(ratios):.3f} times the processor time"
        f" ({min(ratios):.3f} to {max(ratios):.3f}); once for each program {median(first):.2f} s"
    )


if __name__ == "__main__":
    main()
