"""The report as one page that needs nothing else: tables, charts, and the waits behind every figure.

Holds no customer's words: case numbers only, so erasing a person needs no look into old reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from monitor.domain.numbers import Numbers
from monitor.domain.parts import Division
from monitor.domain.report import Counted, Group, Report
from monitor.render.charts import charts
from monitor.render.figures import (
    STATES,
    TABLES,
    missed,
    named,
    sections,
)
from monitor.render.numbers_tables import Sheet, sheets
from monitor.render.pages import page
from monitor.render.summary import sentences, tiles
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import is_blind, local_time, plain, set_aside, source


@dataclass(frozen=True, slots=True)
class _Row:
    group: Group
    name: str
    anchor: str
    waits: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    is_all: bool
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class _Listed:
    """The waits of one row of what stands beside the report."""

    name: str
    anchor: str
    waits: tuple[str, ...]


def report_html(
    report: Report, zone: tzinfo, say_in: Tongue = IN_ENGLISH, numbers: Numbers | None = None
) -> str:
    """The page; times and days are those of `zone`. The same report gives the same text."""
    blind = [source(one, zone, say_in) for one in report.sources if is_blind(one)]
    none = [] if report.sources else [say_in("no source is configured")]
    return page(
        "report.html.j2",
        say_in=say_in,
        brand=plain(report.brand),
        since=local_time(report.period.since, zone, say_in),
        until=local_time(report.period.until, zone, say_in),
        as_of=local_time(report.as_of, zone, say_in),
        blind=blind or none,
        sentences=sentences(numbers, say_in) if numbers else (),
        tiles=tuple(tiles(report.total, say_in)),
        charts=charts(report, zone, say_in, numbers),
        received=report.total.figures.received,
        tables=TABLES,
        sections=tuple(_sections(report, say_in)),
        sheets=tuple(_sheets(numbers, say_in)) if numbers else (),
        sources=[source(one, zone, say_in) for one in report.sources],
        filtered=set_aside(report.filtered, say_in) if report.filtered else "",
        missed=missed(report, say_in),
    )


def _sections(report: Report, say_in: Tongue) -> Iterator[_Section]:
    for number, (title, groups) in enumerate(sections(report)):
        rows = tuple(
            _row(group, f"w{number}-{place}", say_in) for place, group in enumerate(groups)
        )
        yield _Section(say_in(title), number == 0, rows)


def _row(group: Group, anchor: str, say_in: Tongue) -> _Row:
    found = [(say_in(title), _names(group.names_in(state))) for state, title in STATES.items()]
    found.append((say_in("unconfirmed"), _names([one.name for one in group.unconfirmed])))
    return _Row(group, named(group.name, say_in), anchor, tuple(one for one in found if one[1]))


def _sheets(numbers: Numbers, say_in: Tongue) -> Iterator[tuple[Sheet, tuple[_Listed, ...]]]:
    """Each table with the waits behind its rows; the hours of the week have their own."""
    for sheet in sheets(numbers, say_in):
        listed = [
            _Listed(row.name, f"{sheet.name}-{place}", _cases(numbers.waits_of(row.asked)))
            for place, row in enumerate(sheet.rows)
            if row.asked is not None
        ]
        if sheet.name == "arrivals":
            listed = [
                _Listed(one.name, f"{Division.ARRIVAL}-{place}", _cases(one.waits))
                for place, one in enumerate(numbers.arrivals.parts)
                if one.n
            ]
        yield sheet, tuple(listed)


def _cases(waits: Sequence[Counted]) -> tuple[str, ...]:
    return _names([one.name for one in waits])


def _names(names: list[tuple[int, int]]) -> tuple[str, ...]:
    return tuple(f"{case}.{number}" for case, number in sorted(names))
