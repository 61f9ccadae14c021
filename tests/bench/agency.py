"""An agency: brands by the thousand on one Reddit, each with a channel of its own in one Slack.

They are read by one source for all, beside which a few have one of their own; or each by its own alone,
with a credential of its own, a subreddit and two streams (its submissions and its comments).

The networks are the simulator's, in this process; the program is as many real `worker` processes as are
asked for, over a PostgreSQL of their own. What a person writes is visible at once; how long that takes to
stand in the brand's channel is told by the two networks' own notes, on one clock.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from monitor.simulator.reddit import Reddit, Thing
from monitor.simulator.slack import SlackServer
from monitor.simulator.slack_workspace import Channel
from tests.bench.looks import Noted
from tests.chaos.installation import WORDS, Installation
from tests.chaos.networks import CLIENT, SECRETS, Noting
from tests.postgres import Server

SHARED = "agency"
"""The subreddit that one source reads for all brands."""
OWN = 4
"""So many brands have a source, a token and a subreddit of their own beside it."""
STREAMS = 2
"""Of a source that reads a subreddit."""
TICKS = os.sysconf("SC_CLK_TCK")
STARTS_WITHIN = 180.0
CONFIG = """
database = "{database}"

[classifier]
use = "{words}"

[digest]
at = "23:59"

[storms]
alarms = {alarms}

[[notifiers]]
use = "slack"
channel = "C0AGENCY00"
targets = {{ {targets} }}
timeout = 5
base_url = "{slack}"
"""
FOR_ALL = """
[[sources]]
use = "reddit"
name = "shared"
every = "1s"
overlap = "60s"
client_id = "{client}"
subreddits = ["{shared}"]
brands = {names}
base_url = "{reddit}"
"""
A_BRAND = """
[[brands]]
name = "{name}"
terms = ["{name}"]
identities = [{{ network = "reddit", handle = "{name}_help" }}]

[[policies]]
name = "{name}"
match = {{ brands = ["{name}"] }}
target = "24h"
tell = "slack:{name}"
"""
ITS_SOURCE = """
[[sources]]
use = "reddit"
name = "own-{name}"
every = "{every}s"
overlap = "60s"
client_id = "client-{name}"
client_secret = "of_{name}"
subreddits = ["{name}"]
brands = ["{name}"]
base_url = "{reddit}"
"""


def name_of(number: int) -> str:
    return f"brand{number:05d}"


def channel_of(number: int) -> str:
    return f"C{number:09d}"


@dataclass
class Agency:
    """The installation and its networks. `written`: when each marked post became visible."""

    home: Installation
    reddit: Noted
    slack: SlackServer
    workspace: Noting
    brands: int
    written: dict[str, float] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def prepare(self, *, reads: bool = True) -> float:
        """Make the tables, and the brands' rows, so that people are told from now on. Seconds it took.

        Without `reads` the tables alone: the rest is left to the workers' start.
        """
        began = time.monotonic()
        for words in (("db", "upgrade"), ("run", "--once"))[: 2 if reads else 1]:
            done = self.home.run(*words)
            if done.returncode not in (0, 1):  # 1: there is a source that cannot be read
                raise RuntimeError(done.stderr)
        return time.monotonic() - began

    def start(self, workers: int = 1) -> float:
        """Start so many more, and wait until they work. Returns in how many seconds that was."""
        began = time.monotonic()
        size = self._said().count(b" works on ")
        self.workers += [self.home.start("worker") for _ in range(workers)]
        wait_for(lambda: self._said().count(b" works on ") >= size + workers, STARTS_WITHIN)
        return time.monotonic() - began

    def stop(self) -> None:
        """SIGTERM, and wait."""
        for one in self.workers:
            one.terminate()
        for one in self.workers:
            one.wait(timeout=60)
        self.workers.clear()

    def complain(self, brand: int, *, in_own: bool = False) -> str:
        """Let somebody write, where all brands are spoken of or in the brand's own place. The mark."""
        mark = f"m{len(self.written):06d}"
        name = name_of(brand)
        self.reddit.reddit.put(
            Thing(
                name=f"t3_{mark}",
                author=f"customer_{mark}",
                title=f"{mark}: {name}",
                text=f"still no parcel from {name} ({mark})",
                at=datetime.now(UTC),  # noqa: TID251 - the networks' clock is the machine's
                subreddit=name if in_own else SHARED,
            )
        )
        self.written[mark] = time.time()  # noqa: TID251 - on Slack's clock
        return mark

    def told(self) -> dict[str, float]:
        """When each mark came to stand in its brand's channel for the first time."""
        found: dict[str, float] = {}
        for one in list(self.workspace.posts):
            for word in one.text.split():
                mark = word.strip("():,\"'")
                if mark in self.written:
                    found.setdefault(mark, float(one.ts))
        return found

    def waited(self, marks: Sequence[str]) -> list[float]:
        """Seconds from visible to told, of those of them that were."""
        told = self.told()
        return sorted(told[one] - self.written[one] for one in marks if one in told)

    def _said(self) -> bytes:
        return self.home.log.read_bytes() if self.home.log.exists() else b""


