"""Befalls a living `complaint-monitor run` with what is no death: frozen, crowded, refused, misled, cut off.

    python -m tests.chaos.troubles --plan frozen --blows 3 --seed 1
    python -m tests.chaos.troubles --plan outage --seed 1
    python -m tests.chaos.troubles --seed 1

The networks are those of `kill_networks`; one process lives through all blows of a plan, does all that is
left to do, and must neither end by itself nor lose or double anything. Without `--plan` all of them, one
after the other. Plans:

frozen     SIGSTOP, then SIGCONT: for a moment, and once for longer than a claim on a notice lasts
twice      a second `run` is started on the same database: it must be refused, and change nothing
storm      each network answers its next calls with 429, with or without Retry-After
half open  calls are accepted, done, and never answered
clock      the program's clock is set forwards by hours, set right, set back by hours, set right (libfaketime)
full       the disk under a SQLite database is full for some seconds (a small tmpfs: needs root)
outage     PostgreSQL is stopped and started again (on PostgreSQL, as the only plan)

Exit status 1: something is lost, doubled or wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from monitor.simulator.slack import broken
from tests.chaos import checker_networks, killer
from tests.chaos.clock import NOTICED_S, Clock, library
from tests.chaos.found import Verdict, opened
from tests.chaos.installation import BEGUN, Installation
from tests.chaos.kill_networks import REST_WITHIN
from tests.chaos.killer import IN_USE, TICK, Broken, Killer
from tests.chaos.mischief import LASTS, REDDIT, SLACK, X
from tests.chaos.networks import SECRETS, WEIGHTS, Networks, networks
from tests.chaos.reported import agrees
from tests.postgres import Server, server

MOMENT = (0.5, 4.0)
"""Seconds that a short blow lasts."""
PAST_A_CLAIM = 125.0
"""A claim on a notice lasts two minutes."""
STORM = 5
"""So many calls of each network are refused in a row."""
SMALL = 12
"""Megabytes of the disk that fills up."""
STARTS_WITHIN = 120.0
AHEAD = 5.0
"""Hours by which a clock is wrong at most."""
WITHIN = 30.0
"""Seconds in which a clock that is wrong should see Slack refuse something."""
CHANGES = ("edit", "delete", "take back")
"""What the checker does not know when to expect of a program whose clock is wrong: only looks date it."""


@dataclass
class Tormentor(Killer):
    """Lets one process live, and befalls it."""

    blows: int = 0
    struck: list[str] = field(default_factory=list)
    begun: Callable[[], object] = lambda: None
    """Done once the first run is over."""

    def torment(
        self, blows: int, befall: Callable[[subprocess.Popen[bytes]], str], *, least: int
    ) -> None:
        """So many blows on one process, which then comes to rest and is ended.

        `befall` says what it did. `least`: so much happens in the world at least.
        """
        self.home.run("run", "--once")  # from now on complaints are told one by one
        self.begun()
        size = self._log_size()
        process = self._start("words")
        try:
            self._lives(process, STARTS_WITHIN, until=lambda: BEGUN in self._log_since(size))
            for _ in range(blows):
                for _ in range(max(1, least // blows)):
                    self.world.write()
                self._lives(process, self.chance.uniform(1, 3))
                self.struck.append(befall(process))
                self._lives(process, self.chance.uniform(0.5, 2))
            self.world.finish()
            self._lives(process, self.rest_within, until=lambda: not self._left())
            if left := self._left():
                raise Broken(f"not at rest after {self.rest_within:.0f} s: {left}")
            process.send_signal(signal.SIGTERM)
            if process.wait(timeout=120) != 0:
                raise Broken(f"SIGTERM ended it with status {process.returncode}")
        finally:
            process.kill()
            process.wait()

    def _lives(
        self,
        process: subprocess.Popen[bytes],
        seconds: float,
        *,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not until():
            self.world.tick()
            time.sleep(TICK * 5)
        if process.poll() is not None:
            said = self.home.log.read_bytes()[-3000:].decode(errors="replace")
            raise Broken(f"it ended by itself with status {process.returncode}: {said}")


@dataclass
class Plan:
    """What each blow of a plan does. `disk`: where ballast fills it up; `postgres`: what is stopped."""

    home: Installation
    world: Networks
    chance: random.Random
    postgres: Server | None = None
    clock: Clock | None = None

    def frozen(self, process: subprocess.Popen[bytes]) -> str:
        """The first one for longer than a claim lasts, while the world goes on."""
        is_first = not self.world.mischief.struck["frozen"]
        seconds = PAST_A_CLAIM if is_first else self.chance.uniform(*MOMENT)
        self.world.mischief.struck["frozen"] += 1
        self.shortly_frozen(process, seconds)
        return f"frozen for {seconds:.0f} s"

    def shortly_frozen(self, process: subprocess.Popen[bytes], seconds: float = 1.0) -> str:
        """For so long."""
        process.send_signal(signal.SIGSTOP)
        self._goes_on(seconds)
        process.send_signal(signal.SIGCONT)
        return "frozen"

    def twice(self, process: subprocess.Popen[bytes]) -> str:
        """Another one on the same database must be refused."""
        del process
        second = self.home.run("run", "--once")
        if second.returncode == 0 or IN_USE.decode() not in second.stderr:
            raise Broken(f"a second run was not refused: {second.returncode} {second.stderr}")
        return "a second run was refused"

    def storm(self, process: subprocess.Popen[bytes]) -> str:
        """Each network refuses call after call."""
        del process
        kinds = {
            name: [one for one in of if "429" in one] for name, of in (("x", X), ("r", REDDIT))
        }
        self.world.x.fail(self.chance.choice(kinds["x"]), times=STORM)
        headers = {"retry-after": "1"} if self.chance.random() < 0.5 else {}
        self.world.reddit.fail("429", times=STORM, headers=headers)
        limits = [one for one in SLACK if one.kind == "429"]
        self.world.slack.plan("chat.postMessage", *self.chance.choices(limits, k=STORM))
        return f"{STORM} calls of each network refused with 429"

    def half_open(self, process: subprocess.Popen[bytes]) -> str:
        """Calls are done, and never answered."""
        del process
        self.world.x.fail("stall after", times=1)
        self.world.reddit.fail("stall", times=1, seconds=LASTS)
        held = [one for one in SLACK if one.kind == "slow after"]
        self.world.slack.plan("chat.postMessage", held[0])
        return "a call of each network never answered"

    def jumps(self, process: subprocess.Popen[bytes]) -> str:
        """The clock is set wrong by hours, and right again; meanwhile Slack fails, later all of them."""
        del process
        is_first = not self.world.mischief.struck["clock"]
        self.world.mischief.struck["clock"] += 1
        hours = self.chance.uniform(1, AHEAD) * (
            1 if is_first or self.chance.random() < 0.5 else -1
        )
        self.world.program_was_behind |= hours < 0
        self._set(timedelta(hours=hours))
        if not is_first:  # a stream rests for long: the suite plays the first one alone
            self.world.x.fail("503", times=1)
            self.world.reddit.fail("429", times=1)
        self.world.slack.plan("chat.postMessage", broken(503, accepted=True))
        until = time.monotonic() + WITHIN
        while self.world.slack.is_ill("chat.postMessage") and time.monotonic() < until:
            self._goes_on(1)
        self._set(timedelta())
        return f"the clock was {hours:+.1f} h off"

    def _set(self, ahead: timedelta) -> None:
        assert self.clock is not None
        self.clock.set(ahead)
        self._goes_on(2 * NOTICED_S)

    def full(self, process: subprocess.Popen[bytes]) -> str:
        """Nothing more fits on the disk, for some seconds."""
        del process
        ballast = self.home.folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass  # that was the aim
        self._goes_on(self.chance.uniform(*MOMENT))
        ballast.unlink()
        return "the disk was full"

    def outage(self, process: subprocess.Popen[bytes]) -> str:
        """PostgreSQL goes, and comes again."""
        del process
        assert self.postgres is not None
        self.postgres.stop()
        self._goes_on(self.chance.uniform(*MOMENT))
        self.postgres.start()
        return "PostgreSQL was stopped and started"

    def _goes_on(self, seconds: float) -> None:
        """The world does."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.world.write()
            time.sleep(min(left, self.chance.uniform(0.3, 1) * (1 if seconds < 10 else 15)))


