"""Seconds for one long thread, from intake to notices: everybody complains, everybody is answered.

`just bench tests/bench/bench_threads.py`. Each post of a thread makes settle look at the whole thread
once, so twice as many posts may cost four times as much, but no more: the last line is the growth
from each size to the next, twice as long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.domain.judgement import Thresholds
from monitor.domain.post import Author, Cursor, Page, Post, PostKey, Stream, StreamKind
from monitor.runner import Runner, Stage
from monitor.stages.classify import Classify
from monitor.stages.escalate import Escalate
from monitor.stages.intake import Feed, Intake
from monitor.stages.settle import Settle
from monitor.stages.triage import Triage
from monitor.store import schema
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE, SHOP, Keywords
from tests.store.written import NINE, rows

pytestmark = pytest.mark.bench

SIZES = (50, 100, 200, 400)


class Thread:
    """A source with one page: a root, complaints below it, and an answer to each."""

    def __init__(self, complaints: int) -> None:
        numbers = range(1, complaints + 1)
        self._posts = (
            _post("r", "bob", "hello", 0),
            *(_post(f"c{one}", f"u{one}", "still no refund", one, "r") for one in numbers),
            *(_post(f"a{one}", "acme_help", "sorry", 3600 + one, f"c{one}") for one in numbers),
        )

    def streams(self) -> Sequence[Stream]:
        return (Stream("all", StreamKind.ALL, "x"),)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        if since is None:
            yield Page(self._posts, "end")


def _post(name: str, by: str, text: str, second: int, to: str | None = None) -> Post:
    return Post(
        key=PostKey("x", name),
        thread="r",
        reply_to=to,
        text=text,
        author=Author(handle=by),
        posted_at=NINE + timedelta(seconds=second),
    )


@pytest.mark.timeout(1200)
def test_long_threads(tmp_path: Path) -> None:
    took = []
    for size in SIZES:
        took.append(_seconds(tmp_path / f"{size}.db", size))
        print(f"\n{size} complaints and answers: {took[-1]:.1f} s", end="")
    growth = (f"{after / before:.1f}" for before, after in pairwise(took))
    print(f"\ngrowth when twice as long: {', '.join(growth)}")


def _seconds(path: Path, complaints: int) -> float:
    database = Database(f"sqlite:///{path}")
    schema.metadata.create_all(database.engine)
    stages: list[Stage] = [
        Intake(database, [Feed("thread", Thread(complaints), (SHOP,))]),
        Classify(database, Keywords()),
        Triage(database, [RULE], Thresholds(alert=0.6, review=0.3), NO_WORDS, [SHOP]),
        Settle(database),
        Escalate(database),
    ]
    runner = Runner(stages, database, clock=lambda: NINE + timedelta(hours=2))
    start = time.perf_counter()
    runner.until_idle()
    seconds = time.perf_counter() - start
    assert rows(database, "SELECT count(*) FROM wait WHERE outcome = 'answered'") == [(complaints,)]
    database.close()
    return seconds
