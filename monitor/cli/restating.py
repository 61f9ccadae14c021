"""`restate`: a report that was told, and what its figures are by what is known now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.periods import as_of_moment, moment, period_of
from monitor.cli.printing import print_json, print_table
from monitor.cli.sending import brand_of, number_of
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.render.texts import local_time
from monitor.render.tongue import ENGLISH, LANGUAGES, Tongue, tongue

if TYPE_CHECKING:
    from monitor.domain.restated import Restated
    from monitor.store.restating import Told

_SHOWN = 50


@click.command(short_help="A report that was told, old and new figures, and why they moved.")
@click.option("--from", "since", metavar="DAY", help="The report's begin.")
@click.option("--to", "until", metavar="DAY", help="Its end, itself left out.")
@click.option("--last", metavar="SPAN", help="Or week, month, or a span.")
@click.option("--as-of", metavar="TIME", help="The moment from which it was seen; default: --told.")
@click.option("--told", metavar="TIME", help="When people were told it.")
@click.option("--brand", help="Default: the only one.")
@click.option("--list", "lists", is_flag=True, help="List the reports that were sent instead.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=_SHOWN,
    show_default=True,
    help="Waits that are listed; 0: all.",
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), default=ENGLISH, show_default=True, help="Of words."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every wait.")
@click.pass_context
def restate(ctx: click.Context, /, **asked: Any) -> None:
    r"""Compare a report as people were told it with what is known of its period now.

    Posts that came late, answers that were found later, corrections by staff: each figure is shown old
    and new, and each wait that counts otherwise with the reason and when that was learnt. Without
    options it is the report by schedule that was sent last. Nothing is changed, and nobody is told.

    \b
    Examples:
      complaint-monitor restate
      complaint-monitor restate --list
      complaint-monitor restate --from 2026-10-01 --to 2026-11-01 --told 2026-11-02T09:00
      complaint-monitor restate --last week --told 2026-11-02T09:00 --language ro --json
    """
    from monitor.store import restating

    say_in, now = tongue(asked["language"]), utc_now()
    with opened(ctx) as its, its.database.reading() as conn:
        zone = ZoneInfo(its.settings.timezone)
        number = number_of(its.database, brand_of(its.settings, asked["brand"]))
        there = restating.told(conn, number)
        if asked["lists"]:
            _list(there, zone, as_json=asked["as_json"])
            return
        one = _of(asked, there, zone) if asked["told"] or _names_one(asked) else _newest(there)
        if one.told_at > now:
            raise click.UsageError("--told: that is in the future")
        if one.told_at < one.period.since:
            raise click.UsageError("--told: that is before the period began")
        found = restating.restated(
            conn, number, period=one.period, as_of=one.as_of, told_at=one.told_at
        )
    if asked["as_json"]:
        from monitor.render.restated_text import restated_data

        print_json(restated_data(found))
        return
    _print(found, zone, say_in, asked["limit"])


def _names_one(asked: dict[str, Any]) -> bool:
    return any(asked[one] for one in ("since", "until", "last", "as_of"))


def _newest(there: list[Told]) -> Told:
    if not there:
        raise ConfigError(
            "no report by schedule was sent yet ([[reports]] in the config): say which one people were "
            "told, by --from, --to and --told"
        )
    return there[0]


def _of(asked: dict[str, Any], there: list[Told], zone: ZoneInfo) -> Told:
    """The report that the command line names; one that was sent says by itself when."""
    from monitor.store.restating import Told

    told_at = moment(asked["told"], zone) if asked["told"] else None
    now = utc_now()
    as_of = as_of_moment(asked["as_of"], zone, now=told_at or now)
    period = period_of(asked["since"], asked["until"], asked["last"], as_of=as_of, zone=zone)
    if told_at is not None:
        return Told(period, as_of, told_at)
    sent = next((one for one in there if one.period == period), None)
    if sent is None:
        raise click.UsageError("no report of that period was sent: say by --told when it was told")
    return sent


def _list(there: list[Told], zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        print_json(there)
    elif not there:
        click.echo("no report by schedule was sent yet")
    else:
        print_table(
            ("told", "from", "to", "as of"),
            [
                tuple(
                    local_time(at, zone)
                    for at in (one.told_at, one.period.since, one.period.until, one.as_of)
                )
                for one in there
            ],
        )


def _print(found: Restated, zone: ZoneInfo, say_in: Tongue, limit: int) -> None:
    from monitor.render.restated_text import headline, rows, stood, why

    click.echo(f"{headline(found, zone, say_in)}\n")
    print_table(
        ("", say_in("told"), say_in("now")),
        [(f"{name} *" if old != new else name, old, new) for name, old, new in rows(found, say_in)],
    )
    if not found.moved:
        click.echo(f"\n{say_in('No wait counts otherwise.')}")
        return
    shown = found.moved[: limit or None]
    click.echo("")
    print_table(
        tuple(say_in(one) for one in ("case", "told", "now", "why", "learnt")),
        [
            (
                f"{one.case_id}.{one.number}",
                stood(one.before, say_in),
                stood(one.after, say_in),
                why(one, say_in),
                local_time(one.learnt_at, zone, say_in) if one.learnt_at else "-",
            )
            for one in shown
        ],
    )
    if len(shown) < len(found.moved):
        click.echo(f"and {len(found.moved) - len(shown)} more: --limit 0 shows all")
