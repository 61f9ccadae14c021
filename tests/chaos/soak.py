"""Months of a shop's life in minutes: what must not grow does not, and no day is missed or told twice.

    python -m tests.chaos.soak --days 170

The program runs in this process over SQLite, in a time of its own that moves six hours between looks, from
the week before the clocks of Bucharest are put back, over the end of the year, to after they are put
forward. Customers complain and praise in a growing file; each complaint is answered one to ten days later. At
the end of each week memory (RSS), open files, rows and kept texts are noted. Exit status 1: memory or open
files have grown since the second month, a day has no digest or two, a complaint was not told once, an
answered one waits, a picture differs from its history, or words are kept longer than promised.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor import log
from monitor.store import maintenance
from monitor.store.engine import Database
from tests.chaos.fate import Fate
from tests.chaos.found import opened
from tests.chaos.installation import Installation
from tests.chaos.people import BRAND, TEXTS
from tests.chaos.program import Program

ZONE = ZoneInfo("Europe/Bucharest")
BEGINS_AT = datetime(2026, 10, 19, 6, tzinfo=UTC)
LOOK, DAY = timedelta(hours=6), timedelta(days=1)
PER_LOOK = 3
COMPLAINTS = 0.3
KEPT = timedelta(days=7 + 1)
"""Words of what is part of no case are kept for seven days; an hour may pass until somebody looks."""
WARM = 28
"""Days until caches are full; what grows afterwards goes on growing."""
MORE = 1.08
"""So much more memory than after `WARM` days is no growth: allocators breathe."""
TABLES = ("post", "cases", "wait", "case_event", "notice", "coverage", "stream", "failure")


@dataclass(frozen=True, slots=True)
class Week:
    """What was measured at the end of one. `kept`: posts with their words."""

    day: date
    rss_mb: float
    files: int
    kept: int
    rows: dict[str, int]


@dataclass
class Shop:
    """Writes the file; `complaints` are marks by when they were written."""

    feed: Path
    chance: random.Random
    complaints: dict[str, datetime] = field(default_factory=dict)
    posts: int = 0
    _to_answer: list[tuple[datetime, str]] = field(default_factory=list)

    def goes_on(self, now: datetime) -> None:
        """What is said since the last look."""
        lines = []
        for number in range(PER_LOOK):
            at = now - LOOK * (PER_LOOK - number) / (PER_LOOK + 1)
            mark = f"k{self.posts:05d}"
            complains = self.chance.random() < COMPLAINTS
            said = self.chance.choice(TEXTS["complaint" if complains else "praise"])
            author = f"customer{self.posts}"
            lines.append(self._line(mark, at, author, text=f"{mark}: {said}"))
            if complains:
                self.complaints[mark] = at
                self._to_answer.append((at + DAY * self.chance.uniform(1, 10), mark))
        due = [one for one in self._to_answer if one[0] <= now]
        self._to_answer = [one for one in self._to_answer if one[0] > now]
        lines += [
            self._line(f"a{mark}", at, BRAND, text=f"{mark} is settled", reply_to=mark, thread=mark)
            for at, mark in due
        ]
        with self.feed.open("a") as file:
            file.writelines(json.dumps(one) + "\n" for one in lines)

    @property
    def waiting(self) -> int:
        """How many complaints nobody has answered yet."""
        return len(self._to_answer)

    def _line(self, own: str, at: datetime, author: str, **more: str) -> dict[str, Any]:
        self.posts += 1
        thread = more.pop("thread", own)
        own_facts = {"external_id": own, "thread_id": thread, "author": author}
        return {"network": "x", **own_facts, "posted_at": at.isoformat(), **more}


def soak(folder: Path, days: int) -> tuple[list[Week], list[str]]:
    """So many days. Returns the weeks, and what is wrong."""
    home = Installation.make(folder, leads="console")
    home.feed.touch()
    path = home.config()
    path.write_text('timezone = "Europe/Bucharest"\n' + path.read_text().replace("00:00", "09:00"))
    database = Database(home.database)
    maintenance.upgrade(database)
    now = BEGINS_AT
    program = Program(home, database, Fate([]), clock=lambda: now)
    shop = Shop(home.feed, random.Random(days))
    weeks = []
    program.works()
    for _ in range(days):
        for _ in range(DAY // LOOK):
            now += LOOK
            shop.goes_on(now)
            program.works()
        if (now - BEGINS_AT).days % 7 == 0:
            weeks.append(_measured(home, now))
    wrong = [f"picture: {one}" for one in program.differences()]
    program.ends()
    database.close()
    return weeks, wrong + _checked(home, shop, now) + _grown(weeks)


def _measured(home: Installation, now: datetime) -> Week:
    gc.collect()
    with opened(home.database) as rows:
        number = {
            one: int(rows.execute(f"SELECT count(*) FROM {one}").fetchone()[0]) for one in TABLES
        }
        kept = rows.execute("SELECT count(*) FROM post WHERE text IS NOT NULL").fetchone()[0]
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    rss = pages * resource.getpagesize() / 1e6
    return Week(
        now.astimezone(ZONE).date(), rss, len([*Path("/proc/self/fd").iterdir()]), kept, number
    )


def _checked(home: Installation, shop: Shop, now: datetime) -> list[str]:
    """What the team heard and what the tables say, against what was written."""
    heard = [json.loads(line) for line in home.journal.read_text().splitlines()]
    wrong = [
        f"told {n} times: {key}" for key, n in Counter(o["key"] for o in heard).items() if n > 1
    ]
    alerts = Counter(
        mark
        for one in heard
        if one["kind"] == "alert"
        for mark in shop.complaints
        if mark in one["text"]
    )
    wrong += [
        f"{mark} was told {alerts[mark]} times" for mark in shop.complaints if alerts[mark] != 1
    ]
    days = Counter(one["key"].rpartition(":")[2][:10] for one in heard if one["kind"] == "digest")
    first = BEGINS_AT.astimezone(ZONE).date()
    for number in range((now.astimezone(ZONE).date() - first).days):
        day = str(first + DAY * number)
        if days[day] != 1:
            wrong.append(f"{days[day]} digests of {day}")
    with opened(home.database) as rows:
        waits = rows.execute("SELECT count(*) FROM wait WHERE outcome IS NULL").fetchone()[0]
        (stored,) = rows.execute("SELECT count(*) FROM post").fetchone()
        (failed,) = rows.execute("SELECT count(*) FROM failure").fetchone()
        oldest = (now - KEPT).timestamp() * 1e6
        sql = (
            "SELECT count(*) FROM post p WHERE text IS NOT NULL AND first_seen_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM case_post c WHERE c.post_id = p.id)"
        )
        (late,) = rows.execute(sql, (oldest,)).fetchone()
    sums = {
        "open waits": (waits, shop.waiting),
        "posts": (stored, shop.posts),
        "failures": (failed, 0),
        "texts kept too long": (late, 0),
    }
    return wrong + [
        f"{name}: {has}, not {must}" for name, (has, must) in sums.items() if has != must
    ]


def _grown(weeks: Sequence[Week]) -> list[str]:
    """What is more in the end than when the caches were full."""
    warm = [one for one in weeks if (one.day - weeks[0].day).days >= WARM]
    if len(warm) < 2:
        return []
    first, last = warm[0], warm[-1]
    wrong = []
    if last.rss_mb > first.rss_mb * MORE:
        wrong.append(f"memory grew from {first.rss_mb:.0f} to {last.rss_mb:.0f} MB")
    if last.files > first.files:
        wrong.append(f"open files grew from {first.files} to {last.files}")
    return wrong


def main() -> int:
    """Soak, and print the weeks."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak")
    parser.add_argument("--days", type=int, default=170)
    given = parser.parse_args()
    log.configure(level="error")
    began_at = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        weeks, wrong = soak(Path(folder), given.days)
    print(
        f"{'week to':10} {'MB':>6} {'files':>5} {'kept':>6} " + " ".join(f"{o:>10}" for o in TABLES)
    )
    for one in weeks:
        rows = " ".join(f"{one.rows[name]:>10}" for name in TABLES)
        print(f"{one.day} {one.rss_mb:6.0f} {one.files:5} {one.kept:6} {rows}")
    print(f"{given.days} days in {time.monotonic() - began_at:.0f} s; wrong: {len(wrong)}")
    for finding in wrong[:20]:
        print(finding)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
