"""`report`: the figures of a period."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.periods import DEFAULT, as_of_moment, period_of
from monitor.cli.sending import brand_of, give, mail, number_of, send, spoken_at, written_as
from monitor.clock import utc_now
from monitor.domain.notice import Document, NoticeKind
from monitor.domain.numbers import Numbers, UnknownPartError
from monitor.domain.report import Counted
from monitor.domain.sla import State
from monitor.render.tongue import ENGLISH, LANGUAGES, Tongue, tongue

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.store.engine import Database

_FORMATS = ("terminal", "html", "csv", "json", "pdf")


@click.command(short_help="Figures of a period: terminal, HTML, PDF, CSV or JSON.")
@click.option("--from", "since", metavar="DAY", help="Begin: a local day or time.")
@click.option("--to", "until", metavar="DAY", help="End, itself left out; default: --as-of.")
@click.option("--last", metavar="SPAN", help=f"week, month, or a span; default: {DEFAULT}.")
@click.option("--as-of", metavar="TIME", help="The moment from which it is seen; default: now.")
@click.option("--brand", help="Default: the only one.")
@click.option("--waits", is_flag=True, help="List the waits behind the figures instead.")
@click.option("--of", metavar="BY=NAME", help="Of one figure: network=reddit, age=over 7 d, …")
@click.option("--state", type=click.Choice([one.value for one in State]), help="In that state.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="Of words. Default: of whom it is told, else en.",
)
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
      complaint-monitor report --last month --language ro --format pdf --output luna.pdf
    """
    asked = _Asked(**options)
    if (asked.of or asked.state) and not asked.waits:
        raise click.UsageError("--of and --state choose among --waits")
    if asked.format == "pdf" and asked.output is None and not asked.is_sent:
        raise click.UsageError("--format pdf is no text: say --output FILE")
    with opened(ctx) as its:
        settings = its.settings
        name = brand_of(settings, asked.brand)
        made = _read(its.database, name, asked, settings)
    if not asked.is_sent or asked.output is not None:
        give(_said(made, asked), asked.output)
    if asked.is_sent:
        told = spoken_at(settings, asked.tell) if asked.tell is not None else None
        content = document(made, tongue(asked.language or told or ENGLISH), asked.attached)
        if asked.email is not None:
            mail(settings, asked.email, kind=NoticeKind.REPORT, brand=name, content=content)
        if asked.tell is not None:
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
    language: str | None
    output: Path | None
    email: str | None
    tell: str | None

    @property
    def format(self) -> str:
        return "json" if self.as_json else self.format_

    @property
    def is_sent(self) -> bool:
        return self.email is not None or self.tell is not None

    @property
    def attached(self) -> tuple[str, ...]:
        """What lies beside the page when it is sent."""
        return () if self.format in ("terminal", "html") else (self.format,)


def _read(database: Database, brand: str, asked: _Asked, settings: Settings) -> Numbers:
    from monitor.store import readings

    zone = ZoneInfo(settings.timezone)
    as_of = as_of_moment(asked.as_of, zone, now=utc_now())
    period = period_of(asked.since, asked.until, asked.last, as_of=as_of, zone=zone)
    number = number_of(database, brand)
    with database.reading() as conn:
        return readings.numbers(
            conn, number, period=period, as_of=as_of, zone=zone, staffed=settings.staffed()
        )


def _said(numbers: Numbers, asked: _Asked) -> str | bytes:
    if asked.waits:
        return _waits(chosen(numbers, asked.of, asked.state), asked.format, numbers.zone)
    return said(numbers, asked.format, tongue(asked.language or ENGLISH))


def said(numbers: Numbers, format_: str, say_in: Tongue) -> str | bytes:
    """The report in one of the formats."""
    report, zone = numbers.report, numbers.zone
    match format_:
        case "html":
            from monitor.render.report_html import report_html

            return report_html(report, zone, say_in, numbers)
        case "pdf":
            from monitor.render.report_pdf import report_pdf

            return report_pdf(numbers, say_in)
        case "csv":
            from monitor.render.report_csv import report_csv

            return report_csv(report, numbers)
        case "json":
            from monitor.render.report_json import numbers_data

            return _json(numbers_data(numbers))
        case _:
            from monitor.render.report_text import report_text

            return report_text(report, zone, say_in, numbers)


def document(numbers: Numbers, say_in: Tongue, attached: Sequence[str]) -> Document:
    """The report for whom it is sent to."""
    from monitor.render.report_document import document as made

    return made(numbers, say_in, attached)


def chosen(numbers: Numbers, of: str | None, state: str | None) -> Sequence[Counted]:
    """The waits of a figure, the unconfirmed too, in a state. Raises click.UsageError."""
    try:
        found = numbers.waits_of(of)
    except UnknownPartError as error:
        raise click.UsageError(f"--of {error}") from error
    return [one for one in found if state is None or one.state == state]


def _waits(waits: Sequence[Counted], format_: str, zone: ZoneInfo) -> str:
    match format_:
        case "csv":
            from monitor.render.report_csv import waits_csv

            return waits_csv(waits)
        case "json":
            from monitor.render.report_json import waits_data

            return _json(waits_data(waits))
        case "html" | "pdf":
            raise click.UsageError("--waits is for the terminal, csv or json; the page has its own")
        case _:
            from monitor.render.report_text import waits_text

            return waits_text(waits, zone)


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)
