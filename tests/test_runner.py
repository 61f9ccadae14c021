"""The runner: what fails, hangs or is out of reach stops nothing else, and nothing of it is lost."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
import structlog

from monitor import log
from monitor.domain.errors import ClassifierError, SourceError, StoreError
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.post import Page, Stream, StreamKind
from monitor.runner import Round, Runner
from monitor.stages.intake import Feed, Intake
from monitor.store import failures, leaving, maintenance, outbox, schema
from monitor.store.engine import Database
from tests.plugins.door import as_the_program
from tests.postgres import server
from tests.scenarios.world import SHOP

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
PATIENCE_S = 60
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    log.configure(level="info", stream=lines)
    yield lines
    structlog.reset_defaults()


class Clock:
    """Domain time, moved by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


class Work:
    """A stage whose items are done once; what `does` raises, they fail with."""

    name: ClassVar[str] = "triage"

    def __init__(self, items: Sequence[str], does: Callable[[str], object] = str) -> None:
        self.left = list(items)
        self.done: list[str] = []
        self._does = does

    def due(self, now: datetime, /) -> Sequence[str]:
        return list(self.left)

    def handle(self, item: str, now: datetime, /) -> None:
        self._does(item)
        self.left.remove(item)
        self.done.append(item)


class Beside(Work):
    """The same, its items waiting for a network."""

    name: ClassVar[str] = "intake"


class Recording(Work):
    """The same, keeping its failures itself."""

    def __init__(self, items: Sequence[str], does: Callable[[str], object]) -> None:
        super().__init__(items, does)
        self.failures: list[tuple[str, str]] = []

    def failed(self, item: str, error: Exception, now: datetime, /) -> None:
        if "not to be kept" in str(error):
            raise error
        self.failures.append((item, str(error)))
        self.left.remove(item)


class Telling(Work):
    """A stage of notices."""

    name: ClassVar[str] = leaving.STAGE


class Broken:
    """A stage that cannot even say what is due."""

    name: ClassVar[str] = "settle"

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error

    def due(self, now: datetime, /) -> Sequence[str]:
        if self.error is not None:
            raise self.error
        return ()

    def handle(self, item: str, now: datetime, /) -> None:
        """Never called: nothing is due."""


def fails(text: str, items: Sequence[str]) -> Callable[[str], object]:
    def does(item: str) -> None:
        if item in items:
            raise ValueError(text)

    return does


