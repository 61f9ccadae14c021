"""What it takes to read thousands of streams, each brand's its own, and how late they are."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.bench import looks
from tests.bench.agency import STREAMS, Agency, agency, commit_ms, held, say, wait_for
from tests.bench.bench import ALONE, TOLD_WITHIN, Bench, Used, cuts, spread, talk
from tests.bench.fed import under_way
from tests.chaos.found import opened

LOOKED_WITHIN = 1800.0


def streams(bench: Bench) -> None:
    """Each brand read by itself: all at once for the first time, then as they fall due, and people write."""
    every, many = bench.given.every, bench.given.workers
    for brands in bench.given.brands:
        what = f"{brands} brands"
        with (
            tempfile.TemporaryDirectory(prefix="scale-") as folder,
            bench.cluster.one() as url,
            agency(Path(folder), url, brands, alarms=ALONE, every=every) as made,
            opened(url) as rows,
        ):
            if bench.given.durable:
                alone = commit_ms(bench.postgres)
                bench.row("a transaction of one row, alone", f"{alone:.2f} ms")
            bench.row(f"{what}: tables made", f"{made.prepare(reads=False):.1f} s")
            bench.row(f"{what}: start of {many} worker(s)", f"{made.start(many):.1f} s")
            _first_looks(bench, made)
            say("  first notices")
            wait_for(lambda: not under_way(rows), TOLD_WITHIN)
            _looks_when_due(bench, made)
            made.stop()


def _first_looks(bench: Bench, made: Agency) -> None:
    """All streams are due at once, and each credential logs in."""
    places = STREAMS * made.brands
    before = bench.used(made)
    while not wait_for(lambda: len(made.reddit.looks()) >= places, 10):
        say(f"  first looks: {len(made.reddit.looks())} of {places}")
        if time.time() > before.at + LOOKED_WITHIN:  # noqa: TID251 - on the networks' clock
            break
    after = bench.used(made)
    seen, log_ins = made.reddit.looks(), made.reddit.log_ins
    number = looks.number(seen, before.at, after.at)
    bench.row(
        f"{made.brands} brands: first looks, all due at once",
        f"{len(seen)} of {places} streams in {after.at - before.at:.0f} s,"
        f" {60 * number / (after.at - before.at):.0f} looks a minute;"
        f" {log_ins.total()} log-ins with {len(log_ins)} credentials",
    )
    _row_of_looks(bench, made, "first looks", number, before, after)


def _looks_when_due(bench: Bench, made: Agency) -> None:
    """While people write, each in a brand's own place, until they were told of."""
    every, what = bench.given.every, f"{made.brands} brands, every {bench.given.every} s"
    before = bench.used(made)
    pause = every / bench.given.posts
    marks = talk(made, range(made.brands), bench.given.posts, name=what, pause=pause, in_own=True)
    after = bench.used(made)
    seen = made.reddit.looks()
    span = (before.at, after.at)
    number, twice = looks.number(seen, *span), looks.doubled(seen, every, *span)
    minutes = (after.at - before.at) / 60
    bench.row(
        f"{what}: looks",
        f"{number / minutes:.0f} a minute of {60 * STREAMS * made.brands / every:.0f} that fall due,"
        f" {twice} of {number} a second time; for {60 * minutes:.0f} s",
    )
    _row_of_looks(bench, made, f"every {every} s", number, before, after)
    bench.row(f"{what}: looks late by", cuts(looks.late(seen, every, *span)))
    bench.row(f"{what}: latency", spread(made, marks))
    told = made.told()
    came = [(one, looks.next_after(seen, _place(made, one), made.written[one])) for one in marks]
    since = sorted(told[one] - at for one, at in came if one in told and at and at <= told[one])
    bench.row(f"{what}: latency, from the look on", cuts(since))
    memory, files = held([one.pid for one in made.workers])
    bench.row(f"{what}: the worker(s) hold", f"{memory:.0f} MB, {files} open files")


def _place(made: Agency, mark: str) -> str:
    """Where one wrote."""
    return f"/r/{made.reddit.reddit[f't3_{mark}'].subreddit}/new"


def _row_of_looks(
    bench: Bench, made: Agency, what: str, number: int, before: Used, after: Used
) -> None:
    """What each look took, and whose processor the time was."""
    took, each = after.at - before.at, 1000 / max(number, 1)
    worker, servers = after.workers - before.workers, after.servers - before.servers
    bench.row(
        f"{made.brands} brands, {what}: a look, with all else",
        f"{worker * each:.1f} ms of processor in the worker(s) ({worker / took:.0%} of one core),"
        f" {servers * each:.1f} ms in PostgreSQL ({servers / took:.0%}),"
        f" {(after.commits - before.commits) / max(number, 1):.1f} transactions;"
        f" the networks {(after.networks - before.networks) / took:.0%}",
    )
