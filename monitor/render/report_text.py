"""The report as plain text for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta, tzinfo
from textwrap import wrap

from monitor.domain.report import Counted, Report
from monitor.render.figures import NOTHING, STATES, TABLES, Table, missed, sections
from monitor.render.report_csv import in_order
from monitor.render.words import duration, local_time, plain, set_aside, source

_GAP = "  "
_WIDTH = 110


def report_text(report: Report, zone: tzinfo) -> str:
    """The whole report, times in `zone`; ends with a line break."""
    return "\n".join((*_lines(report, zone), ""))


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
    yield "Missed"
    yield from wrap(missed(report), _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield "Sources"
    for one in report.sources:
        yield f"  {source(one, zone)}"
    if not report.sources:
        yield "  none is configured: nothing could be seen"
    if report.filtered:
        yield ""
        yield set_aside(report.filtered)


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
