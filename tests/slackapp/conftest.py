"""The app at work, by Socket Mode over a real WebSocket, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from threading import enumerate as threads

import pytest

from monitor.simulator.slack import SlackServer
from monitor.store.engine import Database
from tests.notifiers.slack_side import workspace
from tests.slackapp.office import Office, office


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with workspace() as running:
        yield running


@pytest.fixture
def team(database: Database, server: SlackServer) -> Iterator[Office]:
    with office(database, server) as there:
        yield there


@pytest.fixture(autouse=True)
def no_client_outlives_its_test() -> Iterator[None]:
    """One left behind pings for ever, by `random`, which Hypothesis's later tests take for unsteady."""
    before = set(threads())
    yield
    left = [one.name for one in set(threads()) - before if one.name.endswith("(_run)")]
    assert not left, "close the client of Socket Mode"
