"""A shop that is fed from a file of the simulator's load, over a PostgreSQL of its own, and its workers."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.simulator.load import posts
from monitor.simulator.shop import BRAND_HANDLES
from tests.bench.agency import say, wait_for
from tests.chaos.found import Rows
from tests.chaos.installation import WORDS, Installation
from tests.postgres import Cluster

BEGINS_WITHIN = 300.0
WORKS = b" works on "
"""What a worker says when it is past its start."""
JUDGED = "SELECT NOT EXISTS (SELECT FROM post WHERE to_judge)"
DECIDED = (
    "SELECT NOT EXISTS (SELECT FROM mention WHERE next IS NOT NULL)"
    " AND NOT EXISTS (SELECT FROM cases WHERE next_action_at <= now())"
)
FEED = """
database = "{database}"

[[brands]]
name = "shop"
identities = [{identities}]

[classifier]
use = "{classifier}"

[digest]
at = "23:59"

[[sources]]
use = "files"
path = "posts.jsonl"
follow = true
every = "1s"

[[notifiers]]
use = "console"
log = "notices.jsonl"
quiet = true
"""


@contextmanager
def fed(cluster: Cluster, classifier: str = WORDS) -> Iterator[tuple[Installation, str]]:
    """A shop whose posts come from a file, which is empty yet; and its database."""
    with tempfile.TemporaryDirectory(prefix="scale-") as folder, cluster.one() as url:
        home = Installation(Path(folder), url)
        handles = {one for those in BRAND_HANDLES.values() for one in those}
        said = ", ".join(f'{{ handle = "{one}" }}' for one in sorted(handles))
        text = FEED.format(database=url, identities=said, classifier=classifier)
        home.config().write_text(text)
        (home.folder / "posts.jsonl").touch()
        for words in (("db", "upgrade"), ("run", "--once")):
            home.run(*words)
        yield home, url


def lines(number: int) -> Iterator[str]:
    """So many posts of the simulator's load, written within the last day, a line each."""
    start = datetime.now(UTC) - timedelta(hours=24)  # noqa: TID251 - what is measured is real
    for one in posts(number, 1, start, 0.9):
        yield json.dumps(one.fields) + "\n"


def feed(home: Installation, number: int) -> None:
    """Write them all at once."""
    with (home.folder / "posts.jsonl").open("w") as file:
        file.writelines(lines(number))


@contextmanager
def working(home: Installation, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is past its start."""
    before = home.log.read_bytes().count(WORKS) if home.log.exists() else 0
    process = home.start("worker", *options)
    try:
        wait_for(lambda: home.log.read_bytes().count(WORKS) > before, BEGINS_WITHIN)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def under_way(rows: Rows) -> int:
    """Notices that nobody was told yet."""
    return _count(rows, "SELECT count(*) FROM notice WHERE state = 'pending'")


def undecided(rows: Rows) -> int:
    """Posts, by brand, that wait for a verdict or for what follows from it."""
    return _count(rows, "SELECT count(*) FROM mention WHERE next IS NOT NULL")


def unjudged(rows: Rows) -> int:
    """Posts that wait for the classifier."""
    return _count(rows, "SELECT count(*) FROM post WHERE to_judge")


def stored(rows: Rows) -> int:
    """Posts that were read."""
    return _count(rows, "SELECT count(*) FROM post")


def wait_until(rows: Rows, number: int, what: str) -> None:
    """Until so many posts are stored, and what is asked for has come true."""
    shown = time.monotonic()
    while not (stored(rows) >= number and _is_so(rows, what)):
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            say(f"  {stored(rows)} of {number} stored, {undecided(rows)} to decide")
        time.sleep(0.5)


def _is_so(rows: Rows, what: str) -> bool:
    return bool(rows.execute(what).fetchone()[0])


def _count(rows: Rows, sql: str) -> int:
    return int(rows.execute(sql).fetchone()[0])
