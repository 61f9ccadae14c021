"""`policy`: what the policies will do, what they would have done, and who is on call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.explaining import explain
from monitor.cli.opening import settings_of
from monitor.cli.printing import print_json, print_table
from monitor.cli.simulating import simulate
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.render.words import local_time

if TYPE_CHECKING:
    from monitor.rotas.reading import RotaReader
    from monitor.rotas.shifts import Shift


@click.group(short_help="What the policies will do, would have done, and who is on call.")
def policy() -> None:
    """What the policies will do, what they would have done, and who is on call."""


policy.add_command(explain)
policy.add_command(simulate)


@policy.command(short_help="Who is on call, by the calendars as they are now.")
@click.argument("name", required=False)
@click.option(
    "--days", type=click.IntRange(1, 60), default=7, show_default=True, help="So far ahead."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def rota(ctx: click.Context, name: str | None, days: int, as_json: bool) -> None:
    r"""Read the rotas (or the one called NAME) and show their shifts, the present ones first.

    Exit status 1: one could not be read, or names somebody whom [people] does not know.

    \b
    Examples:
      complaint-monitor policy rota
      complaint-monitor policy rota care --days 30
    """
    from monitor.wiring import Application

    settings = settings_of(ctx)
    known = settings.rotas
    if name is not None and name not in known:
        raise ConfigError(f"no rota is called {name}; known: {', '.join(known) or 'none'}")
    now = utc_now()
    application = Application(settings)
    try:
        readers = {one: it for one, (it, _) in application.rotas.items() if name in (None, one)}
        found = [_read(one, it, now, timedelta(days=days)) for one, it in readers.items()]
    finally:
        application.close()
    if as_json:
        print_json(found)
    else:
        _print_rotas(found, now, ZoneInfo(settings.timezone))
    if any(one["problem"] or not all(it.people for it in one["shifts"]) for one in found):
        ctx.exit(1)


def _read(name: str, reader: RotaReader, now: datetime, ahead: timedelta) -> dict[str, Any]:
    from monitor.rotas.shifts import RotaError

    try:
        shifts = [one for one in reader.read(now) if _is_near(one, now, ahead)]
    except RotaError as error:
        return {"rota": name, "problem": str(error), "shifts": []}
    return {"rota": name, "problem": None, "shifts": shifts}


def _is_near(one: Shift, now: datetime, ahead: timedelta) -> bool:
    return one.ends_at > now and one.begins_at < now + ahead


def _print_rotas(found: list[dict[str, Any]], now: datetime, zone: ZoneInfo) -> None:
    if not found:
        click.echo("there are none: [rotas.NAME] in the config describes one")
    for one in found:
        click.echo(f"{one['rota']}: {one['problem'] or ''}".rstrip(": "))
        if one["problem"]:
            continue
        if not one["shifts"]:
            click.echo("  nobody is on call")
            continue
        print_table(
            ("", "from", "until", "on call", "as the calendar says"),
            [
                (
                    "now" if it.begins_at <= now else "",
                    local_time(it.begins_at, zone),
                    local_time(it.ends_at, zone),
                    ", ".join(it.people) or "nobody whom [people] knows",
                    it.title,
                )
                for it in one["shifts"]
            ],
        )
