"""Kills `complaint-monitor run` again and again, at any moment, and proves that nothing is lost or doubled.

    python -m tests.chaos.kill --kills 200 --seed 1
    python -m tests.chaos.kill --kills 40 --seed 2 --database postgresql

A feed grows (some lines in two halves) while real processes run on it and die by SIGKILL at uniformly
random moments: during start-up, while the tables are made, while the model is loaded, between any
two instructions. In the end one may run until nothing is left to do, and a checker that shares no code
with the product compares. Exit status 1: something is lost, doubled or wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import checker
from tests.chaos.checker import Verdict
from tests.chaos.feed import Feed
from tests.chaos.installation import BEGUN, WEIGHTS, Installation
from tests.postgres import cluster

TICK = 0.01
REST_WITHIN = 180.0
"""Seconds in which the last run has to come to rest."""
IN_USE = b" is in use by "


@dataclass
class Deaths:
    """What was done to the program."""

    kills: int = 0
    starts: int = 0
    at_start: int = 0
    """Killed before `run` said what it watches."""
    mid_line: int = 0
    """Killed while a line of the feed was half written."""
    refused: int = 0
    """Starts that found the database still held by the dead one's server process."""
    shipped: int = 0
    """Kills of a run with the shipped model."""


class Broken(Exception):  # noqa: N818 - what is shown to people: the run broke
    """The program ended by itself, or never came to rest."""


@dataclass
class Chaos:
    """One installation, its feed and its killer."""

    home: Installation
    seed: int
    done: Deaths = field(default_factory=Deaths)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.feed = Feed(self.home.feed, self.chance)
        self._startup = 1.0

    def kill_once(self, classifier: str = "words") -> None:
        """Start, let it live for a random while as the feed grows, kill."""
        size = self._log_size()
        process = self._start(classifier)
        begun_at: float | None = None
        started_at = time.monotonic()
        longest = 2 * self._startup + 1.5 + (3.0 if classifier == "shipped" else 0.0)
        dies_at = started_at + self.chance.uniform(0, longest)
        next_line_at = started_at + self.chance.expovariate(2)
        while (now := time.monotonic()) < dies_at:
            if begun_at is None and BEGUN in self._log_since(size):
                begun_at = now
                self._startup += 0.3 * (now - started_at - self._startup)
            if process.poll() is not None:
                self._is_refusal(size)
                size, process = self._log_size(), self._start(classifier)
            if now >= next_line_at:
                self.feed.write()
                next_line_at = now + self.chance.expovariate(3)
            time.sleep(min(TICK, max(0.0, dies_at - now)))
        process.kill()
        process.wait()
        self.done.kills += 1
        self.done.shipped += classifier == "shipped"
        self.done.at_start += BEGUN not in self._log_since(size)
        self.done.mid_line += self.feed.is_torn
        for _ in range(self.chance.choice((0, 0, 1, 3))):  # the world goes on without us
            self.feed.write()

    def kill_while_tables_are_made(self) -> None:
        """Start in an empty folder and kill around the migration, until one comes through."""
        path = Path(self.home.database.removeprefix("sqlite:///"))
        for _ in range(10):
            process = self._start("words")
            while not path.exists() and process.poll() is None:
                time.sleep(TICK / 10)
            time.sleep(self.chance.uniform(0, 0.6 * self._startup))
            process.kill()
            process.wait()
            self.done.kills += 1
            self.done.at_start += 1
            if self._is_made():
                return

    def come_to_rest(self) -> None:
        """One last run, undisturbed until nothing is left to do, and ended as people end it."""
        self.feed.finish()
        size = self._log_size()
        process = self._start("words")
        until = time.monotonic() + REST_WITHIN
        left: object = "no table yet"
        try:
            while left and time.monotonic() < until:
                if process.poll() is not None:
                    self._is_refusal(size)
                    size, process = self._log_size(), self._start("words")
                time.sleep(0.5)
                left = self._unfinished() if BEGUN in self._log_since(size) else left
            if left:
                raise Broken(f"not at rest after {REST_WITHIN:.0f} s: {left}")
            process.send_signal(signal.SIGTERM)
            if process.wait(timeout=60) != 0:
                raise Broken(f"SIGTERM ended it with status {process.returncode}")
        finally:
            process.kill()
            process.wait()

    def verdict(self) -> Verdict:
        """What the checker and `replay --check` say."""
        with checker.opened(self.home.database) as rows:
            found = checker.check(rows, self.feed, self.home.journal)
        replayed = self.home.run("replay", "--check")
        if replayed.returncode != 0:
            found.wrong.append(f"replay --check: {replayed.stdout}{replayed.stderr}")
        return found

    def _start(self, classifier: str) -> subprocess.Popen[bytes]:
        self.done.starts += 1
        return self.home.start("run", classifier=classifier)

    def _unfinished(self) -> dict[str, int]:
        with checker.opened(self.home.database) as rows:
            return checker.unfinished(rows, self.feed.lines)

    def _is_made(self) -> bool:
        with checker.opened(self.home.database) as rows:
            tables = rows.execute("SELECT count(*) FROM sqlite_master WHERE name = 'notice'")
            return bool(tables.fetchone()[0])

    def _is_refusal(self, size: int) -> None:
        """PostgreSQL learns a moment later that a client is dead; anything else is no reason to end."""
        said = self._log_since(size)
        if IN_USE not in said:
            raise Broken(f"it ended by itself: {said[-3000:].decode(errors='replace')}")
        self.done.refused += 1

    def _log_size(self) -> int:
        return self.home.log.stat().st_size if self.home.log.exists() else 0

    def _log_since(self, size: int) -> bytes:
        with self.home.log.open("rb") as log:
            log.seek(size)
            return log.read()


