"""What most commands begin with: the settings, and the database that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from monitor.cli.printing import tell
from monitor.domain.errors import StoreError

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.store.engine import Database
    from monitor.store.maintenance import StillAlone


@dataclass(frozen=True, slots=True)
class Opened:
    """The settings and the database of a command."""

    settings: Settings
    database: Database


def config_path(ctx: click.Context) -> Path:
    """The file that the command line or the environment names."""
    path: Path = ctx.find_root().obj
    return path


def settings_of(ctx: click.Context) -> Settings:
    """The settings of the config. Log lines from now on are warnings alone, on standard error.

    Raises:
        ConfigError: every mistake in it, with its line.

    """
    from monitor import log
    from monitor import settings as config

    log.configure(level="warning")
    return config.read(config_path(ctx))


def settings_or_own(ctx: click.Context) -> Settings:
    """The config's; without a config file (and none named), the program's own."""
    from monitor import log
    from monitor.settings import BrandTable, Settings

    named = ctx.find_root().get_parameter_source("config") is not ParameterSource.DEFAULT
    if named or config_path(ctx).exists():
        return settings_of(ctx)
    log.configure(level="warning")
    return Settings(brands=(BrandTable(name="any"),))


@contextmanager
def opened(ctx: click.Context) -> Iterator[Opened]:
    """The settings and the open database, which is closed afterwards.

    Raises:
        ConfigError: a mistake in the settings.
        StoreError: there is no database yet, or its tables are of another version.

    """
    from monitor.store import maintenance
    from monitor.store.engine import Database

    settings = settings_of(ctx)
    database = Database(settings.database)
    try:
        path = database.path
        if path is not None and not path.exists():
            raise StoreError(
                f"{path.absolute()}: there is no database yet; "
                "`complaint-monitor run` or `complaint-monitor import` makes it"
            )
        maintenance.require_current(database)
        yield Opened(settings, database)
    finally:
        database.close()


@contextmanager
def alone_on(database: Database) -> Iterator[StillAlone]:
    """Hold the database as its one runner, its tables up to date. PostgreSQL's are upgraded by hand.

    What is given tells whether it is still held.

    The lock comes first, so that no tables change under a program that is at work on them.

    Raises:
        StoreError: somebody else holds it; or its tables are newer and not for this program, or
            older and PostgreSQL's.

    """
    from monitor.store import maintenance

    _make_folder(database)
    with maintenance.only_one_runner(database) as still_alone:
        if database.path is None:
            maintenance.require_current(database)
        else:
            make(database)
        yield still_alone


def make(database: Database) -> None:
    """Make a SQLite database's tables, or bring them up to date, and say so."""
    from monitor.store import maintenance

    is_new = database.path is not None and not database.path.exists()
    if maintenance.upgrade(database):
        tell(f"{database.path}: {'made' if is_new else 'upgraded'}")


def _make_folder(database: Database) -> None:
    """The folder in which a SQLite database and its lock will be."""
    if database.path is not None:
        folder = database.path.absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder} can't be made: {error.strerror}") from error
