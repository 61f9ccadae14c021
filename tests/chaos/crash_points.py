"""Lets the program die after every transaction and every network call of a scenario, one at a time.

    python -m tests.chaos.crash_points --points 1000 --seed 1

Customers complain on X and Reddit, ask again, are answered and delete; the program polls, judges, opens
cases, escalates, tells Slack, and posts the answers that staff write. All of it runs in this process, on
SQLite and in a time of its own, over HTTP to the simulated networks. A scenario runs once unharmed, which
counts what it does that lasts; then once for each of these, dying right after it, in every second run
a second time soon after its rebirth. Then the checker that shares no code with the product compares.
Seeds follow one another until there were so many deaths. Exit status 1: something is lost, doubled or wrong.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from monitor import log
from monitor.store import maintenance
from monitor.store.engine import Database
from tests.chaos import checker_networks
from tests.chaos.fate import Fate, mortal
from tests.chaos.found import Verdict, opened
from tests.chaos.installation import Installation
from tests.chaos.networks import SECRETS, Networks, networks
from tests.chaos.office import Office, under_way
from tests.chaos.program import Program

LOOKS, ACTS = 1, 6
"""So often the program looks while people write, and so much happens before each look."""
BEGINS_AT = datetime(2026, 10, 24, 20, 59, 40, tzinfo=UTC)
"""Shortly before midnight in Bucharest, in the night in which its clocks are put back."""
REST = (*(timedelta(seconds=6),) * 3, *(timedelta(minutes=11),) * 12)
"""Looks after all is said, as many as it takes: the steps fall due, then what may be posted is looked for."""
SECOND = timedelta(seconds=1)
LEADS = "slack:leads"
USES = {
    "x": "monitor.sources.x:X",
    "reddit": "monitor.sources.reddit:Reddit",
    "slack": "monitor.notifiers.slack:Slack",
}
LATER = 12
"""A second death comes after so many lasting things at most."""


@dataclass
class Scenario:
    """What came of one run. `lasting` things were done, and after these it died: see `Fate.order`."""

    seed: int
    dies_after: Sequence[int]
    lasting: Sequence[str]
    deaths: Sequence[str]
    replies: Counter[str]
    found: Verdict

    @property
    def findings(self) -> list[str]:
        """Empty, or something is broken."""
        kinds = {one: getattr(self.found, one) for one in ("lost", "doubled", "wrong")}
        return [f"{kind}: {what}" for kind, all_ in kinds.items() for what in all_]


@dataclass
class Totals:
    """Of all runs."""

    runs: int = 0
    points: int = 0
    again: int = 0
    seeds: set[int] = field(default_factory=set)
    deaths: Counter[str] = field(default_factory=Counter)
    replies: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    bad: int = 0

    def add(self, one: Scenario) -> None:
        """Count one more."""
        self.seeds.add(one.seed)
        self.runs += 1
        self.points += bool(one.deaths)
        self.again += len(one.deaths) > 1
        self.deaths.update(what.partition(" ")[0] for what in one.deaths)
        self.replies += one.replies
        found = one.found
        self.told.update(
            posts=found.stored,
            waits=found.waits,
            alerts=found.alerts,
            escalations=found.escalations,
            again=found.again,
            repeated=found.possibly_repeated,
            lost=len(found.lost),
            doubled=len(found.doubled),
            wrong=len(found.wrong),
        )
        self.bad += len(one.findings)


class Ground:
    """A folder whose database is empty again at the beginning of each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._template = folder / "template.db"
        self._path = folder / "monitor.db"
        made = Database(f"sqlite:///{self._template}")
        maintenance.upgrade(made)
        made.empty_log()
        made.close()
        self.database = Database(f"sqlite:///{self._path}")

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """The database with its tables and no row; nobody has it open afterwards."""
        for path in self.folder.glob("monitor.db*"):
            path.unlink()
        shutil.copyfile(self._template, self._path)
        try:
            yield
        finally:
            self.database.close()


