"""`rejects`: what sources brought and could not be read."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.printing import print_json, print_table
from monitor.domain.errors import ConfigError
from monitor.render.words import cut, local_time, plain

_EXCERPT = 60


@click.command(short_help="What sources brought and could not be read.")
@click.option("--source", help="Of one source alone.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def rejects(ctx: click.Context, source: str | None, as_json: bool) -> None:
    r"""List the items that could not be read, the latest first: where, why, and how they begin.

    \b
    Examples:
      complaint-monitor rejects
      complaint-monitor rejects --source reviews --json
    """
    from monitor.store import coverage

    with opened(ctx) as its, its.database.reading() as conn:
        zone = ZoneInfo(its.settings.timezone)
        known = coverage.sources(conn)
        if source is not None and source not in known:
            raise ConfigError(
                f"--source {source}: there is no such source; known: {', '.join(known)}"
            )
        found = coverage.unread(conn, source)
    if as_json:
        print_json(found)
    elif not found:
        click.echo("all that sources brought could be read")
    else:
        print_table(
            ("source", "streams", "place", "when", "reason", "begins"),
            [
                (
                    one.source,
                    ", ".join(one.streams),
                    one.place,
                    local_time(one.at, zone),
                    one.reason,
                    cut(plain(one.sample), _EXCERPT),
                )
                for one in found
            ],
        )
