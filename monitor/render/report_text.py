"""The report as plain text for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from textwrap import wrap

from monitor.domain.report import Report
from monitor.render.figures import TABLES, Table, sections
from monitor.render.words import local_time, plain, source

_GAP = "  "
_WIDTH = 110


def report_text(report: Report, zone: tzinfo) -> str:
    """The whole report, times in `zone`; ends with a line break."""
    return "\n".join((*_lines(report, zone), ""))


def _lines(report: Report, zone: tzinfo) -> Iterator[str]:
    since, until = (local_time(at, zone) for at in (report.period.since, report.period.until))
    yield f"{plain(report.brand)}: waits that began from {since} to before {until}"
    yield f"as of {local_time(report.as_of, zone)}"
    for table in TABLES:
        yield ""
        yield table.title
        yield from _table(report, table)
        yield from wrap(table.note, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield "Sources"
    for one in report.sources:
        yield f"  {source(one, zone)}"
    if not report.sources:
        yield "  none is configured: nothing could be seen"


def _table(report: Report, table: Table) -> Iterator[str]:
    rows = [["", *(one.title for one in table.columns)]]
    for title, groups in sections(report):
        if len(rows) > 1:
            rows.append([title])
        for group in groups:
            indent = "" if len(rows) == 1 else "  "
            cells = (one.cell(group) for one in table.columns)
            rows.append([f"{indent}{plain(group.name)}", *cells])
    widths = [
        max(len(row[column]) for row in rows if len(row) > 1)
        for column in range(len(table.columns) + 1)
    ]
    for row in rows:
        yield f"  {_row(row, widths)}"


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    if len(row) == 1:
        return row[0]
    name, *cells = row
    right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
    return _GAP.join((name.ljust(widths[0]), *right)).rstrip()