def until(true: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def rows(database: Database, table: sa.Table) -> list[sa.Row[Any]]:
    with database.reading() as conn:
        return list(conn.execute(table.select()))


# ---------------------------------------------------------------------------------- what hangs


def test_what_hangs_holds_up_nobody_else(database: Database) -> None:
    gate, stop = Event(), Event()
    hanging = Beside(["a", "b"], lambda item: gate.wait(PATIENCE_S) if item == "a" else None)
    behind = Work(["1"])
    runner = Runner([hanging, behind], database, clock=Clock())
    rounds: list[Round] = []
    thread = Thread(target=runner.run, args=(stop,), kwargs={"after_round": rounds.append})
    thread.start()
    until(lambda: behind.done and hanging.done == ["b"])
    behind.left.append("2")
    until(lambda: behind.done == ["1", "2"])
    until(lambda: any(one.handled.get("intake") for one in rounds))
    gate.set()
    until(lambda: hanging.done == ["b", "a"])
    stop.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert all(one.broken is None for one in rounds)
    assert sum(one.handled.get("intake", 0) for one in rounds) in (
        1,
        2,
    )  # the last may be uncounted


def test_what_is_under_way_is_not_begun_twice(database: Database) -> None:
    gate, begun = Event(), []

    def waits(item: str) -> None:
        begun.append(item)
        gate.wait(PATIENCE_S)

    runner = Runner(
        [Beside(["a", "b", "c"], waits)], database, clock=Clock(), side_by_side={"intake": 2}
    )
    for _ in range(3):
        runner.round(Event())
    until(lambda: len(begun) == 2)
    assert sorted(begun) == ["a", "b"]
    gate.set()
    until(lambda: runner.until_idle().handled == {})
    assert sorted(begun) == ["a", "b", "c"]


def test_a_one_shot_run_waits_for_all_and_reads_each_stream_once(database: Database) -> None:
    clock, looks = Clock(), []

    class Slow:
        """A network that takes longer to read than is paused between two looks."""

        def streams(self) -> Sequence[Stream]:
            return (Stream("s", StreamKind.ALL, "x", timedelta(seconds=10)),)

        def pages(self, stream: Stream, since: str | None, /) -> Iterator[Page]:
            looks.append(clock.at)
            clock.at += timedelta(seconds=12)
            return iter(())

    behind = Work(["1"])
    intake = Intake(database, [Feed("slow", Slow(), (SHOP,))])
    done = Runner([intake, behind], database, clock=clock).until_idle()
    assert len(looks) == 1
    assert done.handled == {"intake": 1, "triage": 1}


# ---------------------------------------------------------------------------------- what fails


def test_what_fails_rests_and_is_set_aside_and_the_operators_hear_of_it_once(
    database: Database,
) -> None:
    clock, stage = Clock(), Work(["good", "bad"], fails("out of luck", ["bad"]))
    runner = Runner([stage], database, clock=clock, operators="#ops")
    done = runner.until_idle()
    assert (done.handled, done.failed, done.broken) == ({"triage": 1}, {"triage": 1}, None)
    for _ in range(3 * failures.PATIENCE):
        clock.at += timedelta(hours=1)
        runner.until_idle()
    [row] = rows(database, schema.failure)
    assert (row.item, row.attempts) == ("bad", 6)
    assert re.fullmatch(r"ValueError at monitor/runner\.py:\d+", row.reason)  # and not its words
    [notice] = rows(database, schema.notice)
    assert (notice.key, notice.audience) == ("quarantine:triage:bad", "#ops")


def test_an_item_that_would_mix_up_brands_fails_alone_and_says_which_statement(
    database: Database,
) -> None:
    def forgets(item: str) -> None:
        if item == "bad":
            with as_the_program(), database.writing() as conn:
                conn.execute(schema.cases.update().values(status="closed"))

    stage, behind = Work(["bad", "good"], forgets), Beside(["1"])
    done = Runner([stage, behind], database, clock=Clock()).until_idle()
    assert (done.handled, done.failed) == ({"triage": 1, "intake": 1}, {"triage": 1})
    assert done.broken is None
    [row] = rows(database, schema.failure)
    assert row.item == "bad"
    assert "whose rows of cases it means: UPDATE cases SET status=" in row.reason


def test_in_a_turn_each_item_stands_for_itself(database: Database) -> None:
    clock = Clock()
    stage = Work(["a", "bad", "b"], fails("out of luck", ["bad"]))
    runner = Runner([stage], database, clock=clock)
    runner.attempt("triage", ["a", "bad", "b"])
    assert (stage.done, runner.waiting("triage")) == (["a", "b"], [])
    runner.attempt("triage", ["bad"])  # it rests
    [row] = rows(database, schema.failure)
    assert (row.item, row.attempts) == ("bad", 1)


def test_a_turn_ends_where_the_database_does_and_the_rest_waits(database: Database) -> None:
    def gone(item: str) -> None:
        if item == "b":
            raise StoreError("out of reach")

    stage = Work(["a", "b", "c"], gone)
    runner = Runner([stage], database, clock=Clock())
    runner.attempt("triage", ["a", "b", "c"])
    assert (stage.done, runner.waiting("triage")) == (["a"], ["b", "c"])


def test_that_there_is_something_to_do_does_not_show_that_it_can_be_done(
    database: Database, logged: io.StringIO
) -> None:
    """Else a worker without weights would be well again each time that it is asked what waits."""
    weights = ["missing"]

    def judges(_item: str) -> None:
        if weights:
            raise ClassifierError("no weights")

    stage = Work(["a", "b"], judges)
    runner = Runner([stage], database, clock=Clock())
    for _ in range(2):
        runner.attempt("triage", ["a"])
        assert runner.waiting("triage") == ["a", "b"]
        assert runner.broken({"triage", "settle"}) == "triage: no weights"
    assert runner.broken({"settle"}) is None
    weights.clear()
    runner.attempt("triage", ["a"])
    assert runner.broken({"triage"}) is None
    weights.append("missing")
    runner.attempt("triage", ["b"])
    stage.left.clear()  # another worker did it
    assert runner.waiting("triage") == []
    assert runner.broken({"triage"}) is None
    assert logged.getvalue().count("stage_unavailable") == 2


def test_what_went_through_in_the_end_is_forgotten(database: Database) -> None:
    clock, bad = Clock(), ["bad"]
    runner = Runner([Work(["bad"], fails("no", bad))], database, clock=clock)
    runner.until_idle()
    assert len(rows(database, schema.failure)) == 1
    bad.clear()
    clock.at += timedelta(hours=1)
    assert runner.until_idle().handled == {"triage": 1}
    assert rows(database, schema.failure) == []


def test_what_failed_rests_no_longer_once_the_clock_was_set_back(database: Database) -> None:
    clock, bad = Clock(), ["bad"]
    runner = Runner([Work(["bad"], fails("no", bad))], database, clock=clock)
    clock.at += timedelta(hours=3)
    runner.until_idle()
    bad.clear()
    clock.at -= timedelta(hours=3)
    assert runner.until_idle().handled == {"triage": 1}


def test_a_stage_may_keep_its_failures_itself(database: Database) -> None:
    stage = Recording(["good", "bad"], fails("strange", ["bad"]))
    done = Runner([stage], database, clock=Clock()).until_idle()
    assert stage.failures == [("bad", "strange")]
    assert done.failed == {"triage": 1}
    assert rows(database, schema.failure) == []


def test_what_it_does_not_keep_is_set_aside_as_ever(database: Database) -> None:
    stage = Recording(["bad"], fails("not to be kept", ["bad"]))
    Runner([stage], database, clock=Clock()).until_idle()
    assert [one.item for one in rows(database, schema.failure)] == ["bad"]


def test_no_warning_about_a_warning(database: Database) -> None:
    """It would be set aside itself, and be warned of, without end."""
    with database.writing() as conn:
        for kind, key in ((NoticeKind.OPERATIONS, "warning"), (NoticeKind.TEST, "test")):
            planned = Planned(key, kind, "#ops", Reason.REQUESTED, NOW)
            outbox.write(conn, [planned], brand_id=None, case_id=None, now=NOW)
    clock, keys = Clock(), ["warning", "test"]
    stage = Telling(keys, fails("cannot be put in words", keys))
    runner = Runner([stage], database, clock=clock, operators="#ops")
    for _ in range(2 * failures.PATIENCE):
        clock.at += timedelta(hours=1)
        runner.until_idle()
    assert len(rows(database, schema.failure)) == 2
    about = {one.key for one in rows(database, schema.notice)} - set(keys)
    assert about == {"quarantine:deliver:test"}


@pytest.mark.parametrize("error", [StoreError("locked"), SourceError("x"), KeyError("bug")])
def test_a_stage_that_cannot_say_what_is_due_is_not_the_end(
    database: Database, error: Exception
) -> None:
    broken, behind = Broken(error), Work(["1"])
    runner = Runner([broken, behind], database, clock=Clock())
    done = runner.round(Event())
    assert done.broken is not None
    assert "settle" in done.broken
    assert bool(behind.done) is not isinstance(error, StoreError)  # without a database nobody works
    broken.error = None
    assert runner.until_idle().broken is None
    assert behind.done == ["1"]


def test_what_fails_beside_the_rounds_as_a_whole_is_told_with_the_next_one(
    database: Database,
) -> None:
    def refuses(_item: str) -> None:
        raise StoreError("disk full")

    runner = Runner([Beside(["a"], refuses)], database, clock=Clock())
    runner.round(Event())
    seen: list[str] = []

    def tells() -> bool:
        seen.append(runner.round(Event()).broken or "")
        return seen[-1] != ""

    until(tells)
    assert seen[-1] == "intake: disk full"
    assert rows(database, schema.failure) == []


@only_sqlite
def test_what_cannot_work_is_told_once_and_not_every_second(
    database: Database, logged: io.StringIO
) -> None:
    broken, clock = Broken(ClassifierError("there are no weights in models/weights")), Clock()
    runner = Runner([broken], database, clock=clock, operators="#ops")
    for _ in range(3):
        runner.round(Event())
    assert [(one.reason, one.audience) for one in rows(database, schema.notice)] == [
        ("stage_broken", "#ops")
    ]
    assert "no weights" in rows(database, schema.notice)[0].payload["lines"][0]
    assert logged.getvalue().count("stage_unavailable") == 1
    broken.error = None
    runner.round(Event())
    assert "stage_available" in logged.getvalue()
    broken.error, clock.at = KeyError("another bug"), NOW + timedelta(days=1)
    runner.round(Event())
    assert len(rows(database, schema.notice)) == 2


@only_sqlite
def test_what_hangs_is_told_to_the_operators_once(database: Database, logged: io.StringIO) -> None:
    gate = Event()
    hanging = Beside(["x/mentions"], lambda _: gate.wait(PATIENCE_S))
    runner = Runner(
        [hanging], database, clock=Clock(), operators="#ops", hangs=timedelta(milliseconds=1)
    )
    runner.round(Event())
    until(lambda: runner.round(Event()) and rows(database, schema.notice))
    runner.round(Event())
    gate.set()
    (told,) = rows(database, schema.notice)
    assert told.reason == "item_hangs"
    assert "x/mentions" in told.payload["headline"]
    assert logged.getvalue().count("item_hangs") == 1


# --------------------------------------------------------------------------------- whose words


CANARY = "my kettle burns, says Ana Canary"


def test_no_customers_text_in_the_log_nor_beside_a_failure(
    database: Database, logged: io.StringIO
) -> None:
    def twice(_item: str) -> None:
        row = {"source": CANARY, "name": CANARY, "kind": "all", "network": "x"}
        with database.writing() as conn:
            for _ in range(2):
                conn.execute(schema.stream.insert().values(**row, failures=0, permanent=False))

    def bad_type(_item: str) -> None:
        with database.writing() as conn:
            conn.execute(schema.stream.insert().values(source=CANARY, polled_at=CANARY))

    runner = Runner([Work(["1"], twice), Telling(["2"], bad_type)], database, clock=Clock())
    done = runner.until_idle()
    assert done.failed == {"triage": 1, "deliver": 1}
    kept = rows(database, schema.failure)
    assert "IntegrityError" in " ".join(one.reason for one in kept)
    assert "item_failed" in logged.getvalue()
    assert "test_runner.py" in logged.getvalue()  # where it was
    assert "Canary" not in logged.getvalue()
    assert not any("Canary" in one.reason for one in kept)


# ------------------------------------------------------------------------------------- outages


@pytest.mark.timeout(300)
def test_when_the_database_is_back_the_work_goes_on() -> None:
    with server() as postgres:
        database = Database(postgres.url)
        maintenance.upgrade(database)
        stop, said = Event(), list[str | None]()
        stage = Work([])

        def looks(_now: datetime) -> Sequence[str]:
            with database.reading() as conn:
                conn.execute(sa.select(1))
            return list(stage.left)

        stage.due = looks  # type: ignore[method-assign]
        with maintenance.only_one_runner(database) as still_alone:
            runner = Runner([stage], database, clock=Clock())
            thread = Thread(
                target=runner.run,
                args=(stop,),
                kwargs={
                    "pause": timedelta(milliseconds=50),
                    "before_round": still_alone,
                    "after_round": lambda done: said.append(done.broken),
                },
            )
            thread.start()
            until(lambda: said and said[-1] is None)
            postgres.stop()
            until(lambda: sum(one is not None for one in said) > 2)
            assert "PostgreSQL" in str(said[-1]) or "tried again" in str(said[-1])
            postgres.start()
            stage.left.append("1")
            until(lambda: stage.done == ["1"])
            second = Database(postgres.url)
            with (
                pytest.raises(StoreError, match="in use"),
                maintenance.only_one_runner(second),
            ):
                pass  # the lock was taken again
            second.close()
            stop.set()
            thread.join(PATIENCE_S)
        assert not thread.is_alive()
        database.close()
