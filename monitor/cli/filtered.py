"""`filtered`: posts that a rule of relevance set aside."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.periods import since_moment, since_option
from monitor.cli.printing import print_json, print_table
from monitor.cli.sending import number_if_named
from monitor.clock import utc_now
from monitor.domain.relevance import Filter
from monitor.render.words import cut, local_time, plain

_EXCERPT = 60


@click.command(short_help="Posts that were set aside, and by which rule.")
@click.option("--rule", type=click.Choice([one.value for one in Filter]), help="By this rule.")
@click.option("--brand", help="Of one brand alone; default: all.")
@since_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def filtered(
    ctx: click.Context, rule: str | None, brand: str | None, since: str, as_json: bool
) -> None:
    r"""List the posts that no case was opened for as they are not about the brand, the latest first.

    Each with the rule and what it would be without it. One that was set aside wrongly gets a case with
    `complaint-monitor cases open ADDRESS`; the rules are in the config, under [brands.relevance].

    \b
    Examples:
      complaint-monitor filtered
      complaint-monitor filtered --rule context --since 24h
      complaint-monitor filtered --json
    """
    from monitor.store import filtered as stored

    with opened(ctx) as its:
        zone = ZoneInfo(its.settings.timezone)
        begin = since_moment(since, zone, now=utc_now())
        number = number_if_named(its, brand)
        with its.database.reading() as conn:
            found = stored.listed(conn, begin, brand_id=number, rule=rule)
    if as_json:
        print_json(found)
    elif not found:
        click.echo("no post was set aside")
    else:
        print_table(
            ("brand", "network", "came", "rule", "would be", "case", "address", "says, and why"),
            [
                (
                    one.brand,
                    one.network,
                    local_time(one.seen_at, zone),
                    one.rule,
                    one.would_be,
                    one.case or "-",
                    plain(one.url or one.external_id),
                    f"{cut(plain(one.text or '(purged)'), _EXCERPT)} | {plain(one.reason)}",
                )
                for one in found
            ],
        )
