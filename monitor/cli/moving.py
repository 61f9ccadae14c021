"""`migrate-to`: from SQLite to PostgreSQL, once in an installation's life."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import alone_on, settings_of
from monitor.cli.printing import bar, print_json

if TYPE_CHECKING:
    from monitor.store.engine import Database
    from monitor.store.moving import Moved


@click.command(name="migrate-to", short_help="Move a SQLite installation to PostgreSQL.")
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="Only say what would be moved; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def migrate_to(ctx: click.Context, url: str, dry_run: bool, as_json: bool) -> None:
    r"""Move all rows of the config's SQLite database to the PostgreSQL database URL, and compare.

    The target must be empty. Stop `run` and `web` first: while it goes on, nobody can write to the file,
    which itself stays as it is. Interrupted in any way, the same command goes on where it was. In the
    end rows and checksums of every table are compared; only then is it done.

    \b
    Examples:
      complaint-monitor migrate-to postgresql://care@db.shop.example/complaints --dry-run
      complaint-monitor migrate-to postgresql://care@db.shop.example/complaints
    """
    from monitor.cli.db import prepare_for_workers
    from monitor.store import maintenance, moving
    from monitor.store.engine import Database

    source, target = Database(settings_of(ctx).database), Database(url)
    try:
        moving.require_sqlite(source)
        if dry_run:
            moved = moving.preview(source, target)
        else:
            with ExitStack() as stack:
                stack.enter_context(alone_on(source))
                if target.path is None:
                    stack.enter_context(maintenance.only_one_runner(target))
                moved = moving.move(source, target, bar(stack, "moving"))
            prepare_for_workers(target)
    finally:
        source.close()
        target.close()
    if as_json:
        tables = {name: number for name, (number, _) in moved.census.items()}
        print_json({"moved": not dry_run, "rows": moved.rows, "tables": tables})
    else:
        _say(moved, target, dry_run=dry_run)
    _say_of_secrets(source)
    _say_of_models(source)


def _say(moved: Moved, target: Database, *, dry_run: bool) -> None:
    name = target.url.set(drivername="postgresql").render_as_string()
    for table, (number, checksum) in sorted(moved.census.items()):
        if number:
            click.echo(f"{table:16} {number:>10,} rows  {checksum[:12]}")
    again = f", {moved.again:,} of them by an earlier start" if moved.again else ""
    if dry_run:
        click.echo(f"{moved.rows:,} rows would be moved{again}; nothing was written")
        return
    click.echo(f"{moved.rows:,} rows moved{again}; rows and checksums of all tables are the same")
    click.echo(
        f'now write database = "{name}" in the config (the password in PGPASSWORD or ~/.pgpass)'
    )


def _say_of_secrets(source: Database) -> None:
    """Tokens that networks renew stand beside the file, and with PostgreSQL where the program runs."""
    from monitor.secrets import STORE

    assert source.path is not None  # noqa: S101 - nothing else is moved
    store = source.path.absolute().parent / STORE
    if store.exists() and store.parent != Path.cwd():
        click.echo(f"and copy {store} to the folder in which the program will run", err=True)


def _say_of_models(source: Database) -> None:
    """Of a revision the database holds the name alone: each machine that judges needs its folder."""
    from monitor.classifiers.weights import beside

    models = beside(source.path).absolute()
    if models.is_dir():
        click.echo(f"and copy {models} to the folder of each worker that judges", err=True)
