"""Intake: how long a stream that failed is left alone, when the config changes meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.domain.errors import SourceError
from monitor.settings.model import SourceTable
from monitor.stages.intake import Feed, Intake
from monitor.store.engine import Database
from monitor.store.schema import stream
from tests.stages.network import Network
from tests.store.written import NINE, SHOP, rows

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SPENT = SourceError("the day's budget is used up", retry_after=15 * HOUR, out_of_budget=True)
TOLD = SourceError("429", retry_after=2 * HOUR)


def intake(database: Database, network: Network, options: str = "10 calls") -> Intake:
    return Intake(database, [Feed("x", network, (SHOP,), options=options)])


def failed(database: Database, error: SourceError) -> Network:
    """A stream that failed at nine, by the options `10 calls`."""
    network = Network()
    network.fails(error)
    network.posts("1")
    first = intake(database, network)
    first.due(NINE)
    first.handle("x/search", NINE)
    return network


def next_look(database: Database) -> datetime:
    with database.reading() as conn:
        found: datetime = conn.execute(sa.select(stream.c.next_poll_at)).scalar_one()
    return found


@pytest.mark.parametrize("error", [SPENT, SourceError("503")], ids=["budget", "fault"])
def test_a_stream_rests_no_longer_by_options_that_are_others_now(
    database: Database, error: SourceError
) -> None:
    network = failed(database, error)
    now = NINE + timedelta(seconds=5)
    assert intake(database, network).due(now) == []
    changed = intake(database, network, "1000 calls")
    assert changed.due(now) == ["x/search"]
    changed.handle("x/search", now)
    assert rows(database, "SELECT external_id FROM post") == [("1",)]


def test_what_the_network_said_is_waited_out_whatever_the_options(database: Database) -> None:
    network = failed(database, TOLD)
    for minutes, options in enumerate(["20 calls", "30 calls"], start=1):
        assert intake(database, network, options).due(NINE + minutes * MINUTE) == []
    Intake(database, []).due(NINE + 3 * MINUTE)
    added_again = intake(database, network)
    assert added_again.due(NINE + 4 * MINUTE) == []
    assert added_again.due(NINE + 2 * HOUR) == ["x/search"]


def test_a_network_s_word_by_a_clock_that_was_set_back_holds_up_nothing(
    database: Database,
) -> None:
    network = failed(database, TOLD)
    earlier = NINE - 24 * HOUR
    assert intake(database, network, "20 calls").due(earlier) == ["x/search"]
    assert intake(database, network, "30 calls").due(earlier + MINUTE) == ["x/search"]


@pytest.mark.parametrize(
    ("error", "rest"), [(SPENT, timedelta(seconds=15)), (TOLD, 2 * HOUR)], ids=["budget", "told"]
)
def test_a_look_that_ends_after_the_options_changed_does_not_rest_by_the_old(
    database: Database, error: SourceError, rest: timedelta
) -> None:
    network = Network()
    old = intake(database, network)
    old.due(NINE)
    intake(database, network, "1000 calls").due(NINE)
    network.fails(error)
    old.handle("x/search", NINE)
    assert next_look(database) == NINE + rest


def test_whatever_the_config_says_of_a_source_counts_but_whom_it_is_read_for() -> None:
    def of(**said: object) -> str:
        return SourceTable.model_validate({"use": "x", **said}).fingerprint

    assert of(budget_calls_per_day=1, query="a") == of(query="a", budget_calls_per_day=1)
    assert of(query="a") == of(query="a", brands=["acme"])
    assert len({of(), of(query="a"), of(query="b"), of(query="a", every="5m")}) == 4
