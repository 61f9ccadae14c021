"""One PostgreSQL on which workers are measured, what they use, and how long people wait."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from tests.bench.agency import Agency, agency, commits, cpu_s, family, say, wait_for
from tests.postgres import Cluster, Server

ALONE = 100_000
"""Alarms that are told together: none, so that each is heard by itself."""
SECOND = 1.0
TOLD_WITHIN = 300.0


@dataclass(frozen=True, slots=True)
class Used:
    """At a moment (seconds of the epoch): seconds of processor so far, and transactions of PostgreSQL."""

    at: float
    workers: float
    servers: float
    networks: float
    commits: int


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

    def used(self, made: Agency) -> Used:
        """What was used until now. Raises RuntimeError if a worker has died."""
        if any(one.poll() is not None for one in made.workers):
            raise RuntimeError(f"a worker died: {made.home.log.read_text()[-3000:]}")
        return Used(
            time.time(),  # noqa: TID251 - on the networks' clock
            cpu_s([one.pid for one in made.workers]),
            servers_cpu(self),
            time.process_time(),
            commits(self.postgres, made.home.database),
        )


def talk(
    made: Agency,
    brands: Sequence[int],
    number: int,
    *,
    name: str,
    pause: float = SECOND,
    in_own: bool = False,
) -> list[str]:
    """A complaint a second, by turns; returns when all were told, or after minutes. The marks."""
    marks = []
    due_at = time.monotonic()
    for turn in range(number):
        # brands far from each other, so that a list's beginning is not all that is tried
        marks.append(made.complain(brands[turn * 7919 % len(brands)], in_own=in_own))
        if turn % 20 == 0:
            say(f"  {name}: {turn}/{number}")
        due_at += pause
        time.sleep(max(0.0, due_at - time.monotonic()))
    wait_for(lambda: len(made.waited(marks)) == len(marks), TOLD_WITHIN)
    return marks


def spread(made: Agency, marks: Sequence[str]) -> str:
    """Percentiles of how long they took, and how many of them were told."""
    waited = made.waited(marks)
    told = f"{len(waited)} of {len(marks)} told"
    return told if len(waited) < 2 else f"{cuts(waited)} ({told})"


def cuts(seconds: Sequence[float]) -> str:
    """Percentiles of them, which are in order."""
    if len(seconds) < 2:
        return f"{len(seconds)} of them: too few"
    cuts = quantiles(seconds, n=100, method="inclusive")
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": seconds[-1]}
    return ", ".join(f"{name} {one:.1f} s" for name, one in named.items())


def servers_cpu(bench: Bench) -> float:
    """Seconds of a processor that PostgreSQL has used."""
    return cpu_s(family(bench.postgres.pid))
