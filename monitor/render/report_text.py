"""The report as plain text for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta, tzinfo
from textwrap import wrap

from monitor.domain.numbers import Numbers
from monitor.domain.report import Counted, Report
from monitor.render.figures import NOTHING, STATES, TABLES, Table, missed, named, sections
from monitor.render.numbers_tables import Sheet, sheets
from monitor.render.report_csv import in_order
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import duration, local_time, plain, set_aside, source

_GAP = "  "
_WIDTH = 110


def report_text(
    report: Report, zone: tzinfo, say_in: Tongue = IN_ENGLISH, numbers: Numbers | None = None
) -> str:
    """The whole report, and what stands beside it, times in `zone`; ends with a line break."""
    return "\n".join((*_lines(report, zone, say_in, numbers), ""))


def waits_text(waits: Iterable[Counted], zone: tzinfo) -> str:
    """What a figure leads to, oldest first."""
    rows = [["case", "state", "network", "severity", "has it", "began", "waited"]]
    for one in in_order(waits):
        state = STATES[one.state] if one.wait.confirmed else "unconfirmed"
        rows.append(
            [
                f"{one.wait.case_id}.{one.wait.number}",
                state,
                plain(one.wait.network),
                one.wait.severity.word,
                plain(one.wait.owner or NOTHING),
                local_time(one.wait.started_at, zone),
                duration(timedelta(seconds=one.waited)),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join((*lines, ""))


def _lines(report: Report, zone: tzinfo, say_in: Tongue, numbers: Numbers | None) -> Iterator[str]:
    period = report.period
    since, until = (local_time(at, zone, say_in) for at in (period.since, period.until))
    yield say_in(
        "{brand}: waits that began from {since} to before {until}",
        brand=plain(report.brand),
        since=since,
        until=until,
    )
    yield say_in("as of {time}", time=local_time(report.as_of, zone, say_in))
    for table in TABLES:
        yield from ("", say_in(table.title), *_table(report, table, say_in), *_note(table, say_in))
    for sheet in sheets(numbers, say_in) if numbers else ():
        yield from ("", sheet.title, *_sheet(sheet), *_wrapped(sheet.note))
    yield from ("", say_in("Missed"), *_wrapped(missed(report, say_in)), "", say_in("Sources"))
    for one in report.sources:
        yield f"  {source(one, zone, say_in)}"
    if not report.sources:
        yield f"  {say_in('none is configured: nothing could be seen')}"
    if report.filtered:
        yield from ("", set_aside(report.filtered, say_in))


def _note(table: Table, say_in: Tongue) -> list[str]:
    return _wrapped(say_in(table.note))


def _wrapped(text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _table(report: Report, table: Table, say_in: Tongue) -> Iterator[str]:
    rows = [["", *(say_in(one.title) for one in table.columns)]]
    for title, groups in sections(report):
        if len(rows) > 1:
            rows.append([say_in(title)])
        for group in groups:
            indent = "" if len(rows) == 1 else "  "
            cells = (one.cell(group, say_in) for one in table.columns)
            rows.append([f"{indent}{named(group.name, say_in)}", *cells])
    return _aligned(rows)


def _sheet(sheet: Sheet) -> Iterator[str]:
    return _aligned([["", *sheet.headings], *([one.name, *one.cells] for one in sheet.rows)])


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [
        max(len(row[column]) for row in rows if len(row) > 1) for column in range(len(rows[0]))
    ]
    for row in rows:
        yield f"  {_row(row, widths)}"


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    if len(row) == 1:
        return row[0]
    name, *cells = row
    right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
    return _GAP.join((name.ljust(widths[0]), *right)).rstrip()
