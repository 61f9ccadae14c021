"""`keep`: what is kept, what was purged and why, and whether networks could be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.keeping import Purge

if TYPE_CHECKING:
    from monitor.store.tallies import Tally

_REASONS: Mapping[Purge, str] = {
    Purge.DELETED: "posts that were deleted there",
    Purge.WITHOUT_CASE: "posts that are part of no case",
    Purge.CASE_ENDED: "posts of cases that ended",
    Purge.NOT_LOOKED_UP: "posts of which their network did not say that they stand",
    Purge.NAME: "names of authors of whom no post is kept",
    Purge.NOTE: "notes of cases that ended",
    Purge.ERASED: "posts and notes of authors who were erased, answers to them",
    Purge.SAMPLE: "samples of items that could not be read",
}


@click.command(short_help="Purge what was kept long enough; what was purged and why.")
@click.option("--dry-run", is_flag=True, help="Only say what would be purged now.")
@click.option(
    "--days", type=click.IntRange(1, 366), default=30, show_default=True, help="Days to list."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def keep(ctx: click.Context, days: int, *, dry_run: bool, as_json: bool) -> None:
    r"""Purge words and names that were kept long enough, and list what was purged, day by day.

    `run` does the same once an hour. Counts, timings and keys stay: no report changes.

    \b
    Examples:
      complaint-monitor keep --dry-run
      complaint-monitor keep --days 90 --json
    """
    from monitor.stages.forget import purge_all
    from monitor.store import keeping, looking, tallies

    now = utc_now()
    since = (now.astimezone(UTC) - timedelta(days=days - 1)).date()
    with opened(ctx) as its:
        spans = its.settings.keep.keep()
        operators = its.settings.operators.tell or its.settings.audience
        done = None if dry_run else purge_all(its.database, spans, now, operators=operators)
        with its.database.reading() as conn:
            told = keeping.waiting(conn, spans, now) if done is None else done
            kept = keeping.kept(conn)
            looked = looking.waiting(conn, now, spans.look_up_every)
            purged = tallies.purged_since(conn, since)
            look_ups = tallies.look_ups_since(conn, since)
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "purged_now": told,
                "posts_kept": kept,
                "posts_looked_up": looked["watched"],
                "posts_waiting_for_it": looked["late"],
                "purged": [
                    {"day": one.day, "reason": one.what, "number": one.number} for one in purged
                ],
                "look_ups": [
                    {
                        "day": one.day,
                        "source": one.source,
                        "outcome": one.what,
                        "number": one.number,
                    }
                    for one in look_ups
                ],
            }
        )
        return
    _say_now(told, dry_run=dry_run)
    click.echo(
        f"the words of {kept} posts are kept; networks are asked about {looked['watched']} of them, "
        f"of which {looked['late']} wait for it"
    )
    _list("purged", ("day (UTC)", "number", "what"), purged)
    _list("asked again", ("day (UTC)", "number", "what came of it", "source"), look_ups)


def _say_now(told: Mapping[Purge, int], *, dry_run: bool) -> None:
    verb = "would be purged" if dry_run else "purged"
    lines = [f"{verb}: {number} {_REASONS[reason]}" for reason, number in told.items() if number]
    for line in lines or [f"nothing {'would be' if dry_run else 'was to be'} purged"]:
        click.echo(line)


def _list(title: str, headers: tuple[str, ...], tallies: list[Tally]) -> None:
    if not tallies:
        return
    click.echo(f"\n{title}")
    print_table(headers, [_row(one)[: len(headers)] for one in tallies])


def _row(one: Tally) -> tuple[object, ...]:
    known = {reason.value: said for reason, said in _REASONS.items()}
    return one.day, one.number, known.get(one.what, one.what), one.source or "-"
