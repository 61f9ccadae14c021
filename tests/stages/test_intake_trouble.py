"""Intake: a source that fails is told apart from one that is silent, and stops nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.domain.errors import SourceError, StoreError
from monitor.domain.notice import SourceHealth
from monitor.domain.post import Author, Cursor, Gone, Page, Post, Rejected, Stream, StreamKind
from monitor.runner import Runner
from monitor.stages.intake import Feed, Intake
from monitor.store import brands, coverage
from monitor.store.engine import Database
from monitor.store.posts import Counts
from monitor.store.schema import outage, stream, watch
from tests.stages.network import OWN, SEARCH, Network
from tests.store.written import NINE, SHOP, gone, rows, written

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Ticking:
    now = NINE

    def __call__(self) -> datetime:
        return self.now


def test_pages_before_a_failure_are_kept_and_the_rest_comes_later(database: Database) -> None:
    network = Network(SEARCH, OWN)
    network.posts("1")
    network.fails(SourceError("503 from the network"))
    network.posts("2")
    network.posts("3", stream="own")
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    for one in intake.due(NINE):
        intake.handle(one, NINE)
    assert _posts(database) == ["1", "3"]
    assert _health(database, "search").failing_since == NINE
    assert _health(database, "search").problem == "503 from the network"
    assert _health(database, "search").read_through is None
    assert _health(database, "own").problem is None
    assert intake.due(NINE + timedelta(seconds=14)) == []
    assert intake.due(NINE + timedelta(seconds=15)) == ["x/search"]
    intake.handle("x/search", NINE + MINUTE)
    assert _posts(database) == ["1", "2", "3"]
    assert _health(database, "search").failing_since is None
    assert _health(database, "search").read_through == NINE + MINUTE


def test_failures_are_tried_again_ever_more_seldom(database: Database) -> None:
    network = Network()
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    now, pauses = NINE, []
    intake.begin(now)
    for _ in range(8):
        network.fails(SourceError("500"))
        look = intake.look("x/search", now)
        assert str(look.problem) == "500"
        pauses.append(_next_poll(database) - now)
        now += pauses[-1]
    assert [pause.total_seconds() for pause in pauses] == [15, 30, 60, 120, 240, 480, 900, 900]
    assert _health(database, "search").failing_since == NINE


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (SourceError("429", retry_after=timedelta(hours=2)), timedelta(hours=2)),
        (SourceError("429", retry_after=timedelta(seconds=1)), timedelta(seconds=15)),
        (SourceError("401: the token was revoked", permanent=True), timedelta(minutes=15)),
    ],
    ids=["told to wait", "told to hurry", "for good"],
)
def test_a_source_is_not_pressed(database: Database, error: SourceError, pause: timedelta) -> None:
    network = Network()
    network.fails(error)
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    intake.handle("x/search", NINE)
    assert _next_poll(database) == NINE + pause


def test_a_restart_tries_at_once_what_failed_for_good(database: Database) -> None:
    network = Network()
    network.fails(SourceError("401", permanent=True))
    feed = Feed("x", network, (SHOP,))
    first = Intake(database, [feed])
    first.due(NINE)
    first.handle("x/search", NINE)
    assert first.due(NINE + MINUTE) == []
    assert Intake(database, [feed]).due(NINE + MINUTE) == ["x/search"]


def test_an_unforeseen_error_is_the_runner_s(database: Database) -> None:
    network = Network()
    network.fails(KeyError("zanzibar"))
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    with pytest.raises(KeyError):
        intake.handle("x/search", NINE)


def test_a_page_that_cannot_be_stored_is_read_again(database: Database) -> None:
    network = Network()
    network.posts("1")
    too_many = Author(handle="ana", followers=2**80)
    network.says["search"].append(Page((written("3"), written("2", author=too_many)), "2"))
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    with pytest.raises((OverflowError, sa.exc.DataError)):
        intake.handle("x/search", NINE)
    assert _posts(database) == ["1"]
    network.says["search"][1] = Page((written("2"), written("3")), "2")
    intake.handle("x/search", NINE)
    assert _posts(database) == ["1", "2", "3"]


def test_one_item_that_cannot_be_stored_does_not_keep_out_its_page(database: Database) -> None:
    broken: list[Post | Gone | Rejected] = [
        written("year 1", posted_at=datetime(1, 1, 1, tzinfo=UTC)),
        written("no zone", posted_at=NINE.replace(tzinfo=None)),
        written("edited when", edited_at=datetime(9999, 12, 31, 23, tzinfo=UTC)),
        written("half \ud800"),
        gone("deleted when", before=datetime(1969, 12, 31, tzinfo=UTC)),
        Rejected("line \x00", "no text", "\udfff"),
    ]
    odd = written("1", text="NUL \x00 half \ud800", title="\x00", author=Author(handle="a\x00b"))
    network = Network()
    network.says["search"] = [Page((odd, *broken, written("2")), "1")]
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    with capture_logs() as logged:
        look = intake.look("x/search", NINE)
    assert look.counts == Counts(stored=2, rejected=len(broken))
    assert [{name: one[name] for name in ("source", "number")} for one in logged] == [
        {"source": "x/search", "number": 6}
    ]
    said = "SELECT text, title, handle FROM post JOIN author ON author.id = author_id"
    assert ("NUL \ufffd half \ufffd", "\ufffd", "a\ufffdb") in rows(database, said)
    assert _health(database, "search", NINE).rejected == len(broken)
    assert _health(database, "search", NINE + timedelta(days=2)).rejected == 0


@pytest.mark.parametrize(
    ("brought", "kept"),
    [
        (
            json.dumps({"known": {"a\ud800": "\U0001f4e6 \\ud800"}}),
            json.dumps({"known": {"a\ufffd": "\U0001f4e6 \\ud800"}}, ensure_ascii=False),
        ),
        (json.dumps({"known": "\U0001f4e6"}), json.dumps({"known": "\U0001f4e6"})),
        ("b\udc00", "b\ufffd"),
        ("\\ud800", "\\ud800"),
    ],
    ids=["in JSON", "none", "bare", "no JSON"],
)
def test_half_a_character_that_came_into_a_cursor_does_not_end_its_stream(
    database: Database, brought: str, kept: str
) -> None:
    network = Network()
    network.says["search"] = [Page((written("1"),), brought)]
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    intake.handle("x/search", NINE)
    assert rows(database, "SELECT cursor FROM stream") == [(kept,)]


def test_a_row_of_failures_is_told_once_and_so_is_its_end(database: Database) -> None:
    network = Network()
    intake = Intake(database, [Feed("x", network, (SHOP,))], operators="#ops")
    now = NINE
    intake.begin(now)
    for spell in range(2):
        for number in range(7):
            network.fails(SourceError("503"))
            intake.handle("x/search", now)
            assert len(_told(database)) == 2 * spell + (number >= 4)
            now += MINUTE
        intake.handle("x/search", now)
        intake.handle("x/search", now)
        assert len(_told(database)) == 2 * spell + 2
    assert _told(database) == ["source_failing", "source_working"] * 2
    assert rows(database, "SELECT DISTINCT kind, audience FROM notice") == [("operations", "#ops")]


def test_what_passes_by_itself_is_told_to_nobody(database: Database) -> None:
    network = Network()
    intake = Intake(database, [Feed("x", network, (SHOP,))], operators="#ops")
    intake.begin(NINE)
    for _ in range(4):
        network.fails(SourceError("503"))
        intake.handle("x/search", NINE)
    intake.handle("x/search", NINE)
    assert _told(database) == []


def test_what_fails_for_good_is_told_at_once_without_what_was_said(database: Database) -> None:
    network = Network()
    network.fails(SourceError("401: Ana's token was revoked", permanent=True))
    intake = Intake(database, [Feed("x", network, (SHOP,))], operators="#ops")
    intake.begin(NINE)
    intake.handle("x/search", NINE)
    [(said,)] = rows(database, "SELECT payload FROM notice")
    assert "the source x/search cannot be read" in str(said)
    assert "Ana" not in str(said)


def test_an_unforeseen_error_rests_a_stream_as_any_other(database: Database) -> None:
    network = Network()
    network.fails(KeyError("zanzibar"))
    network.posts("1")
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    clock = Ticking()
    runner = Runner([intake], database, clock=clock)
    runner.until_idle()
    problem = _health(database, "search").problem or ""
    assert problem.startswith("KeyError at monitor/stages/intake.py:")
    assert rows(database, "SELECT * FROM failure") == []
    clock.now += MINUTE
    runner.until_idle()
    assert _health(database, "search").problem is None
    assert _posts(database) == ["1"]


def test_a_stream_that_fails_for_a_year_is_still_tried(database: Database) -> None:
    with database.writing() as conn:
        number = coverage.ensure_stream(
            conn, "x", SEARCH, brands.ensure(conn, [SHOP.name]).values(), NINE
        )
        conn.execute(stream.update().values(failures=35_000, failing_since=NINE))
        coverage.record_failure(conn, number, SourceError("503"), NINE)
    assert _next_poll(database) == NINE + timedelta(minutes=15)


def test_a_beginning_that_is_rolled_back_is_made_anew(database_url: str) -> None:
    database = Database(database_url)
    refuse = "ALTER TABLE stream_brand RENAME TO elsewhere"
    network = Network()
    network.posts("1")
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    with database.writing() as conn:
        conn.execute(sa.text(refuse))
    with pytest.raises((StoreError, sa.exc.DatabaseError)):
        intake.due(NINE)
    with database.writing() as conn:
        conn.execute(sa.text("ALTER TABLE elsewhere RENAME TO stream_brand"))
    assert intake.due(NINE) == ["x/search"]
    database.close()


@given(
    steps=st.lists(st.tuples(st.integers(-900, 900), st.sampled_from(["ends", "fails", "waits"])))
)
def test_however_the_clock_is_set_a_stream_never_waits_longer_than_it_was_told(
    scratch: Database, steps: list[tuple[int, str]]
) -> None:
    """The longest it may be told is two hours, by a network that says so."""
    network = Network()
    with scratch.writing() as conn:
        for table in (watch, outage, stream):
            conn.execute(table.delete())
    intake = Intake(scratch, [Feed("x", network, ())])
    now = NINE
    intake.due(now)
    for minutes, fate in steps:
        now += minutes * MINUTE
        if fate == "fails":
            network.fails(SourceError("429", retry_after=timedelta(hours=2)))
        if fate != "waits":
            intake.handle("x/search", now)
        assert intake.due(now) or _next_poll(scratch) - now <= 2 * HOUR


def _posts(database: Database) -> list[str]:
    return sorted(one for (one,) in rows(database, "SELECT external_id FROM post"))


def _health(database: Database, stream: str, now: datetime = NINE) -> SourceHealth:
    with database.reading() as conn:
        found = coverage.health(conn, 1, now)
    return next(one for one in found if one.stream == stream)


def _next_poll(database: Database) -> datetime:
    with database.reading() as conn:
        found: datetime = conn.execute(sa.select(stream.c.next_poll_at)).scalar_one()
    return found


def _told(database: Database) -> list[str]:
    return [reason for (reason,) in rows(database, "SELECT reason FROM notice ORDER BY id")]


class Removed(Network):
    """A source that the config loses while it is being read."""

    def __init__(self, database: Database, error: SourceError | None) -> None:
        super().__init__()
        self._database = database
        self._error = error

    def pages(self, _stream: Stream, _since: Cursor | None, /) -> Iterator[Page]:
        yield Page((written("1"),), "1")
        Intake(self._database, [Feed("y", Network(OWN), (SHOP,))]).due(NINE)
        if self._error:
            raise self._error


@pytest.mark.parametrize("error", [None, SourceError("503")])
def test_a_source_that_goes_while_it_is_read_is_read_no_longer(
    database: Database, error: SourceError | None
) -> None:
    intake = Intake(database, [Feed("x", Removed(database, error), (SHOP,))])
    intake.due(NINE)
    assert intake.look("x/search", NINE).problem is error
    assert _posts(database) == ["1"]
    read = "SELECT source FROM stream WHERE next_poll_at IS NOT NULL"
    assert rows(database, read) == [("y",)]
    assert Intake(database, [Feed("x", Network(), (SHOP,))]).due(NINE) == ["x/search"]


def test_to_begin_many_streams_looks_up_their_brands_once(database: Database) -> None:
    with database.writing() as conn:
        brands.ensure(conn, [f"of another config {number}" for number in range(3)])
    asked: list[str] = []

    def hear(*seen: Any) -> None:
        asked.extend([seen[2]] if "FROM brand" in seen[2] else [])

    streams = (Stream(str(number), StreamKind.ALL, "x") for number in range(20))
    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    Intake(database, [Feed("x", Network(*streams), (SHOP,))]).begin(NINE)
    sa.event.remove(sa.Engine, "before_cursor_execute", hear)
    assert len(asked) == 1
    assert "WHERE brand.name" in asked[0]
