"""`policy simulate`: past cases under changed policies, before they are adopted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.explaining import settings_brand
from monitor.cli.opening import config_path, opened
from monitor.cli.periods import as_of_moment, period_of
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.escalation_difference import Change, Difference, Line
from monitor.render.policy_words import both_sides
from monitor.render.words import local_time

if TYPE_CHECKING:
    from monitor.domain.report import Period

_SHOWN = 20


@click.command(short_help="Past cases under changed policies: what would be told otherwise.")
@click.option("--from", "since", help="The first day, or a time.")
@click.option("--to", "until", help="The day or time at which it ends; default: now.")
@click.option("--last", help="week, month, or a span such as 30d; default: 30d.")
@click.option(
    "--config",
    "changed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The config with the changed policies; default: the one in force.",
)
@click.option("--brand", help="Of one brand alone.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=_SHOWN,
    show_default=True,
    help="Changed messages that are listed; 0: all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every message.")
@click.pass_context
def simulate(ctx: click.Context, /, limit: int, as_json: bool, **asked: Any) -> None:
    r"""Play the cases of a period again, by the policies that held for them and by changed ones.

    Both are played as if the program had always run, and people had done what they did: so the
    difference is that of the policies alone. Which message would have come earlier, later, to others, no
    longer or newly; how many were answered in time by either target. Without --config the changed ones
    are those of the config in force, which may have changed since. Nothing is stored, nobody is told.

    \b
    Examples:
      complaint-monitor policy simulate --last month --config new.toml
      complaint-monitor policy simulate --from 2026-10-01 --to 2026-11-01 --config new.toml --limit 0
    """
    from monitor import settings as config
    from monitor.policies.simulating import difference

    with opened(ctx) as its:
        changed = config.read(asked["changed"]) if asked["changed"] else its.settings
        zone, now = ZoneInfo(its.settings.timezone), utc_now()
        as_of = as_of_moment(None, zone, now=now)
        period = period_of(asked["since"], asked["until"], asked["last"], as_of=as_of, zone=zone)
        if asked["brand"]:
            settings_brand(its.settings, asked["brand"])
        with its.database.reading() as conn:
            found = difference(
                conn,
                its.settings,
                changed,
                period,
                now=now,
                brands_of=[asked["brand"]] if asked["brand"] else None,
            )
    if as_json:
        print_json(_as_object(found, period))
        return
    name = asked["changed"] or config_path(ctx)
    _print(found, period, str(name), zone, limit)


def _print(found: Difference, period: Period, name: str, zone: ZoneInfo, limit: int) -> None:
    since, until = (local_time(one, zone) for one in (period.since, period.until))
    click.echo(f"{found.waits} waits that began from {since} to {until}, played by {name}")
    if not found.waits:
        return
    before, after = found.in_time["before"], found.in_time["after"]
    due = ", ".join(
        f"{found.due[one]} {said}"
        for one, said in (
            (Change.EARLIER, "earlier"),
            (Change.LATER, "later"),
            (Change.SAME, "at the same time"),
        )
    )
    click.echo(f"  due               {due}")
    click.echo(
        f"  answered in time  {before} before, {after} after; {found.unanswered} never answered"
    )
    changes = ", ".join(f"{found.changes[one]} {one.value}" for one in Change)
    click.echo(f"  messages          {changes}\n")
    places = sorted({*found.messages["before"], *found.messages["after"]})
    print_table(
        ("whom", "before", "after"),
        [(one, found.messages["before"][one], found.messages["after"][one]) for one in places],
    )
    changed = [one for one in found.lines if one.change is not Change.SAME]
    if not changed:
        click.echo("\nno message would change")
        return
    shown = changed[: limit or None]
    click.echo("")
    print_table(
        ("case", "step", "change", "before", "after"),
        [_row(one, zone) for one in shown],
    )
    if len(shown) < len(changed):
        click.echo(f"and {len(changed) - len(shown)} more: --limit 0 shows all {len(changed)}")


def _row(one: Line, zone: ZoneInfo) -> tuple[object, ...]:
    return one.case_id, one.step, one.change.value, *both_sides(one, zone)


def _as_object(found: Difference, period: Period) -> dict[str, Any]:
    return {
        "from": period.since,
        "to": period.until,
        "waits": found.waits,
        "unanswered": found.unanswered,
        "due": {one.value: found.due[one] for one in (Change.EARLIER, Change.LATER, Change.SAME)},
        "answered_in_time": found.in_time,
        "changes": {one.value: found.changes[one] for one in Change},
        "messages": found.messages,
        "lines": found.lines,
    }
