"""The workers of one process: each item is handled, paced, and found again when whoever had it died."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor import worker
from monitor.domain.errors import StoreError
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.store import jobs, outbox, pacing
from monitor.store.engine import Database

pytestmark = [
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
    pytest.mark.timeout(240),
]
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


CALM = "2:1"


class Shop:
    """Stages in which everything waits until it is attempted, and that are out of order at first."""

    names: Sequence[str] = ("triage", "deliver", "digest")

    def __init__(self, **waiting: Sequence[str]) -> None:
        self._waiting = waiting
        self.attempted: Counter[str] = Counter()
        self.troubles = 1
        self.problem: str | None = None
        self.asked_after: list[Collection[str]] = []

    def waiting(self, stage: str, /) -> Sequence[str]:
        if self.troubles:
            self.troubles -= 1
            raise StoreError("out of reach")
        return [one for one in self._waiting.get(stage, ()) if one not in self.attempted]

    def attempt(self, stage: str, items: Sequence[str], /) -> None:
        self.attempted.update(items)

    def broken(self, stages: Collection[str], /) -> str | None:
        self.asked_after.append(stages)
        return self.problem


class Telling(Shop):
    """Whose notices are told by who claims the row, as in `deliver`: a job that comes again finds nothing."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        super().__init__(deliver=keys)
        self._database = database
        planned = [Planned(one, NoticeKind.TEST, "#care", Reason.SCHEDULED, NOW) for one in keys]
        with database.writing() as conn:
            outbox.write(conn, planned, brand_id=None, case_id=None, now=NOW)

    def attempt(self, stage: str, items: Sequence[str], /) -> None:
        for key in items:
            with self._database.writing() as conn:
                claim = "UPDATE notice SET state = 'sent' WHERE key = :key AND state = 'pending'"
                claimed = conn.execute(sa.text(claim), {"key": key}).rowcount
            if claimed:
                super().attempt(stage, [key])


class Stormy(Shop):
    """One brand has a storm; when the first of it is decided, another one's post comes, and goes first."""

    def __init__(self, storm: Sequence[str]) -> None:
        super().__init__(triage=storm)
        self.order: list[str] = []

    def waiting(self, stage: str, /) -> Sequence[str]:
        calm = [CALM] if stage == "triage" and self.order and CALM not in self.attempted else []
        return [*calm, *super().waiting(stage)]

    def attempt(self, stage: str, items: Sequence[str], /) -> None:
        self.order += items
        super().attempt(stage, items)


class Slow(Shop):
    """What is done here is due until it is over, and that is not before others looked three times more."""

    names = ("intake", "rota")

    def __init__(self) -> None:
        super().__init__()
        self.troubles = 0
        self.looks = 0
        self.over: set[str] = set()

    def waiting(self, stage: str, /) -> Sequence[str]:
        self.looks += stage == "intake"
        return [] if stage in self.over else [stage]

    def attempt(self, stage: str, items: Sequence[str], /) -> None:
        super().attempt(stage, items)
        until = self.looks + 3
        while self.looks < until:
            time.sleep(0.05)
        self.over.add(stage)


def works(crew: worker.Crew, until: Callable[[], bool]) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=crew.run, args=(stop, lambda: None))
    thread.start()
    ends = time.monotonic() + 120
    while not until() and time.monotonic() < ends:
        time.sleep(0.05)
    stop.set()
    thread.join()


def test_what_may_be_told_once_a_second_is_told_once_each(database: Database) -> None:
    worker.prepare(database)
    keys = [f"test:{number}" for number in range(3)]
    shop, beats = Telling(database, keys), Counter[str]()
    crew = worker.Crew(
        shop,
        database,
        ["deliver"],
        beat=lambda: beats.update(["beat"]),
        is_paced=lambda audience: audience == "#care",
    )
    works(crew, lambda: len(shop.attempted) == 3 and beats.total() > 0)
    assert shop.attempted == dict.fromkeys(keys, 1)
    assert pacing.turn(database, "#other", timedelta(seconds=1)) == timedelta(0)


