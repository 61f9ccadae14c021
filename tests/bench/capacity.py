"""What breaks first as posts come 10, 100, 1,000 times as fast: `python -m tests.bench.capacity`.

Once is an agency's day of 10,000 posts, spread evenly. Posts of the simulator's load are appended to the feed
as they come, for `--seconds`; one worker with all queues, the shipped classifier and a PostgreSQL of the
tests' own (which does not wait for the disk) read, judge, decide and tell meanwhile. Then the feed stops, and
what still waits is counted by what it waits for: where most does is what breaks first. `kept up` says that
it was less than came in the last five seconds, which is what the program's own looks may take.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from tests.bench.agency import cpu_s, family, megabytes, say
from tests.bench.fed import (
    DECIDED,
    JUDGED,
    fed,
    lines,
    stored,
    undecided,
    under_way,
    unjudged,
    wait_until,
    working,
)
from tests.chaos.found import Rows, opened
from tests.chaos.installation import Installation
from tests.postgres import Cluster, Server, server

A_DAY = 10_000
"""Posts of an agency's day, as the simulator has them: a tenth are complaints."""
TICK = 0.2
PATIENCE = 5.0
"""Seconds' worth of posts that may be under way without anything being behind."""
WAITS: dict[str, Callable[[Rows], int]] = {
    "judging": unjudged,
    "deciding": undecided,
    "telling": under_way,
}
HEAD = ("times", "posts/s", "kept up", "waits for reading / judging / deciding / telling", "caught up after",
        "worker, cores", "PostgreSQL, cores", "a day more on the disk")  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """What was seen at one rate. `waiting`: posts by what they waited for when the feed stopped."""

    came: int
    waiting: dict[str, int]
    caught_up_s: float
    worker_cores: float
    server_cores: float
    megabytes: float

    def keeps_up(self, rate: float) -> bool:
        """Whether no more waits than came in the last seconds."""
        return sum(self.waiting.values()) <= max(PATIENCE * rate, 1)


def at_rate(cluster: Cluster, postgres: Server, rate: float, seconds: float) -> Kept:
    """Feed one worker at so many posts a second, for so long."""
    with (
        fed(cluster, "shipped") as (home, url),
        opened(url) as rows,
        working(home) as process,
    ):
        empty = megabytes(postgres, url)
        ours, theirs = cpu_s([process.pid]), cpu_s(family(postgres.pid))
        came, took = _trickle(home, rate, seconds)
        spent = cpu_s([process.pid]) - ours
        served = cpu_s(family(postgres.pid)) - theirs
        waiting = {"reading": came - stored(rows)} | {name: of(rows) for name, of in WAITS.items()}
        stopped_at = time.monotonic()
        wait_until(rows, came, f"SELECT ({JUDGED}) AND ({DECIDED})")
        late = time.monotonic() - stopped_at
        grown = megabytes(postgres, url) - empty
    return Kept(came, waiting, late, spent / took, served / took, grown)


def _trickle(home: Installation, rate: float, seconds: float) -> tuple[int, float]:
    """Append posts as they come. How many came, and in how many seconds."""
    written, coming = 0, lines(max(int(rate * seconds), 1))
    began = time.monotonic()
    with (home.folder / "posts.jsonl").open("a") as file:
        while (passed := time.monotonic() - began) < seconds:
            due = list(islice(coming, int(rate * passed) + 1 - written))
            file.writelines(due)
            file.flush()
            written += len(due)
            time.sleep(TICK)
    return written, time.monotonic() - began


def row(times: float, seconds: float, kept: Kept) -> tuple[str, ...]:
    """A line of the table."""
    rate = A_DAY * times / 86_400
    return (
        f"{times:g}",
        f"{kept.came / seconds:.2f}",
        "yes" if kept.keeps_up(rate) else f"no: {max(kept.waiting, key=kept.waiting.__getitem__)}",
        " / ".join(map(str, kept.waiting.values())),
        f"{kept.caught_up_s:.1f} s",
        f"{kept.worker_cores:.2f}",
        f"{kept.server_cores:.2f}",
        f"{kept.megabytes / kept.came * A_DAY * times:,.0f} MB" if kept.came > A_DAY / 100 else "",
    )


def main() -> int:
    """Measure each rate, and print the table."""
    parser = argparse.ArgumentParser("python -m tests.bench.capacity")
    parser.add_argument("--times", type=float, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--seconds", type=float, default=60, help="of feeding, for each of them")
    given = parser.parse_args()
    table: list[tuple[str, ...]] = [HEAD]
    with server() as postgres:
        cluster = Cluster(
            f"host={postgres.folder} user=postgres dbname=postgres", f"c{os.getpid()}"
        )
        for times in given.times:
            rate = A_DAY * times / 86_400
            say(f"{times:g} times: {rate:.2f} posts/s for {given.seconds:g} s …")
            found = at_rate(cluster, postgres, rate, given.seconds)
            table.append(row(times, given.seconds, found))
            say(" | ".join(table[-1]))
    print(
        f"{os.cpu_count()} cores, shared with the feed and the server; load {os.getloadavg()[0]:.1f}"
    )
    for one in table:
        print("| " + " | ".join(one) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
