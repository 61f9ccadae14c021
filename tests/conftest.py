"""What all tests share: the databases, Hypothesis's profile, and quiet libraries."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.postgres import Cluster, cluster

if TYPE_CHECKING:  # tests of the pure parts do not wait for SQLAlchemy and Alembic
    from monitor.store.engine import Database
    from tests.stages.teaching import Staff
    from tests.stages.told import Told

pytest_plugins = ["pytester", "tests.plugins.door", "tests.plugins.needs"]

# No test waits for the world: hubs, telemetry and displays are off before any library is imported.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["MPLBACKEND"] = "Agg"

# The machine's speed is no property of the code.
hypothesis.settings.register_profile(
    "project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("project")


MOST_WORKERS = 4  # each may load the classifier (400 MB) and run a PostgreSQL


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs on all cores; what is named on the command line starts at once, alone.

    One more than there are cores: tests of real processes wait for much of their time.
    """
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    return min(len(os.sched_getaffinity(0)) + 1, MOST_WORKERS)


KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server for this test process, started when the first test asks."""
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> Iterator[str]:
    """A database with all tables, from which each test's own is copied."""
    name = postgres.create()
    _migrate(postgres.url_of(name))
    yield name
    postgres.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, as a file."""
    path = tmp_path_factory.mktemp("template") / "monitor.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database for this test alone, with all tables and no row; once of each kind.

    For one kind only: `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
    """
    if request.param == "sqlite":
        path = tmp_path / "monitor.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: Cluster = request.getfixturevalue("postgres")
    with server.one(request.getfixturevalue("postgres_template")) as url:
        yield url


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same without tables, as a first installation finds it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
        return
    server: Cluster = request.getfixturevalue("postgres")
    with server.one() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """It, open."""
    from monitor.store.engine import Database

    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One SQLite for many examples, each of which empties it."""
    from monitor.store.engine import Database
    from monitor.store.schema import metadata

    made = Database(f"sqlite:///{tmp_path_factory.mktemp('scratch')}/scratch.db")
    metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def told(database: Database) -> Told:
    """It, with cases of which people are told."""
    from tests.stages.told import Told

    return Told(database)


@pytest.fixture
def staff(database: Database) -> Staff:
    """Those who say of its posts what they are."""
    from tests.stages.teaching import Staff

    return Staff(database)


def _migrate(url: str) -> None:
    from monitor.store import maintenance
    from monitor.store.engine import Database

    database = Database(url)
    maintenance.upgrade(database)
    database.close()