def test_a_job_that_comes_when_its_notice_is_told_takes_no_turn(database: Database) -> None:
    """A look may have asked what waits just before that."""
    worker.prepare(database)
    shop = Telling(database, ["late", "waits"])
    shop.attempt("deliver", ["late"])
    jobs.add(database, "deliver", "deliver", ["late", "waits"])
    asked: list[str] = []

    def is_paced(audience: str) -> bool:
        asked.append(audience)
        return False

    crew = worker.Crew(shop, database, ["deliver"], room=1, is_paced=is_paced)
    works(crew, lambda: "waits" in shop.attempted)
    assert shop.attempted == {"late": 1, "waits": 1}
    assert asked == ["#care"]


def test_what_goes_first_waits_for_a_few_turns_of_a_storm_and_not_for_its_end(
    database: Database,
) -> None:
    worker.prepare(database)
    storm = [f"1:{number}" for number in range(800)]
    shop = Stormy(storm)
    works(worker.Crew(shop, database, ["decide"]), lambda: len(shop.attempted) == 801)
    assert shop.attempted.keys() == {*storm, CALM}
    # when it comes, some turns have begun or are being made
    assert shop.order.index(CALM) <= 8 * worker.TURNS["triage"]


def test_what_one_has_in_hand_another_one_is_not_given(database: Database) -> None:
    worker.prepare(database)
    jobs.hand_out(database, "decide", "triage", ["1:1", "1:2"])
    with database.writing() as conn:
        conn.execute(sa.text(f"SET LOCAL search_path = {jobs.SCHEMA}"))
        lives = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 h')"
        conn.execute(sa.text(lives))
        conn.execute(
            sa.text(
                "UPDATE procrastinate_jobs SET status = 'doing',"
                " worker_id = (SELECT id FROM procrastinate_workers)"
            )
        )
    shop = Shop(triage=["1:1", "1:2", "1:3"])
    works(worker.Crew(shop, database, ["decide"], room=1), lambda: bool(shop.attempted))
    assert shop.attempted == {"1:3": 1}


def test_what_is_under_way_is_not_done_again_when_it_is_over(database: Database) -> None:
    """A network that takes longer than a look's second is not asked twice for what it has told."""
    worker.prepare(database)
    shop = Slow()

    def is_over() -> bool:
        with database.reading() as conn:
            left = [jobs.known(conn, stage) for stage in shop.names]
        return len(shop.over) == 2 and not any(left)

    works(worker.Crew(shop, database, ["poll"]), is_over)
    assert shop.attempted == {"intake": 1, "rota": 1}


def test_what_a_dead_worker_had_is_freed_and_done(database: Database) -> None:
    worker.prepare(database)
    jobs.add(database, "report", "digest", ["digest:1"])
    with database.writing() as conn:
        conn.execute(sa.text(f"SET LOCAL search_path = {jobs.SCHEMA}"))
        conn.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing'"))
    shop = Shop(digest=["digest:1"])
    works(worker.Crew(shop, database, ["report"], room=1), lambda: bool(shop.attempted))
    assert shop.attempted == {"digest:1": 1}


def test_the_heart_does_not_beat_while_something_served_here_is_broken(database: Database) -> None:
    worker.prepare(database)
    shop, beats = Shop(), list[str | None]()
    shop.problem = "digest: no weights"

    def has_beaten() -> bool:
        if len(shop.asked_after) > 2:
            shop.problem = None
        return bool(beats)

    crew = worker.Crew(shop, database, ["report"], beat=lambda: beats.append(shop.problem))
    works(crew, has_beaten)
    assert set(beats) == {None}
    assert set(shop.asked_after) == {frozenset({"digest"})}


def test_who_lost_the_database_to_a_run_ends(database: Database) -> None:
    def taken() -> str | None:
        raise StoreError("in use by a run")

    crew = worker.Crew(Shop(), database, ["report"])
    with pytest.raises(StoreError, match="by a run"):
        crew.run(threading.Event(), taken)


def test_while_the_database_is_away_it_waits(database: Database) -> None:
    stop, asked = threading.Event(), Counter[str]()

    def away() -> str | None:
        asked.update(["asked"])
        stop.set()
        return "out of reach"

    worker.Crew(Shop(), database, ["report"]).run(stop, away)
    assert asked.total() == 1