PLANS = {
    "frozen": Plan.frozen,
    "twice": Plan.twice,
    "storm": Plan.storm,
    "half open": Plan.half_open,
    "clock": Plan.jumps,
    "full": Plan.full,
    "outage": Plan.outage,
    "shortly frozen": Plan.shortly_frozen,
}
"""`shortly frozen` is for the suite."""


def suffer(
    folder: Path,
    plans: tuple[str, ...],
    *,
    blows: int,
    seed: int,
    least: int = 12,
    postgres: Server | None = None,
) -> tuple[Tormentor, Networks, Verdict]:
    """One process lives through so many blows, of these plans by turns; then all is compared."""
    chance = random.Random(seed)
    clock = Clock(folder / "clock") if "clock" in plans else None
    with networks(chance, often=0) as world:
        made = Installation.make(
            folder,
            postgres.url if postgres else None,
            ways=world.ways(),
            leads="slack:leads",
            secrets={**SECRETS, **(clock.environment if clock else {})},
        )
        if clock is not None:
            clock.set(timedelta())
            world.people.weights = {one: n for one, n in WEIGHTS.items() if one not in CHANGES}
        home = killer.with_tables(made)
        tormentor = Tormentor(
            home,
            world,
            chance,
            lambda rows: checker_networks.unfinished(rows, world),
            rest_within=REST_WITHIN,
            begun=(lambda: _age(home)) if clock else (lambda: None),
        )
        plan = Plan(home, world, chance, postgres, clock)

        def befall(process: subprocess.Popen[bytes]) -> str:
            turn = PLANS[plans[len(tormentor.struck) % len(plans)]]
            return turn(plan, process)

        tormentor.torment(blows, befall, least=least)
        with opened(home.database) as rows:
            found = checker_networks.check(rows, world)
        return tormentor, world, agrees(home, found)


