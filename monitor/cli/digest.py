"""`digest`: what is unanswered."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.periods import as_of_moment
from monitor.cli.printing import as_data
from monitor.cli.sending import brand_of, give, mail, number_of, written_as
from monitor.clock import utc_now
from monitor.domain.notice import Digest, NoticeKind
from monitor.render.words import say_digest

_FORMATS = ("terminal", "html", "json")


@click.command(short_help="Show or send what is unanswered.")
@click.option("--as-of", metavar="TIME", help="As it was then; default: now.")
@click.option("--brand", help="Default: the only one.")
@written_as(*_FORMATS)
@click.pass_context
def digest(
    ctx: click.Context,
    as_of: str | None,
    brand: str | None,
    format_: str,
    as_json: bool,
    output: Path | None,
    email: str | None,
) -> None:
    r"""Print the unanswered complaints, oldest first, and whether each source could be read.

    `run` sends it by itself on business days; this one is besides, and as often as you like.

    \b
    Examples:
      complaint-monitor digest
      complaint-monitor digest --format html --output today.html
      complaint-monitor digest --email
    """
    from monitor.store import readings

    with opened(ctx) as its:
        settings, zone = its.settings, ZoneInfo(its.settings.timezone)
        name = brand_of(settings, brand)
        seen_at = as_of_moment(as_of, zone, now=utc_now())
        day, number = seen_at.astimezone(zone).date(), number_of(its.database, name)
        with its.database.reading() as conn:
            made = readings.digest(conn, number, day, seen_at, settings.schedule())
    if email is None or output is not None:
        give(_said(made, "json" if as_json else format_, zone), output)
    if email is not None:
        mail(settings, email, kind=NoticeKind.DIGEST, brand=name, content=made)


def _said(digest: Digest, format_: str, zone: ZoneInfo) -> str:
    match format_:
        case "html":
            from monitor.render.digest_html import digest_html

            return digest_html(digest, zone)
        case "json":
            return json.dumps(as_data(digest), ensure_ascii=False, indent=2)
        case _:
            return say_digest(digest, zone).text