@contextmanager
def installed(kind: str, folder: Path) -> Iterator[Installation]:
    """An installation in that folder, on a database of that kind."""
    if kind == "sqlite":
        yield Installation.make(folder)
        return
    with cluster() as server, server.one() as url:
        home = Installation.make(folder, url)
        made = home.run("db", "upgrade")
        if made.returncode != 0:
            raise Broken(made.stderr)
        yield home


def chaos(
    home: Installation, *, kills: int, seed: int, shipped: int = 0, show: bool = False
) -> tuple[Chaos, Verdict]:
    """The whole drill. `shipped`: how many of the kills hit a run with the shipped model."""
    run = Chaos(home, seed)
    if home.database.startswith("sqlite"):
        run.kill_while_tables_are_made()
    every = kills // shipped if shipped else 0
    while run.done.kills < kills:
        is_shipped = every and run.done.kills % every == every - 1
        run.kill_once("shipped" if is_shipped else "words")
        if show and run.done.kills % 5 == 0:
            sys.stderr.write(f"\r{run.done.kills}/{kills} kills, {run.feed.lines} lines written ")
            sys.stderr.flush()
    if show:
        sys.stderr.write("\nthe last run, until nothing is left to do\n")
    run.come_to_rest()
    return run, run.verdict()


def table(run: Chaos, found: Verdict) -> str:
    """The totals, for people and for the record."""
    done = run.done
    figures = {
        "kills": f"{done.kills} by SIGKILL, of these {done.at_start} during start-up,"
        f" {done.mid_line} within a line of the feed, {done.shipped} with the shipped model",
        "restarts": f"{done.starts - 1}"
        + (f", {done.refused} refused as the database was still held" if done.refused else ""),
        "lines written": f"{run.feed.lines} = {len(run.feed.said)} posts"
        f" + {run.feed.repeated} repeated + {run.feed.deletions} deletions",
        "posts stored": found.stored,
        "waits": f"{found.waits}, of these {found.unanswered} unanswered",
        "alerts told": found.alerts,
        "alerts left out, with reason": ", ".join(
            f"{number} {reason}" for reason, number in sorted(found.left_out.items())
        )
        or 0,
        "escalations told": found.escalations,
        "notices under way at a death": found.looked_for,
        "lost": len(found.lost),
        "doubled": len(found.doubled),
        "possibly repeated": found.possibly_repeated,
        "otherwise wrong": len(found.wrong),
        "seed": run.seed,
    }
    return "\n".join(f"{name:30} {value}" for name, value in figures.items())


def main() -> int:
    """Run the drill and print its totals."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.kill")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--shipped", type=int, help="kills of a run with the shipped model")
    parser.add_argument("--keep", action="store_true", help="keep the folder, to look at")
    given = parser.parse_args()
    shipped = given.shipped
    if shipped is None:
        shipped = max(1, given.kills // 20) if WEIGHTS.exists() else 0
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    began_at = time.monotonic()
    try:
        with installed(given.database, folder) as home:
            run, found = chaos(home, kills=given.kills, seed=given.seed, shipped=shipped, show=True)
    except Broken as problem:
        print(f"broken: {problem}\n(seed {given.seed}, {folder})")
        return 1
    print(f"{given.database}, {time.monotonic() - began_at:.0f} s")
    print(table(run, found))
    for kind in ("lost", "doubled", "wrong"):
        for one in getattr(found, kind)[:20]:
            print(f"{kind}: {one}")
    if found.is_clean and not given.keep:
        shutil.rmtree(folder)
    else:
        print(f"everything is in {folder}")
    return 0 if found.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
