"""`cases search`: the cases in which something was said, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import opened
from monitor.cli.printing import print_json, print_table
from monitor.domain.errors import ConfigError
from monitor.render.words import cut, plain

if TYPE_CHECKING:
    from monitor.store.listing import Row

_EXCERPT = 60


@click.command("search", short_help="The cases in which something was said, newest first.")
@click.argument("words", nargs=-1, required=True)
@click.option("--brand", help="Of one brand alone.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Lines.")
@click.option("--before", type=click.IntRange(1), help="Only cases with smaller numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def search(
    ctx: click.Context,
    words: tuple[str, ...],
    brand: str | None,
    limit: int,
    before: int | None,
    as_json: bool,
) -> None:
    r"""Search what was said and by whom, in open cases and in those that are over.

    All words must be in one post, its title, its address or its author's names; the last may be the
    beginning of one. What stands in quotation marks stands there in a row, and what has a - before it
    stands in no post of the case (behind --, so that it is no option). Case and accents make no
    difference.

    \b
    Examples:
      complaint-monitor cases search refund ana
      complaint-monitor cases search --limit 10 -- '"still waiting"' -voucher
    """
    from monitor.domain.search import search as read
    from monitor.store import brands, listing

    with opened(ctx) as its, its.database.reading() as conn:
        known = {name: number for number, name in brands.names(conn).items()}
        if brand is not None and brand not in known:
            raise ConfigError(f"--brand {brand}: there is no such brand; known: {', '.join(known)}")
        wanted = listing.WantedCases(said=read(" ".join(words)), brand=brand)
        found = listing.cases_page(conn, wanted, known.values(), before=before, limit=limit + 1)
    rows = found.rows[:limit]
    if as_json:
        print_json([_as_object(row) for row in rows])
        return
    if not rows:
        click.echo("nothing was found")
        return
    print_table(
        ("case", "status", "severity", "network", "author", "post"), [_line(row) for row in rows]
    )
    if len(found.rows) > limit:
        click.echo(f"there are more: --before {rows[-1].id} shows them")


def _line(row: Row) -> tuple[object, ...]:
    said = row.post_title or row.post_text or "(purged)"
    text = cut(plain(said).replace("\n", " "), _EXCERPT)
    return row.id, row.status, _severity(row), row.network, plain(_author(row) or "-"), text


def _as_object(row: Row) -> dict[str, Any]:
    return {
        "case": row.id,
        "brand": row.brand,
        "network": row.network,
        "status": row.status,
        "severity": _severity(row),
        "opened_at": row.opened_at,
        "owner": row.owner,
        "author": _author(row),
        "title": row.post_title,
        "text": row.post_text,
        "url": row.post_url,
    }


def _severity(row: Row) -> str:
    from monitor.domain.judgement import Severity

    return Severity(row.severity).word


def _author(row: Row) -> str | None:
    return f"@{row.handle.lstrip('@')}" if row.handle else row.name