def wait_for(done: Callable[[], bool], within: float) -> bool:
    """Whether it came true in so many seconds."""
    ends = time.monotonic() + within
    while not done():
        if time.monotonic() > ends:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def agency(
    folder: Path,
    database: str,
    brands: int,
    *,
    alarms: int = 20,
    broken: Sequence[int] = (),
    every: int | None = None,
) -> Iterator[Agency]:
    """One with so many brands. `broken`: brands whose own source has a token that is worth nothing.

    `alarms` are told together from so many in ten minutes on. `every`: each brand is read by its own source
    alone, each so many seconds; None: all by one, each second, and the first few by their own, too.
    """
    secret = SECRETS["COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET"]
    own = range(brands if every else min(OWN, brands) if brands > 1 else 0)
    clients = {CLIENT: secret, **{f"client-{name_of(one)}": secret for one in own}}
    with ExitStack() as stack:
        now = lambda: datetime.now(UTC)  # noqa: E731, TID251 - the networks' clock
        reddit = stack.enter_context(Noted(Reddit(now), clients=clients, quota=10**9))
        slack = SlackServer([])
        channels = [Channel("C0AGENCY00", "agency")]
        channels += [Channel(channel_of(one), name_of(one)) for one in range(brands)]
        workspace = slack.workspace = Noting(channels, clock=time.time_ns)
        stack.enter_context(slack)
        secrets = dict(SECRETS)
        for one in own:
            worth = "worth-nothing" if one in broken else secret
            secrets[f"COMPLAINT_MONITOR_OF_{name_of(one).upper()}"] = worth
        home = Installation(folder, database, secrets)
        made = Agency(home, reddit, slack, workspace, brands)
        home.config().write_text(_config(made, alarms, own, every))
        try:
            yield made
        finally:
            for process in made.workers:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                process.wait()


def _config(made: Agency, alarms: int, own: Sequence[int], every: int | None) -> str:
    """`own`: brands with a source of their own."""
    names = [name_of(one) for one in range(made.brands)]
    parts = [
        CONFIG.format(
            database=made.home.database,
            words=WORDS,
            alarms=alarms,
            slack=made.slack.url,
            targets=", ".join(f'{name} = "{channel_of(one)}"' for one, name in enumerate(names)),
        )
    ]
    if every is None:
        said = str(names).replace("'", '"')
        parts.append(
            FOR_ALL.format(client=CLIENT, shared=SHARED, names=said, reddit=made.reddit.url)
        )
    parts += [A_BRAND.format(name=one) for one in names]
    parts += [
        ITS_SOURCE.format(name=name_of(one), every=every or 1, reddit=made.reddit.url)
        for one in own
    ]
    return "".join(parts)


# ------------------------------------------------------------------------------------- what it costs


def cpu_s(pids: Sequence[int]) -> float:
    """Seconds of a processor that these and those they started (and waited for) have used."""
    used = 0
    for one in pids:
        with contextlib.suppress(OSError):
            told = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            used += sum(map(int, told[11:15]))
    return used / TICKS


def family(root: int) -> list[int]:
    """A process and those it started that live."""
    found = [root]
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            told = path.read_text()
            if int(told.rpartition(")")[2].split()[1]) == root:
                found.append(int(path.parent.name))
    return found


def megabytes(server: Server, url: str) -> float:
    """What a database takes on the disk."""
    with psycopg.connect(f"host={server.folder} user=postgres dbname={database_in(url)}") as conn:
        row = conn.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) / 1e6 if row else 0.0


def commits(server: Server, url: str) -> int:
    """Transactions that a database has ended so far, as its server has noted them."""
    with psycopg.connect(f"host={server.folder} user=postgres dbname={database_in(url)}") as conn:
        row = conn.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0


def commit_ms(server: Server, times: int = 100) -> float:
    """How long a transaction of one row takes that has the server to itself."""
    with psycopg.connect(
        f"host={server.folder} user=postgres dbname=postgres", autocommit=True
    ) as conn:
        conn.execute("CREATE TABLE written (number int)")
        began = time.monotonic()
        for one in range(times):
            conn.execute("INSERT INTO written VALUES (%s)", [one])
        took = time.monotonic() - began
        conn.execute("DROP TABLE written")
    return 1000 * took / times


def held(pids: Sequence[int]) -> tuple[float, int]:
    """Megabytes of memory and open files of processes."""
    memory, files = 0, 0
    for one in pids:
        about = Path(f"/proc/{one}/status").read_text()
        memory += int(about.partition("VmRSS:")[2].split()[0])
        files += len(list(Path(f"/proc/{one}/fd").iterdir()))
    return memory / 1024, files


def database_in(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def say(line: str) -> None:
    """Progress, beside the table."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
