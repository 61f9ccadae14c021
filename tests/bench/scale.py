"""What workers over PostgreSQL do at size, measured on the simulator's networks: `just bench-scale`.

    python -m tests.bench.scale
    python -m tests.bench.scale --only latency --brands 1 100 --posts 30
    python -m tests.bench.scale --only decide cost --load 5000

latency     from a post's being visible on Reddit to its message's being in its brand's channel, by brands
throughput  complaints a second from a file to their alerts, with one worker and with two
fairness    how long the others' alerts take while one brand has a storm and another's token is broken
recovery    how long alerts take after the SIGKILL of a worker, and of one that was telling people
decide      processor time of deciding on a post, by a worker that does nothing else
cost        processor time and database megabytes of a million posts, from a feed of the simulator's load

The classifier goes by words: the model's own time is on its card. PostgreSQL is the tests' own, which does
not wait for the disk. One line is printed as each figure is known, the table in the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from monitor.simulator.slack import SLOW_AFTER
from tests.bench import workers
from tests.bench.agency import (
    Agency,
    agency,
    cpu_s,
    family,
    megabytes,
    say,
    wait_for,
)
from tests.bench.fed import DECIDED, JUDGED, fed, feed, undecided, under_way, wait_until, working
from tests.chaos.found import opened
from tests.postgres import Cluster, Server, server

ALONE = 100_000
"""Alarms that are told together: none, so that each is heard by itself."""
SECOND = 1.0
TOLD_WITHIN = 300.0
ROWS = ("what", "figure")


class Bench:
    """One PostgreSQL, on which each measurement has a database of its own; its rows of the table."""

    def __init__(self, given: argparse.Namespace, postgres: Server) -> None:
        self.given = given
        self.postgres = postgres
        prefix = f"scale_{os.getpid()}"
        self.cluster = Cluster(f"host={postgres.folder} user=postgres dbname=postgres", prefix)
        self.rows: list[tuple[str, str]] = []

    def row(self, what: str, figure: str) -> None:
        """Keep a row, and show it."""
        self.rows.append((what, f"{figure} (load {os.getloadavg()[0]:.1f})"))
        say(f"{what}: {figure}")

    @contextmanager
    def agency(
        self, brands: int, *, workers: int = 1, alarms: int = ALONE, broken: Sequence[int] = ()
    ) -> Iterator[Agency]:
        """One whose workers have begun, and have told a first complaint."""
        with (
            tempfile.TemporaryDirectory(prefix="scale-") as folder,
            self.cluster.one() as url,
            agency(Path(folder), url, brands, alarms=alarms, broken=broken) as made,
        ):
            say(f"{brands} brands: making their rows")
            self.row(f"{brands} brands: tables made, and a first run", f"{made.prepare():.0f} s")
            self.row(
                f"{brands} brands: start of {workers} worker(s)", f"{made.start(workers):.1f} s"
            )
            first = made.complain(0)
            if not wait_for(lambda: first in made.told(), TOLD_WITHIN):
                raise RuntimeError(f"nothing was told: {made.home.log.read_text()[-3000:]}")
            yield made
            made.stop()


def latency(bench: Bench) -> None:
    """A complaint a second, by turns of the brands, with so many brands."""
    for brands in bench.given.brands:
        with bench.agency(brands) as made:
            before = cpu_s([one.pid for one in made.workers])
            began = time.monotonic()
            marks = _talk(made, range(brands), bench.given.posts, name=f"{brands} brands")
            spent = cpu_s([one.pid for one in made.workers]) - before
            bench.row(f"latency, {brands} brands, 1 worker", _spread(made, marks))
            share = spent / (time.monotonic() - began)
            bench.row(
                f"one worker's processor meanwhile, {brands} brands", f"{share:.0%} of one core"
            )


def throughput(bench: Bench) -> None:
    """As many complaints as there are in a file, at once."""
    for number in (1, 2):
        with bench.cluster.one() as url:
            took = workers.measure(url, number, bench.given.throughput)
        bench.row(
            f"throughput, {number} worker(s), {bench.given.throughput} complaints",
            f"{workers.rate(took, bench.given.throughput):.1f} alerts/s;"
            f" {took.work:.1f} s from first to last, {took.whole:.1f} s with the start",
        )


def fairness(bench: Bench) -> None:
    """Brand 1 has a storm, brand 2 a broken token: how long the others' take before, and meanwhile."""
    with bench.agency(max(bench.given.fair, 4), workers=2, alarms=20, broken=[2]) as made:
        others = [0, *range(3, made.brands)]
        calm = _talk(made, others, bench.given.posts, name="calm")
        worst = max(made.waited(calm))
        bench.row("fairness: others, calm", _spread(made, calm))
        for _ in range(bench.given.storm):
            made.complain(1, in_own=True)
        meanwhile = _talk(made, others, bench.given.posts, name="storm")
        bench.row(f"fairness: others, in a storm of {bench.given.storm}", _spread(made, meanwhile))
        late = max(made.waited(meanwhile)) - worst
        said = "kept" if late <= 5 and len(made.waited(meanwhile)) == len(meanwhile) else "BROKEN"
        bench.row("fairness: the longest delay added (promise: 5 s)", f"{late:+.1f} s, {said}")


