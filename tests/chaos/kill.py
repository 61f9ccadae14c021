"""Kills `complaint-monitor run` again and again, at any moment, and proves that nothing is lost or doubled.

    python -m tests.chaos.kill --kills 200 --seed 1
    python -m tests.chaos.kill --kills 40 --seed 2 --database postgresql

A feed grows (some lines in two halves) while real processes run on it and die by SIGKILL at uniformly
random moments: during start-up, while the tables are made, while the model is loaded, between any
two instructions. In the end one may run until nothing is left to do, and a checker that shares no code
with the product compares. Exit status 1: something is lost, doubled or wrong.
`tests.chaos.kill_networks` does the same with X, Reddit and Slack.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import checker, killer
from tests.chaos.feed import Feed
from tests.chaos.found import Verdict, opened
from tests.chaos.installation import WEIGHTS, Installation
from tests.chaos.killer import Killer
from tests.chaos.reported import agrees


@dataclass
class Run:
    """One drill: the installation, what was written for it, and what was done to it."""

    home: Installation
    feed: Feed
    killer: Killer


def chaos(
    home: Installation,
    *,
    kills: int,
    seed: int,
    shipped: int = 0,
    least: int = 0,
    show: bool = False,
) -> tuple[Run, Verdict]:
    """The whole drill; what may be said of it: see `Killer.kill`."""
    chance = random.Random(seed)
    feed = Feed(home.feed, chance)
    killer_ = Killer(home, feed, chance, lambda rows: checker.unfinished(rows, feed.lines))
    killer_.kill(kills, shipped=shipped, least=least, show=show)
    with opened(home.database) as rows:
        found = checker.check(rows, feed, home.journal)
    return Run(home, feed, killer_), agrees(home, found)


def figures(run: Run, found: Verdict) -> dict[str, object]:
    """The totals, for people and for the record."""
    done, feed = run.killer.done, run.feed
    held = f", {done.refused} refused as the database was still held" if done.refused else ""
    return {
        "kills": f"{done.kills} by SIGKILL, of these {done.at_start} during start-up,"
        f" {done.halfway} within a line of the feed, {done.reloading} while the config was reloaded,"
        f" {done.shipped} with the shipped model",
        "restarts": f"{done.starts - 1}{held}",
        "lines written": f"{feed.lines} = {len(feed.said)} posts"
        f" + {feed.repeated} repeated + {feed.deletions} deletions",
        **killer.what_was_told(found),
    }


def main() -> int:
    """Run the drill and print its totals."""
    parser = killer.options("kill")
    parser.add_argument("--shipped", type=int, help="kills of a run with the shipped model")
    given = parser.parse_args()
    shipped = given.shipped
    if shipped is None:
        shipped = max(1, given.kills // 20) if WEIGHTS.exists() else 0

    def drill(folder: Path, database: str | None) -> tuple[dict[str, object], Verdict]:
        home = killer.with_tables(Installation.make(folder, database))
        run, found = chaos(home, kills=given.kills, seed=given.seed, shipped=shipped, show=True)
        return figures(run, found), found

    return killer.play(given, drill)


if __name__ == "__main__":
    sys.exit(main())