def play(
    ground: Ground, seed: int, dies_after: Sequence[int] = (), *, amnesia: str = ""
) -> Scenario:
    """One scenario with these deaths.

    `amnesia`: SQL that harms the database at each death, to show that it is seen.
    """
    now = BEGINS_AT
    fate = Fate(list(dies_after))
    with (
        mortal(),
        ground.cleared(),
        fate.watching(ground.database.engine),
        networks(random.Random(seed), often=0, clock=lambda: now) as world,
    ):
        home = Installation.make(ground.folder, ways=ways(world), leads=LEADS, secrets=SECRETS)
        for name in ("x", "reddit", "slack"):
            fate.overhear(name, getattr(world, name))
        program = Program(home, ground.database, fate, clock=lambda: now, amnesia=amnesia)
        office = Office(program, world, random.Random(seed))
        program.works()
        for _ in range(LOOKS):
            for _ in range(ACTS):
                now += SECOND
                world.write()
            now += SECOND
            program.works()
            office.looks()
            program.does(office.answers)
        world.finish()
        for span in REST:
            now += span
            world.tick()
            program.works()
            office.looks()
            program.does(office.answers)
            program.does(office.decides)
            if _is_at_rest(home, world):
                break
        program.ends()
        with opened(home.database) as rows:
            found = checker_networks.check(rows, world)
            replies = office.check(rows, found)
        found.wrong += program.differences()
        return Scenario(seed, dies_after, fate.order, fate.deaths, replies, found)


def _is_at_rest(home: Installation, world: Networks) -> bool:
    with opened(home.database) as rows:
        return not checker_networks.unfinished(rows, world) and not under_way(rows)


def scenarios(ground: Ground, seed: int) -> Iterator[Scenario]:
    """The unharmed one first, then one for each point; in every second one it dies again soon after."""
    chance = random.Random(seed)
    whole = play(ground, seed)
    yield whole
    for point in range(1, len(whole.lasting) + 1):
        again = [chance.randint(1, LATER)] if point % 2 else []
        yield play(ground, seed, (point, *again))


def _series(ground: Ground, seed: int) -> Iterator[Scenario]:
    """Seed after seed, the given one first."""
    for one in count(seed):
        yield from scenarios(ground, one)


def ways(world: Networks) -> str:
    """The config's tables. Plug-ins are named by their class: looking for installed ones takes its time."""
    text = world.ways(per_second=1000, more="inbox = false")
    for name, use in USES.items():
        text = text.replace(f'use = "{name}"', f'use = "{use}"\nname = "{name}"')
    return text


def main() -> int:
    """Run until there were so many deaths, and print the totals."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.crash_points")
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="no run begins later")
    parser.add_argument("--seed", type=int, default=1)
    log.configure(level="critical")
    parser.add_argument(
        "--at", type=int, nargs="*", help="only this run: dies after so many things"
    )
    given = parser.parse_args()
    in_memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=in_memory if in_memory.is_dir() else None))
    ground = Ground(folder)
    totals, began_at, seed = Totals(), time.monotonic(), given.seed
    try:
        if given.at:
            totals.add(one := play(ground, seed, given.at))
            _tell(one)
        for one in () if given.at else _series(ground, seed):
            totals.add(one)
            _tell(one)
            _say(f"\rseed {one.seed}: {totals.points} points, {totals.bad} findings ")
            is_late = time.monotonic() - began_at > 60 * given.minutes
            if totals.points >= given.points or is_late:
                break
    finally:
        shutil.rmtree(folder)
    _say("\n")
    _print(totals, time.monotonic() - began_at)
    return 1 if totals.bad else 0


def _say(what: str) -> None:
    sys.stderr.write(what)
    sys.stderr.flush()


def _tell(one: Scenario) -> None:
    for finding in one.findings:
        _say(f"\nseed {one.seed} --at {' '.join(map(str, one.dies_after))}: {finding}\n")


def _print(totals: Totals, seconds: float) -> None:
    named = {"commit": "a commit"} | {one: f"a call of {one}" for one in ("x", "reddit", "slack")}
    deaths = ", ".join(f"{n} after {named[what]}" for what, n in totals.deaths.most_common())
    print(f"{'seeds':30} {' '.join(map(str, sorted(totals.seeds)))}")
    print(f"{'crash points':30} {totals.points} ({totals.again} with a second death soon after)")
    print(f"{'deaths':30} {deaths}")
    for name, number in totals.told.items():
        print(f"{name:30} {number}")
    print(f"{'answers of staff':30} {dict(totals.replies)}")
    print(f"{'seconds':30} {seconds:.0f}")


if __name__ == "__main__":
    sys.exit(main())