def _age(home: Installation) -> None:
    """It was begun the day before: what a clock that is behind dates is not older than that."""
    path = home.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as rows, rows:
        rows.execute("UPDATE brand SET first_run_at = first_run_at - 86400000000")


@contextmanager
def ground_for(plan: str) -> Iterator[tuple[Path, Server | None]]:
    """A folder, and a server where the plan needs one; for `full` a disk of its own."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="troubles-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if plan == "full":
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={SMALL}m", "none", folder], check=True
            )
            stack.callback(_unmount, folder)
        yield folder, stack.enter_context(server()) if plan == "outage" else None


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", folder], check=True)


def main() -> int:
    """Play the plans, and print what came of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.troubles")
    parser.add_argument("--plan", choices=sorted(PLANS), help="default: all")
    parser.add_argument("--blows", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    missing = {"full": "it needs root to mount a small disk"} if os.geteuid() else {}
    if library() is None:
        missing["clock"] = "it needs libfaketime (apt-get install faketime)"
    plans = [given.plan] if given.plan else [one for one in PLANS if one != "shortly frozen"]
    clean = True
    for plan in plans:
        if plan in missing:
            print(f"{plan}: not played, for {missing[plan]}")
            continue
        clean &= _play(plan, given.blows, given.seed)
    return 0 if clean else 1


def _play(plan: str, blows: int, seed: int) -> bool:
    began_at = time.monotonic()
    with ground_for(plan) as (folder, postgres):
        try:
            done, world, found = suffer(folder, (plan,), blows=blows, seed=seed, postgres=postgres)
        except Broken as problem:
            print(f"{plan}, seed {seed}: broken: {problem}")
            return False
    print(
        f"{plan}, seed {seed}, {time.monotonic() - began_at:.0f} s: {len(done.struck)} blows;"
        f" {len(world.said)} posts, {found.stored} stored, {found.waits} waits,"
        f" {found.alerts} alerts, {found.escalations} escalations, {found.again} tried again;"
        f" lost {len(found.lost)}, doubled {len(found.doubled)}, wrong {len(found.wrong)},"
        f" possibly repeated {found.possibly_repeated}"
    )
    for finding in (*found.lost, *found.doubled, *found.wrong):
        print(f"  {finding}")
    return found.is_clean


if __name__ == "__main__":
    sys.exit(main())
