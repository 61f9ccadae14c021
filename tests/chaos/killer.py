"""Kills a real `complaint-monitor run` at any moment while a world goes on; what all such drills share."""

from __future__ import annotations

import argparse
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.chaos.found import Rows, Verdict, opened
from tests.chaos.installation import BEGUN, Installation
from tests.postgres import cluster

TICK = 0.01
RELOADS, TAKEN_UP_S = 0.2, 1.0
"""One death in so many follows a change of the config, within so many seconds."""
IN_USE = b" is in use by "
SHOWN = 20
"""So many findings of a kind are printed."""


class World(Protocol):
    """What goes on, whether the program lives or not."""

    def write(self) -> None:
        """Let one more thing happen."""
        ...

    def tick(self) -> None:
        """Let time pass."""
        ...

    def finish(self) -> None:
        """Let nothing more happen; what is half done is done."""
        ...

    @property
    def is_halfway(self) -> bool:
        """Whether something is half done."""
        ...


@dataclass
class Deaths:
    """What was done to the program."""

    kills: int = 0
    starts: int = 0
    at_start: int = 0
    """Killed before `run` said what it watches."""
    halfway: int = 0
    """Killed while the world was halfway through something."""
    refused: int = 0
    """Starts that found the database still held by the dead one's server process."""
    shipped: int = 0
    """Kills of a run with the shipped model."""
    reloading: int = 0
    """Killed within moments after the config was changed, and the program asked to take it up."""


class Broken(Exception):  # noqa: N818 - what is shown to people: the run broke
    """The program ended by itself, or never came to rest."""


