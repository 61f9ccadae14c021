"""Three workers over one PostgreSQL, each of which dies, freezes and loses its database at any moment.

    python -m tests.chaos.crew --blows 60 --seed 1

The networks are those of `kill_networks`: X, Reddit and Slack over HTTP, on which people go on while
connections break before and after a request was accepted. The blows, by chance and seed:

kill     one worker, or all of them, by SIGKILL at any moment, start-up included; another takes its place
frozen   one worker stops (SIGSTOP), the first time for longer than a claim lasts, and is thawed
outage   PostgreSQL is stopped and started again
storm    each network answers its next calls with 429

In the end three workers may go on until nothing is left to do, end by SIGTERM with status 0, and the
checker of `kill_networks` compares, which shares no code with the product. Exit status 1: something
is lost, doubled or wrong.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import checker_networks, killer
from tests.chaos.found import Verdict, opened
from tests.chaos.installation import Installation
from tests.chaos.killer import TICK, Broken
from tests.chaos.networks import SECRETS, Networks, networks
from tests.chaos.reported import agrees
from tests.chaos.troubles import MOMENT, PAST_A_CLAIM, STARTS_WITHIN, Plan
from tests.postgres import Server, server

WORKERS = 3
WORKS = b" works on "
REST_WITHIN = 1200.0
BLOWS = {"kill": 12, "kill all": 2, "frozen": 3, "outage": 2, "storm": 2}
"""How often each comes, against the others."""
PACE = 0.6
"""Things that happen in the world in a second: workers tell a channel one message in one."""


@dataclass
class Crew:
    """The workers, their world, and what was done to them."""

    home: Installation
    world: Networks
    chance: random.Random
    postgres: Server
    longest: float = PAST_A_CLAIM
    """Seconds for which the first frozen worker is."""
    alive: list[subprocess.Popen[bytes]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    _next_act_at: float = 0.0

    def torment(self, blows: int, *, least: int = 0, show: bool = False) -> None:
        """So many blows; then all that is left is done, and all end as people end them."""
        self.home.run("run", "--once")  # from now on complaints are told one by one
        self._man()
        self._goes_on(STARTS_WITHIN, until=lambda: self._said(WORKS) >= WORKERS)
        for number in range(blows):
            self._goes_on(self.chance.uniform(0, 4))
            # one of each kind first, so that few blows show all
            kinds = list(BLOWS)
            blow = (
                kinds[number]
                if number < len(kinds)
                else self.chance.choices(kinds, list(BLOWS.values()))[0]
            )
            self.done[blow] += 1
            getattr(self, f"_{blow.replace(' ', '_')}")()
            self._man()
            if show:
                sys.stderr.write(f"\r{number + 1}/{blows} blows: {blow}          ")
                sys.stderr.flush()
        for _ in range(least):
            self.world.write()
        self._come_to_rest()

    def _kill(self) -> None:
        self._die([self.chance.choice(self.alive)])

    def _kill_all(self) -> None:
        self._die(list(self.alive))

    def _die(self, those: list[subprocess.Popen[bytes]]) -> None:
        for one in those:
            one.kill()
            one.wait()
            self.alive.remove(one)
            self.done["killed"] += 1

    def _frozen(self) -> None:
        is_first = self.done["frozen"] == 1
        one = self.chance.choice(self.alive)
        one.send_signal(signal.SIGSTOP)
        self._goes_on(self.longest if is_first else self.chance.uniform(*MOMENT))
        one.send_signal(signal.SIGCONT)

    def _outage(self) -> None:
        self.postgres.stop()
        self._goes_on(self.chance.uniform(*MOMENT))
        self.postgres.start()

    def _storm(self) -> None:
        Plan(self.home, self.world, self.chance).storm(self.alive[0])

    def _man(self) -> None:
        """Replace who died, or could not begin while its database was away."""
        for one in list(self.alive):
            if one.poll() is None:
                continue
            if not self.done["outage"]:
                said = self.home.log.read_bytes()[-3000:].decode(errors="replace")
                raise Broken(f"a worker ended by itself with status {one.returncode}: {said}")
            self.done["ended in an outage"] += 1
            self.alive.remove(one)
        while len(self.alive) < WORKERS:
            self.alive.append(self.home.start("worker"))
            self.done["started"] += 1

    def _goes_on(self, seconds: float, *, until: Callable[[], bool] = lambda: False) -> None:
        """The world does."""
        ends = time.monotonic() + seconds
        while (now := time.monotonic()) < ends and not until():
            self.world.tick()
            if now >= self._next_act_at:
                self.world.write()
                self._next_act_at = now + self.chance.expovariate(PACE)
            time.sleep(TICK * 5)

    def _come_to_rest(self) -> None:
        self.world.finish()
        until = time.monotonic() + REST_WITHIN
        left: object = "unknown"
        while left and time.monotonic() < until:
            self._man()
            self.world.tick()
            time.sleep(1)
            with opened(self.home.database) as rows:
                left = checker_networks.unfinished(rows, self.world)
        if left:
            raise Broken(f"not at rest after {REST_WITHIN:.0f} s: {left}")
        for one in self.alive:
            one.send_signal(signal.SIGTERM)
        ended = [one.wait(timeout=120) for one in self.alive]
        if any(ended):
            raise Broken(f"SIGTERM ended them with status {ended}")

    def _said(self, what: bytes) -> int:
        return self.home.log.read_bytes().count(what) if self.home.log.exists() else 0


def chaos(
    folder: Path,
    postgres: Server,
    *,
    blows: int,
    seed: int,
    least: int = 0,
    longest: float = PAST_A_CLAIM,
    show: bool = False,
) -> tuple[Crew, Verdict]:
    """The whole drill."""
    chance = random.Random(seed)
    with networks(chance) as world:
        home = killer.with_tables(
            Installation.make(
                folder, postgres.url, ways=world.ways(), leads="slack:leads", secrets=SECRETS
            )
        )
        crew = Crew(home, world, chance, postgres, longest)
        try:
            crew.torment(blows, least=least, show=show)
        finally:
            for one in crew.alive:
                one.kill()
                one.wait()
        with opened(home.database) as rows:
            found = checker_networks.check(rows, world)
        return crew, agrees(home, found)


def main() -> int:
    """Run the drill and print its totals."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.crew")
    parser.add_argument("--blows", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crew-"))
    began_at = time.monotonic()
    with server() as postgres:
        try:
            crew, found = chaos(folder, postgres, blows=given.blows, seed=given.seed, show=True)
        except Broken as problem:
            print(f"broken: {problem}\n(seed {given.seed}, {folder})")
            return 1
    said = ", ".join(f"{number} {name}" for name, number in sorted(crew.done.items()))
    rows = {
        "blows and processes": said,
        "posts": len(crew.world.said),
        **{f"faults: {name}": n for name, n in sorted(crew.world.mischief.struck.items())},
        "messages in Slack": len(crew.world.workspace.posts),
        **killer.what_was_told(found),
        "seed": given.seed,
    }
    print(f"{WORKERS} workers, {time.monotonic() - began_at:.0f} s")
    for name, value in rows.items():
        print(f"{name:30} {value}")
    for finding in (*found.lost, *found.doubled, *found.wrong):
        print(f"  {finding}")
    return 0 if found.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
