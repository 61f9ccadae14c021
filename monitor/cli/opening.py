"""What most commands begin with: the settings, and the database that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from monitor import settings as config
from monitor.domain.errors import StoreError
from monitor.settings import Settings
from monitor.store.engine import Database


@dataclass(frozen=True, slots=True)
class Opened:
    """The settings and the database of a command."""

    settings: Settings
    database: Database


def settings_of(ctx: click.Context) -> Settings:
    """The settings of the file that the command line (or the environment) names.

    Raises:
        ConfigError: every mistake in it, with its line.

    """
    path: Path = ctx.find_root().obj
    return config.read(path)


@contextmanager
def opened(ctx: click.Context) -> Iterator[Opened]:
    """The settings and the open database, closed afterwards: `with opened(ctx) as its: …`.

    Raises:
        ConfigError: a mistake in the settings.
        StoreError: there is no database yet.

    """
    settings = settings_of(ctx)
    database = Database(settings.database)
    try:
        path = database.path
        if path is not None and not path.exists():
            raise StoreError(
                f"{path.absolute()}: there is no database yet; "
                "`complaint-monitor run` or `complaint-monitor import` makes it."
            )
        yield Opened(settings, database)
    finally:
        database.close()
