"""Intake: streams are read when due, and what cannot be read is told apart from what is not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.domain.errors import SourceError
from monitor.domain.notice import SourceHealth
from monitor.domain.post import Cost, Cursor, Gap, Page, Stream, StreamKind
from monitor.stages.intake import Feed, Intake
from monitor.store import coverage
from monitor.store.engine import Database
from monitor.store.posts import Counts
from monitor.store.schema import stream
from tests.store.written import NINE, RIVAL, SHOP, rows, written

MINUTE = timedelta(minutes=1)
SEARCH = Stream("search", StreamKind.SEARCH, "x")
OWN = Stream("own", StreamKind.OWN, "x", every=5 * MINUTE)


class Network:
    """A source of numbered pages; what a stream says may be an error in their midst."""

    def __init__(self, *streams: Stream) -> None:
        self._streams = streams or (SEARCH,)
        self.says: dict[str, list[Page | Exception]] = {one.name: [] for one in self._streams}

    def streams(self) -> Sequence[Stream]:
        return self._streams

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        for said in self.says[stream.name][int(since or 0) :]:
            if isinstance(said, Exception):
                self.says[stream.name].remove(said)
                raise said
            yield said

    def posts(self, *numbers: str, stream: str = "search", **said: Any) -> None:
        said_before = self.says[stream]
        cursor = str(1 + sum(isinstance(one, Page) for one in said_before))
        page = Page(tuple(written(one) for one in numbers), cursor, **said)
        said_before.append(page)

    def fails(self, error: Exception, stream: str = "search") -> None:
        self.says[stream].append(error)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def test_what_sources_bring_is_stored_once_also_across_restarts(database: Database) -> None:
    network = Network()
    network.posts("1", "2")
    network.posts("2", "3")
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    assert intake.due(NINE) == ["x/search"]
    assert intake.look("x/search", NINE).counts == Counts(stored=3, duplicate=1)
    network.posts("4")
    again = Intake(database, [Feed("x", network, (SHOP,))])
    again.begin(NINE + MINUTE)
    assert again.look("x/search", NINE + MINUTE).counts == Counts(stored=1)


def test_each_stream_is_due_in_its_own_time(database: Database) -> None:
    intake = Intake(database, [Feed("x", Network(SEARCH, OWN), (SHOP,))])
    assert sorted(intake.due(NINE)) == ["x/own", "x/search"]
    for one in intake.due(NINE):
        intake.handle(one, NINE)
    assert intake.due(NINE) == []
    assert intake.due(NINE + MINUTE) == ["x/search"]
    assert intake.due(NINE + 5 * MINUTE) == ["x/search", "x/own"]


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
    network.fails(KeyError("id"))
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    with pytest.raises(KeyError):
        intake.handle("x/search", NINE)


def test_streams_that_are_configured_no_longer_are_not_read(database: Database) -> None:
    before = Intake(database, [Feed("x", Network(), (SHOP,)), Feed("y", Network(), (SHOP,))])
    before.due(NINE)
    after = Intake(database, [Feed("y", Network(), (SHOP,))])
    assert after.due(NINE) == ["y/search"]
    with database.reading() as conn:
        assert [one.source for one in coverage.health(conn, 1, NINE)] == ["y"]
    back = Intake(database, [Feed("x", Network(), (SHOP,)), Feed("y", Network(), (SHOP,))])
    assert sorted(back.due(NINE)) == ["x/search", "y/search"]


def test_a_file_is_imported_once(database: Database) -> None:
    network = Network()
    network.posts("1")
    network.posts("2")
    intake = Intake(database, [Feed("import", network, (SHOP,), once=True)])
    pages: list[Counts] = []
    assert intake.begin(NINE) == ["import/search"]
    look = intake.look("import/search", NINE, pages.append)
    assert look.problem is None
    assert pages == [Counts(stored=1), Counts(stored=1)]
    assert intake.due(NINE + timedelta(days=1)) == []


def test_a_stream_changes_hands_with_the_configuration(database: Database) -> None:
    for brand in (SHOP, RIVAL):
        Intake(database, [Feed("x", Network(), (brand,))]).begin(NINE)
    with database.reading() as conn:
        assert coverage.health(conn, 1, NINE) == []
        assert len(coverage.health(conn, 2, NINE)) == 1


def test_the_ledger_tells_what_each_page_covered_and_cost(database: Database) -> None:
    network = Network()
    network.posts("1", cost=Cost(calls=2, micros=5000))
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    intake.handle("x/search", NINE)
    network.posts("2", gap=Gap("cap of 800", "100", "200"))
    intake.handle("x/search", NINE + MINUTE)
    ledger = "SELECT read, stored, calls, micros, gap, gap_from, gap_to FROM coverage ORDER BY id"
    assert rows(database, ledger) == [
        (1, 1, 2, 5000, None, None, None),
        (1, 1, 0, 0, "cap of 800", "100", "200"),
    ]
    assert _health(database, "search", NINE + timedelta(hours=1)).gaps == 1
    assert _health(database, "search", NINE + timedelta(days=2)).gaps == 0


def test_an_answer_may_come_before_its_post(database: Database) -> None:
    network = Network()
    late = Page((written("1", posted_at=NINE - MINUTE),), "2")
    network.says["search"] = [Page((written("2", by="shop", to="1"),), "1"), late]
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    intake.handle("x/search", NINE)
    found = "SELECT external_id, thread, own FROM post JOIN mention ON post_id = post.id"
    assert sorted(rows(database, found)) == [("1", "1", False), ("2", "1", True)]


def test_a_page_that_cannot_be_stored_is_read_again(database: Database) -> None:
    network = Network()
    network.posts("1")
    network.says["search"].append(Page((written("3"), written("2", text="\ud800")), "2"))
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    intake.due(NINE)
    with pytest.raises(UnicodeEncodeError):
        intake.handle("x/search", NINE)
    assert _posts(database) == ["1"]
    network.says["search"][1] = Page((written("2"), written("3")), "2")
    intake.handle("x/search", NINE)
    assert _posts(database) == ["1", "2", "3"]


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
