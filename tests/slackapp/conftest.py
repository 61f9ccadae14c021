"""The app at work, by Socket Mode over a real WebSocket, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

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