@dataclass
class Killer:
    """One installation, its world, and who kills it there.

    `unfinished` says what is still to be done, `rest_within` in how many seconds it must be.
    """

    home: Installation
    world: World
    chance: random.Random
    unfinished: Callable[[Rows], Mapping[str, object]]
    rest_within: float = 900.0
    done: Deaths = field(default_factory=Deaths)
    _startup: float = 1.0

    def kill(self, kills: int, *, shipped: int = 0, least: int = 0, show: bool = False) -> None:
        """So often; then one may run until nothing is left to do.

        `shipped`: how many of the kills hit a run with the shipped model. `least`: so much happens at
        least, however few starts come through, and all of it after a first run that was left alone.
        """
        if self.home.database.startswith("sqlite"):
            self._kill_while_tables_are_made(min(kills // 3, 10))
        if least:
            self.home.run("run", "--once")  # from now on complaints are told one by one
        every = kills // shipped if shipped else 0
        while self.done.kills < kills:
            is_shipped = every and self.done.kills % every == every - 1
            self._kill_once("shipped" if is_shipped else "words")
            if show and self.done.kills % 5 == 0:
                sys.stderr.write(f"\r{self.done.kills}/{kills} kills ")
                sys.stderr.flush()
        for _ in range(least):
            self.world.write()
        if show:
            sys.stderr.write("\nthe last run, until nothing is left to do\n")
        self._come_to_rest()

    def _kill_once(self, classifier: str) -> None:
        """Start, let it live for a random while as the world goes on, kill."""
        size = self._log_size()
        process = self._start(classifier)
        begun_at: float | None = None
        started_at = time.monotonic()
        longest = 2 * self._startup + 1.5 + (3.0 if classifier == "shipped" else 0.0)
        dies_at = started_at + self.chance.uniform(0, longest)
        next_act_at = started_at + self.chance.expovariate(2)
        while (now := time.monotonic()) < dies_at:
            if begun_at is None and BEGUN in self._log_since(size):
                begun_at = now
                self._startup += 0.3 * (now - started_at - self._startup)
            if process.poll() is not None:
                self._is_refusal(size)
                size, process = self._log_size(), self._start(classifier)
            self.world.tick()
            if now >= next_act_at:
                self.world.write()
                next_act_at = now + self.chance.expovariate(3)
            time.sleep(min(TICK, max(0.0, dies_at - now)))
        if begun_at is not None and self.chance.random() < RELOADS:
            self._reconfigure(process, classifier)
        process.kill()
        process.wait()
        if begun_at is None:  # else only the quick starts would teach how long one takes
            self._startup += 0.3 * max(0.0, time.monotonic() - started_at - self._startup)
        self.done.kills += 1
        self.done.shipped += classifier == "shipped"
        self.done.at_start += BEGUN not in self._log_since(size)
        self.done.halfway += self.world.is_halfway
        for _ in range(self.chance.choice((0, 0, 1, 3))):  # the world goes on without us
            self.world.write()

    def _reconfigure(self, process: subprocess.Popen[bytes], classifier: str) -> None:
        """Change the config and ask for it; the program may be anywhere in taking it up."""
        config = self.home.config(classifier)
        size = f"page_size = {self.chance.randint(10, 20)}"
        config.write_text(re.sub(r"page_size = \d+", size, config.read_text()))
        process.send_signal(signal.SIGHUP)
        time.sleep(self.chance.uniform(0, TAKEN_UP_S))
        self.done.reloading += 1

    def _kill_while_tables_are_made(self, most: int) -> None:
        """Start in an empty folder and kill around the migration, until one comes through."""
        path = Path(self.home.database.removeprefix("sqlite:///"))
        for _ in range(most):
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

    def _come_to_rest(self) -> None:
        """One last run, undisturbed until nothing is left to do, and ended as people end it."""
        self.world.finish()
        size = self._log_size()
        process = self._start("words")
        until = time.monotonic() + self.rest_within
        left: object = "no table yet"
        try:
            while left and time.monotonic() < until:
                if process.poll() is not None:
                    self._is_refusal(size)
                    size, process = self._log_size(), self._start("words")
                self.world.tick()
                time.sleep(0.5)
                left = self._left() if BEGUN in self._log_since(size) else left
            if left:
                raise Broken(f"not at rest after {self.rest_within:.0f} s: {left}")
            process.send_signal(signal.SIGTERM)
            if process.wait(timeout=60) != 0:
                raise Broken(f"SIGTERM ended it with status {process.returncode}")
        finally:
            process.kill()
            process.wait()

    def _start(self, classifier: str) -> subprocess.Popen[bytes]:
        self.done.starts += 1
        return self.home.start("run", classifier=classifier)

    def _left(self) -> Mapping[str, object]:
        with opened(self.home.database) as rows:
            return self.unfinished(rows)

    def _is_made(self) -> bool:
        with opened(self.home.database) as rows:
            try:
                tables = rows.execute("SELECT count(*) FROM sqlite_master WHERE name = 'notice'")
            except sqlite3.OperationalError:
                return False  # it died within its very first transaction, which who only looks can't undo
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
def database_of(kind: str) -> Iterator[str | None]:
    """The address of a new database; None: SQLite in the installation's own folder."""
    if kind == "sqlite":
        yield None
        return
    with cluster() as server, server.one() as url:
        yield url


def with_tables(home: Installation) -> Installation:
    """On PostgreSQL the tables are made by their own command: only SQLite's make themselves."""
    if not home.database.startswith("sqlite"):
        made = home.run("db", "upgrade")
        if made.returncode != 0:
            raise Broken(made.stderr)
    return home


def what_was_told(found: Verdict) -> dict[str, object]:
    """The lines of a table that every drill has."""
    left_out = (f"{number} {reason}" for reason, number in sorted(found.left_out.items()))
    return {
        "posts stored": found.stored,
        "waits": f"{found.waits}, of these {found.unanswered} unanswered",
        "alerts told": found.alerts,
        "alerts left out, with reason": ", ".join(left_out) or 0,
        "escalations told": found.escalations,
        "notices tried more than once": found.again,
        "longest from due to fired": f"{found.longest.total_seconds():.0f} s",
        "lost": len(found.lost),
        "doubled": len(found.doubled),
        "possibly repeated": found.possibly_repeated,
        "otherwise wrong": len(found.wrong),
    }


def options(module: str) -> argparse.ArgumentParser:
    """What every drill may be told."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.chaos.{module}")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--keep", action="store_true", help="keep the folder, to look at")
    return parser


def play(
    given: argparse.Namespace,
    drill: Callable[[Path, str | None], tuple[Mapping[str, object], Verdict]],
) -> int:
    """Play a drill in a folder of its own, print its table, and say with the status whether all is well."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    began_at = time.monotonic()
    try:
        with database_of(given.database) as database:
            figures, found = drill(folder, database)
    except Broken as problem:
        print(f"broken: {problem}\n(seed {given.seed}, {folder})")
        return 1
    print(f"{given.database}, {time.monotonic() - began_at:.0f} s")
    for name, value in {**figures, "seed": given.seed}.items():
        print(f"{name:30} {value}")
    for kind in ("lost", "doubled", "wrong"):
        for one in getattr(found, kind)[:SHOWN]:
            print(f"{kind}: {one}")
    if found.is_clean and not given.keep:
        shutil.rmtree(folder)
    else:
        print(f"everything is in {folder}")
    return 0 if found.is_clean else 1
