"""What most commands begin with: the settings, and the database that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.printing import tell
from monitor.domain.errors import StoreError

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.store.engine import Database


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


def make_ready(database: Database) -> None:
    """Bring the tables up to date before work begins. PostgreSQL's are upgraded only when told to.

    Raises:
        StoreError: the tables are newer than the program, or a PostgreSQL database's are older.

    """
    from monitor.store import maintenance

    if database.path is None:
        maintenance.require_current(database)
        return
    is_new = not database.path.exists()
    if is_new or maintenance.current_revision(database) != maintenance.head_revision():
        maintenance.upgrade(database)
        tell(f"{database.path}: {'made' if is_new else 'upgraded'}")
