"""`replay`: whether every case is what its history says."""

from __future__ import annotations

import click

from monitor.cli.opening import opened
from monitor.cli.printing import print_json


@click.command(short_help="Compare every case with its history.")
@click.option(
    "--check", is_flag=True, required=True, expose_value=False, help="Compare, change nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def replay(ctx: click.Context, as_json: bool) -> None:
    r"""Fold the history of every case anew and compare it with what is stored. Exit status 1: it differs.

    \b
    Example:
      complaint-monitor replay --check
    """
    from monitor.store import cases, replaying

    with opened(ctx) as its, its.database.reading() as conn:
        wrong = dict(replaying.differences(conn))
        number = cases.count(conn)
    if as_json:
        print_json({"cases": number, "differing": wrong})
    else:
        for case_id, what in wrong.items():
            click.echo(f"case {case_id} differs from its history in: {', '.join(what)}")
        click.echo(f"{number} cases compared with their histories, {len(wrong)} differ")
    if wrong:
        ctx.exit(1)
