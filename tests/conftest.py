"""What all tests share: the databases, Hypothesis's profile, and quiet libraries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.postgres import Cluster, cluster

pytest_plugins = ["pytester", "tests.plugins.needs"]

# No test waits for the world: hubs, telemetry and displays are off before any library is imported.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["MPLBACKEND"] = "Agg"

# The machine's speed is no property of the code.
hypothesis.settings.register_profile(
    "project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("project")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server for this test process, started when the first test asks."""
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database for this test alone, once of each kind, as the config would name it.

    For one kind only: `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
    """
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
        return
    server: Cluster = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url_of(name)
    server.drop(name)