def recovery(bench: Bench) -> None:
    """A complaint a second; one of two workers dies; then the one that is telling, as it tells."""
    with bench.agency(4, workers=2) as made:
        calm = _talk(made, range(4), bench.given.posts // 2, name="two workers")
        bench.row("recovery: two workers alive", _spread(made, calm))
        made.workers.pop(0).kill()
        after = _talk(made, range(4), bench.given.posts, name="one of two killed")
        bench.row("recovery: written after the kill -9 of one of two", _spread(made, after))
        made.slack.plan("chat.postMessage", SLOW_AFTER)
        held = made.complain(0)
        calls = made.slack.calls["chat.postMessage"]
        wait_for(lambda: made.slack.calls["chat.postMessage"] > calls, TOLD_WITHIN)
        made.start()
        died_at = time.monotonic()
        made.workers.pop(0).kill()
        next_ = _talk(made, range(1, 4), bench.given.posts, name="the one that told killed")
        bench.row(
            "recovery: others', after the kill -9 of one that was telling", _spread(made, next_)
        )
        with opened(made.home.database) as rows:
            wait_for(lambda: not under_way(rows), TOLD_WITHIN)
        times = sum(held in one.text for one in made.workspace.posts)
        bench.row(
            "recovery: the notice it was telling is settled",
            f"{time.monotonic() - died_at:.0f} s after the kill, {times} message(s) in Slack",
        )


def decide(bench: Bench) -> None:
    """The posts of a load, judged before: what triage, settling and escalation take for each."""
    number = bench.given.load
    with fed(bench.cluster) as (home, url), opened(url) as rows:
        feed(home, number)
        with working(home, "--queues", "poll,classify"):
            wait_until(rows, number, JUDGED)
        waited = undecided(rows)
        with working(home, "--queues", "decide") as process:
            already, theirs = cpu_s([process.pid]), _servers_cpu(bench)
            left = undecided(rows)
            wait_until(rows, number, DECIDED)
            spent, theirs = cpu_s([process.pid]) - already, _servers_cpu(bench) - theirs
    bench.row(
        f"deciding on a post, {left} of {waited} after the start",
        f"{1000 * spent / left:.1f} ms of processor in the worker,"
        f" {1000 * theirs / left:.1f} ms in PostgreSQL",
    )


def cost(bench: Bench) -> None:
    """A feed with the load's shares of complaints and answers, from the file until nothing waits."""
    number = bench.given.load
    with fed(bench.cluster) as (home, url), opened(url) as rows, working(home) as process:
        empty = megabytes(bench.postgres, url)
        already, theirs = cpu_s([process.pid]), _servers_cpu(bench)
        began = time.monotonic()
        feed(home, number)
        wait_until(rows, number, f"SELECT ({JUDGED}) AND ({DECIDED})")
        wait_for(lambda: not under_way(rows), TOLD_WITHIN)
        took = time.monotonic() - began
        spent, theirs = cpu_s([process.pid]) - already, _servers_cpu(bench) - theirs
        grown = megabytes(bench.postgres, url) - empty
    million = 1e6 / number
    bench.row(f"cost: {number} posts, 1 worker", f"{took:.0f} s, {number / took:.0f} posts/s")
    bench.row(
        "cost of a million posts, without the model",
        f"{spent * million / 3600:.1f} h of processor in the worker,"
        f" {theirs * million / 3600:.1f} h in PostgreSQL, {grown * million:,.0f} MB of database",
    )


def _talk(made: Agency, brands: Sequence[int], number: int, *, name: str) -> list[str]:
    """A complaint a second, by turns; returns when all were told, or after minutes. The marks."""
    marks = []
    due_at = time.monotonic()
    for turn in range(number):
        # brands far from each other, so that a list's beginning is not all that is tried
        marks.append(made.complain(brands[turn * 7919 % len(brands)]))
        if turn % 20 == 0:
            say(f"  {name}: {turn}/{number}")
        due_at += SECOND
        time.sleep(max(0.0, due_at - time.monotonic()))
    wait_for(lambda: len(made.waited(marks)) == len(marks), TOLD_WITHIN)
    return marks


def _spread(made: Agency, marks: Sequence[str]) -> str:
    """Percentiles of how long they took, and how many of them were told."""
    waited = made.waited(marks)
    if len(waited) < 2:
        return f"{len(waited)} of {len(marks)} told"
    cuts = quantiles(waited, n=100, method="inclusive")
    return (
        f"p50 {cuts[49]:.1f} s, p95 {cuts[94]:.1f} s, p99 {cuts[98]:.1f} s, max {waited[-1]:.1f} s"
        f" ({len(waited)} of {len(marks)} told)"
    )


def _servers_cpu(bench: Bench) -> float:
    return cpu_s(family(bench.postgres.pid))


PARTS: dict[str, Callable[[Bench], None]] = {
    "latency": latency,
    "throughput": throughput,
    "fairness": fairness,
    "recovery": recovery,
    "decide": decide,
    "cost": cost,
}


def main() -> int:
    """Measure what is asked for, and print the table."""
    parser = argparse.ArgumentParser("python -m tests.bench.scale")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--brands", type=int, nargs="+", default=[1, 100, 5000])
    parser.add_argument("--posts", type=int, default=60, help="a second each, for every latency")
    parser.add_argument("--throughput", type=int, default=150, help="complaints at once")
    parser.add_argument("--fair", type=int, default=100, help="brands of the fairness part")
    parser.add_argument("--storm", type=int, default=300, help="complaints of one brand at once")
    parser.add_argument("--load", type=int, default=10_000, help="posts of the last two parts")
    given = parser.parse_args()
    began = time.monotonic()
    with server() as postgres:
        bench = Bench(given, postgres)
        for part in given.only:
            say(f"{part} …")
            PARTS[part](bench)
    print(f"{os.cpu_count()} cores; load in brackets; {time.monotonic() - began:.0f} s in all")
    width = max(len(what) for what, _ in bench.rows)
    for what, figure in bench.rows:
        print(f"{what:{width}}  {figure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
