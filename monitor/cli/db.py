"""`db`: the database as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened, settings_of
from monitor.cli.printing import print_json
from monitor.render.words import plain

if TYPE_CHECKING:
    from monitor.store.engine import Database


@click.group(short_help="Upgrade or back up the database.")
def db() -> None:
    """Upgrade or back up the database; try again what was set aside."""


@db.command(short_help="Bring the tables up to date.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def upgrade(ctx: click.Context, as_json: bool) -> None:
    r"""Make the tables, or bring them up to date: all or nothing.

    `run` and `import` do this by themselves for SQLite; for PostgreSQL it is done here, by whoever may
    change tables, after a backup. Workers of the version before go on meanwhile where they can; where
    they cannot, this refuses until they are stopped.

    \b
    Example:
      complaint-monitor db upgrade
    """
    from monitor.store import maintenance
    from monitor.store.engine import Database

    database = Database(settings_of(ctx).database)
    try:
        with maintenance.room_to_upgrade(database, and_if=_leaves_workers_behind(database)):
            maintenance.upgrade(database)
            for_workers = database.path is None and prepare_for_workers(database)
        version = maintenance.current_revision(database)
    finally:
        database.close()
    if as_json:
        print_json({"version": version})
        return
    newer = (
        "" if version == maintenance.HEAD else "; made by a newer program, and for this one, too"
    )
    click.echo(f"the tables are up to date (version {version}{newer})")
    if for_workers:
        click.echo("what workers need is there")


def _leaves_workers_behind(database: Database) -> bool:
    """Whether workers that may be at work cannot go on once `prepare_for_workers` was here."""
    try:
        from monitor import worker
    except ModuleNotFoundError:
        return False
    return database.path is None and worker.leaves_behind(database)


def prepare_for_workers(database: Database) -> bool:
    """Make what `worker` needs, if its engine is installed. Returns whether it is there now."""
    try:
        from monitor import worker
    except ModuleNotFoundError:
        return False
    worker.prepare(database)
    return True


@db.command(short_help="Copy a SQLite database while it is in use.")
@click.argument("to", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def backup(ctx: click.Context, to: Path, as_json: bool) -> None:
    r"""Copy a SQLite database to the new file TO, also while `run` is using it. The copy is checked.

    \b
    Example:
      complaint-monitor db backup monday.db
    """
    from monitor.store import maintenance

    with opened(ctx) as its:
        maintenance.backup(its.database, to)
    size = to.stat().st_size
    if as_json:
        print_json({"file": to, "bytes": size})
    else:
        click.echo(f"{to}: {size} bytes, checked")


@db.command(short_help="Catch up after a back-up was put back.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def restored(ctx: click.Context, as_json: bool) -> None:
    r"""Read what came since the back-up that was put back was made, and tell nobody yet.

    What is to be told then is marked: people may have heard it already. Before telling it `run` and
    `worker` look for it where it would stand (Slack, the console's journal), and keep what they find.
    To be said once, after the copy is in place and before anything runs on it; twice does no harm.

    \b
    Example:
      complaint-monitor db restored
    """
    from monitor.cli.catching_up import catch_up

    done = catch_up(settings_of(ctx))
    if as_json:
        print_json({"since": done.since, "notices": done.notices, "unread": done.unread})
    else:
        click.echo(f"read what came since {done.since:%Y-%m-%d %H:%M:%S} UTC")
        click.echo(f"{done.notices} to be looked for before they are told")
        for line in done.unread:
            click.echo(plain(f"{line}: say this again when it can be"), err=True)
    ctx.exit(1 if done.unread else 0)


@db.command(short_help="Try again what was set aside.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def retry(ctx: click.Context, as_json: bool) -> None:
    r"""Let `run` try again what it set aside after failing again and again. `check` lists it, too.

    \b
    Example:
      complaint-monitor db retry
    """
    from monitor.store import failures

    with opened(ctx) as its, its.database.writing() as conn:
        aside = failures.release(conn)
    if as_json:
        print_json({"items": [{"stage": one.stage, "item": one.item} for one in aside]})
        return
    for one in aside:
        click.echo(plain(f"{one.stage} {one.item}: {one.reason}"))
    click.echo(f"{len(aside)} to be tried again")
