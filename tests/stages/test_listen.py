"""Listen: the operators hear once of a stream that is silent, and not of one that was given no time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.domain.errors import SourceError
from monitor.stages.intake import Feed, Intake
from monitor.stages.listen import EVERY, Listen
from monitor.store.engine import Database
from tests.stages.network import Network
from tests.store.written import NINE, SHOP, rows

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def looked_at(database: Database, at: datetime, network: Network | None = None) -> None:
    """A look at the one stream comes to its end."""
    network = network or Network()
    intake = Intake(database, [Feed("x", network, (SHOP,))], operators="ops")
    intake.due(at)
    intake.handle("x/search", at)


def told(database: Database) -> Sequence[str]:
    found = rows(database, "SELECT payload FROM notice WHERE reason = 'source_silent' ORDER BY id")
    return [str(payload) for (payload,) in found]


def listens(stage: Listen, now: datetime) -> int:
    items = stage.due(now)
    for item in items:
        stage.handle(item, now)
    return len(items)


def test_a_stream_silent_against_its_own_past_is_told_once(database: Database) -> None:
    network = Network()
    for hour in range(25):
        network.posts(str(hour))
        looked_at(database, NINE + hour * HOUR, network)
    stage = Listen(database, operators="ops")
    last = NINE + 24 * HOUR
    assert listens(stage, last) == 0
    looked_at(database, last + 7 * HOUR)
    assert listens(stage, last + 7 * HOUR) == 1
    looked_at(database, last + 8 * HOUR)
    assert listens(stage, last + 8 * HOUR) == 0
    assert listens(Listen(database, operators="ops"), last + 8 * HOUR) == 0, "after a restart"
    [said] = told(database)
    assert "the source x/search brings nothing new any more" in said
    assert "never silent for longer than 1 h 0 min" in said


def test_a_stream_that_nobody_looks_at_is_told_once(database: Database) -> None:
    looked_at(database, NINE)
    stage = Listen(database, operators="ops")
    assert listens(stage, NINE + MINUTE) == 0
    assert listens(stage, NINE + HOUR) == 0
    assert listens(stage, NINE + 2 * HOUR) == 1
    assert listens(stage, NINE + 3 * HOUR) == 0
    [said] = told(database)
    assert "no look at the source x/search has come to its end for 1 h 59 min" in said


def test_a_program_that_was_down_is_given_time_to_look(database: Database) -> None:
    looked_at(database, NINE)
    stage = Listen(database, operators="ops")
    monday = NINE + timedelta(days=3)
    assert listens(stage, monday) == 0
    assert listens(stage, monday + HOUR) == 0
    looked_at(database, monday + HOUR)
    assert listens(stage, monday + 90 * MINUTE) == 0


def test_what_fails_is_told_of_with_its_reason_by_intake_alone(database: Database) -> None:
    looked_at(database, NINE)
    stage = Listen(database, operators="ops")
    stage.due(NINE)
    network = Network()
    for _ in range(5):
        network.fails(SourceError("503"))
    intake = Intake(database, [Feed("x", network, (SHOP,))], operators="ops")
    intake.due(NINE)
    for minute in range(5):
        intake.look("x/search", NINE + minute * MINUTE)
    assert listens(stage, NINE + 5 * HOUR) == 0


def test_what_was_put_right_meanwhile_is_not_told(database: Database) -> None:
    looked_at(database, NINE)
    stage = Listen(database, operators="ops")
    stage.due(NINE)
    now = NINE + 2 * HOUR
    [item] = stage.due(now)
    looked_at(database, now)
    stage.handle(item, now)
    assert told(database) == []


def test_it_listens_now_and_then_and_for_somebody(database: Database) -> None:
    looked_at(database, NINE)
    stage = Listen(database, operators="ops")
    stage.due(NINE)
    stage.due(NINE + 2 * HOUR - MINUTE)
    assert listens(stage, NINE + 2 * HOUR) == 0, "it has just listened"
    assert listens(stage, NINE + 2 * HOUR - MINUTE + EVERY) == 1
    assert listens(Listen(database), NINE + 9 * HOUR) == 0
