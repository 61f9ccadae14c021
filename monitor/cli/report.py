"""`report`: the figures of a period."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.periods import DEFAULT, as_of_moment, period_of
from monitor.cli.sending import brand_of, give, mail, number_of, send, written_as
from monitor.clock import utc_now
from monitor.domain.notice import Document, NoticeKind
from monitor.domain.report import By, Counted, Report
from monitor.domain.sla import State

if TYPE_CHECKING:
    from monitor.store.engine import Database

_FORMATS = ("terminal", "html", "csv", "json")


@click.command(short_help="Figures of a period: terminal, HTML, CSV or JSON.")
@click.option("--from", "since", metavar="DAY", help="Begin: a local day or time.")
@click.option("--to", "until", metavar="DAY", help="End, itself left out; default: --as-of.")
@click.option("--last", metavar="SPAN", help=f"week, month, or a span; default: {DEFAULT}.")
@click.option("--as-of", metavar="TIME", help="The moment from which it is seen; default: now.")
@click.option("--brand", help="Default: the only one.")
@click.option("--waits", is_flag=True, help="List the waits behind the figures instead.")
@click.option("--of", metavar="BY=NAME", help="Of one group alone, such as network=reddit.")
@click.option("--state", type=click.Choice([one.value for one in State]), help="In that state.")
@written_as(*_FORMATS, mailed="Mail it with its page")
@click.option(
    "--tell", metavar="AUDIENCE", help="Send it, its chart and its page: slack, slack:leads, …"
)
@click.pass_context
def report(ctx: click.Context, /, **options: Any) -> None:
    r"""Print the figures of the waits that began in a period, as they stand at a moment.

    The same period and moment give the same report. Every figure leads to its waits: `--waits`.

    \b
    Examples:
      complaint-monitor report --last month
      complaint-monitor report --from 2026-10-01 --to 2026-11-01 --format html --output october.html
      complaint-monitor report --waits --of network=reddit --state breached_open --format csv
      complaint-monitor report --last week --email leads@shop.example
      complaint-monitor report --last week --tell slack:leads
    """
    asked = _Asked(**options)
    if (asked.of or asked.state) and not asked.waits:
        raise click.UsageError("--of and --state choose among --waits")
    with opened(ctx) as its:
        settings, zone = its.settings, ZoneInfo(its.settings.timezone)
        name = brand_of(settings, asked.brand)
        made = _read(its.database, name, asked, zone)
    if (asked.email is None and asked.tell is None) or asked.output is not None:
        give(_said(made, asked, zone), asked.output)
    if asked.email is not None:
        content = document(made, zone)
        mail(settings, asked.email, kind=NoticeKind.REPORT, brand=name, content=content)
    if asked.tell is not None:
        content = pictured(made, zone)
        send(settings, asked.tell, kind=NoticeKind.REPORT, brand=name, content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The command line."""

    since: str | None
    until: str | None
    last: str | None
    as_of: str | None
    brand: str | None
    format_: str
    as_json: bool
    waits: bool
    of: str | None
    state: str | None
    output: Path | None
    email: str | None
    tell: str | None

    @property
    def format(self) -> str:
        return "json" if self.as_json else self.format_


def _read(database: Database, brand: str, asked: _Asked, zone: ZoneInfo) -> Report:
    from monitor.store import readings

    as_of = as_of_moment(asked.as_of, zone, now=utc_now())
    period = period_of(asked.since, asked.until, asked.last, as_of=as_of, zone=zone)
    number = number_of(database, brand)
    with database.reading() as conn:
        return readings.report(conn, number, period=period, as_of=as_of)


def _said(report: Report, asked: _Asked, zone: ZoneInfo) -> str:
    if asked.waits:
        return _waits(chosen(report, asked.of, asked.state), asked.format, zone)
    return said(report, asked.format, zone)


def said(report: Report, format_: str, zone: ZoneInfo) -> str:
    """The report in one of the formats."""
    from monitor.render.report_csv import report_csv
    from monitor.render.report_json import report_data
    from monitor.render.report_text import report_text

    match format_:
        case "html":
            from monitor.render.report_html import report_html

            return report_html(report, zone)
        case "csv":
            return report_csv(report)
        case "json":
            return _json(report_data(report))
        case _:
            return report_text(report, zone)


def document(report: Report, zone: ZoneInfo) -> Document:
    """The report for a mail: its text, and its page beside it."""
    from monitor.render.report_text import report_text

    first, *rest = report_text(report, zone).splitlines()
    day = report.period.until.astimezone(zone).date().isoformat()
    return Document(first, tuple(rest), f"report-{day}.html", said(report, "html", zone))


def pictured(report: Report, zone: ZoneInfo) -> Document:
    """The same with its chart, for where pictures are shown."""
    from monitor.render.charts import picture

    return replace(document(report, zone), picture=picture(report, zone))


def chosen(report: Report, of: str | None, state: str | None) -> Sequence[Counted]:
    """The waits of a group, the unconfirmed too, in a state. Raises click.UsageError."""
    group = report.total
    if of is not None:
        by, _, name = of.partition("=")
        if by not in set(By):
            raise click.UsageError(f"--of {of}: say {'=…, '.join(By)}=…")
        found = [one for one in report.groups[By(by)] if one.name == name]
        if not found:
            known = ", ".join(one.name for one in report.groups[By(by)]) or "none"
            raise click.UsageError(f"--of {of}: there are {known}")
        group = found[0]
    everything = (*group.waits, *group.unconfirmed)
    return [one for one in everything if state is None or one.state == state]


def _waits(waits: Sequence[Counted], format_: str, zone: ZoneInfo) -> str:
    from monitor.render.report_csv import waits_csv
    from monitor.render.report_json import waits_data
    from monitor.render.report_text import waits_text

    match format_:
        case "csv":
            return waits_csv(waits)
        case "json":
            return _json(waits_data(waits))
        case "html":
            raise click.UsageError("--waits is for the terminal, csv or json; the page has its own")
        case _:
            return waits_text(waits, zone)


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)
