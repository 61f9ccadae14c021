"""Intake: streams are read when due, and what cannot be read is told apart from what is not there."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor.domain.errors import SourceError
from monitor.domain.notice import SourceHealth
from monitor.domain.post import Cost, Gap, Page
from monitor.stages.intake import Feed, Intake
from monitor.store import coverage
from monitor.store.engine import Database
from monitor.store.posts import Counts
from tests.stages.network import OWN, SEARCH, Network
from tests.store.written import NINE, RIVAL, SHOP, rows, written

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


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


@pytest.mark.parametrize("error", [None, SourceError("429", retry_after=HOUR)])
def test_a_look_that_another_one_has_just_made_is_not_made_again(
    database: Database, error: SourceError | None
) -> None:
    network = Network()
    if error is not None:
        network.fails(error)
    first, second = (Intake(database, [Feed("x", network, (SHOP,))]) for _ in range(2))
    assert first.due(NINE) == second.due(NINE) == ["x/search"]
    first.handle("x/search", NINE)
    network.posts("1")
    second.handle("x/search", NINE + timedelta(seconds=2))
    assert rows(database, "SELECT external_id FROM post") == []
    second.handle("x/search", NINE + (MINUTE if error is None else HOUR))
    assert rows(database, "SELECT external_id FROM post") == [("1",)]


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


def test_a_mistaken_import_is_not_held_against_what_is_read(database: Database) -> None:
    good, wrong = Network(OWN), Network(OWN)
    good.posts("1", stream="own")
    wrong.fails(SourceError("it is no CSV", permanent=True), stream="own")
    for name, network in (("good", good), ("wrong", wrong)):
        intake = Intake(database, [Feed(name, network, (SHOP,), once=True)])
        intake.begin(NINE)
        intake.look(f"{name}/own", NINE)
        assert intake.due(NINE + timedelta(days=1)) == []
    with database.reading() as conn:
        found = coverage.health(conn, 1, NINE + MINUTE)
        assert coverage.is_looked_at(conn, 1)
        assert coverage.read_through(conn, 1) == {"x": NINE}
    assert {one.source for one in found} == {"good", "wrong"}
    assert {(one.failing_since, one.problem) for one in found} == {(None, None)}


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


def test_a_look_with_a_gap_proves_no_silence_and_the_next_without_does(database: Database) -> None:
    network = Network(OWN)
    intake = Intake(database, [Feed("x", network, (SHOP,))])
    network.posts("1", stream="own", gap=Gap("cap"))
    read = []
    intake.begin(NINE)
    for minute in range(4):
        if minute == 2:
            network.posts("2", stream="own", gap=Gap("cap"))
        intake.look("x/own", NINE + minute * MINUTE)
        with database.reading() as conn:
            read.append(coverage.read_through(conn, 1).get("x"))
    assert read == [None, NINE + MINUTE, NINE + MINUTE, NINE + 3 * MINUTE]


def _health(database: Database, stream: str, now: datetime = NINE) -> SourceHealth:
    with database.reading() as conn:
        found = coverage.health(conn, 1, now)
    return next(one for one in found if one.stream == stream)
