"""Kills `complaint-monitor run` on X, Reddit and Slack, whose lines drop and whose servers refuse.

    python -m tests.chaos.kill_networks --kills 200 --seed 1
    python -m tests.chaos.kill_networks --kills 40 --seed 2 --database postgresql
    python -m tests.chaos.kill_networks --kills 40 --seed 3 --no-history

The networks are simulated in this process and spoken to over HTTP. People go on complaining, editing,
deleting and being answered while real processes live and die by SIGKILL; connections break before and
after a request was accepted, 429s come with and without Retry-After, bodies are cut off, servers are
slow. In the end one may run until nothing is left to do, and a checker that shares no code with the
product compares. With `--no-history` the app may not read Slack's channels: what may be there already
is sent again, and must say so. Exit status 1: something is lost, doubled or wrong.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path

from monitor.simulator.slack import DROP_AFTER
from tests.chaos import checker_networks, killer
from tests.chaos.found import Verdict, opened
from tests.chaos.installation import Installation
from tests.chaos.killer import Killer
from tests.chaos.networks import SECRETS, Networks, networks
from tests.chaos.reported import agrees

STORM = 6
"""Alarms: some are heard by themselves, and most by name in a storm."""
REST_WITHIN = 900.0
"""Seconds: a stream that failed several times in a row is left alone for minutes."""


@dataclass
class Run:
    """One drill: the installation, the networks, and what was done to both."""

    home: Installation
    world: Networks
    killer: Killer


def chaos(
    folder: Path,
    database: str | None,
    *,
    kills: int,
    seed: int,
    may_look: bool = True,
    often: float = 1.0,
    least: int = 0,
    show: bool = False,
) -> tuple[Run, Verdict]:
    """The whole drill. `may_look`: in Slack's history. `often` multiplies the faults.

    `least`: so much happens at least (`Killer.kill`).
    """
    chance = random.Random(seed)
    with networks(chance, may_look=may_look, often=often) as world:
        home = killer.with_tables(
            Installation.make(
                folder,
                database,
                ways=world.ways(),
                leads="slack:leads",
                secrets=SECRETS,
                storm=STORM,
            )
        )
        killer_ = Killer(
            home,
            world,
            chance,
            lambda rows: checker_networks.unfinished(rows, world),
            rest_within=REST_WITHIN,
        )
        if not may_look:
            world.mischief.last = DROP_AFTER  # so that there is something that nobody can know
        killer_.kill(kills, least=least, show=show)
        with opened(home.database) as rows:
            found = checker_networks.check(rows, world)
        return Run(home, world, killer_), agrees(home, found)


def figures(run: Run, found: Verdict) -> dict[str, object]:
    """The totals, for people and for the record."""
    done, world = run.killer.done, run.world
    held = f", {done.refused} refused as the database was still held" if done.refused else ""
    on = {name: sum(one.network == name for one in world.said) for name in ("x", "reddit")}
    unread = len(world.said) - found.stored
    return {
        "kills": f"{done.kills} by SIGKILL, of these {done.at_start} during start-up,"
        f" {done.halfway} while a network held back a post,"
        f" {done.reloading} while the config was reloaded",
        "restarts": f"{done.starts - 1}{held}",
        "posts": f"{len(world.said)} = {on['x']} on X + {on['reddit']} on Reddit;"
        f" {world.late} shown late, {world.edits} edited, {world.deletions} deleted"
        f" ({unread} before they were read)",
        **{f"faults: {name}": number for name, number in sorted(world.mischief.struck.items())},
        "calls": f"{len(world.x.asked)} of X, {len(world.reddit.asked)} of Reddit,"
        f" {world.slack.calls.total()} of Slack",
        "messages in Slack": f"{len(world.workspace.posts)},"
        f" of these {checker_networks.deleted(world)} doubles deleted,"
        f" {checker_networks.repeats(world)} doubles left that say so",
        "of these alarms": f"{found.gathered} told by name in a storm's messages",
        **killer.what_was_told(found),
    }


def main() -> int:
    """Run the drill and print its totals."""
    parser = killer.options("kill_networks")
    parser.add_argument("--no-history", action="store_true", help="Slack's may not be read")
    given = parser.parse_args()

    def drill(folder: Path, database: str | None) -> tuple[dict[str, object], Verdict]:
        run, found = chaos(
            folder,
            database,
            kills=given.kills,
            seed=given.seed,
            may_look=not given.no_history,
            show=True,
        )
        return figures(run, found), found

    return killer.play(given, drill)


if __name__ == "__main__":
    sys.exit(main())
