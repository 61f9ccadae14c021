"""The report as one page that needs nothing else: tables, charts, and the waits behind every figure.

Holds no customer's words: case numbers only, so erasing a person needs no look into old reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from monitor.domain.report import Group, Report
from monitor.domain.sla import State
from monitor.render.charts import charts
from monitor.render.figures import (
    STATES,
    TABLES,
    bounds,
    method,
    missed,
    percent,
    reached,
    sections,
)
from monitor.render.pages import page
from monitor.render.words import is_blind, local_time, plain, set_aside, source


@dataclass(frozen=True, slots=True)
class _Tile:
    title: str
    figure: str
    note: str


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


def report_html(report: Report, zone: tzinfo) -> str:
    """The page; times and days are those of `zone`. The same report gives the same text."""
    return page(
        "report.html.j2",
        brand=plain(report.brand),
        since=local_time(report.period.since, zone),
        until=local_time(report.period.until, zone),
        as_of=local_time(report.as_of, zone),
        blind=[source(one, zone) for one in report.sources if is_blind(one)]
        or ([] if report.sources else ["no source is configured"]),
        tiles=tuple(_tiles(report.total)),
        charts=charts(report, zone),
        received=report.total.figures.received,
        tables=TABLES,
        sections=tuple(_sections(report)),
        sources=[source(one, zone) for one in report.sources],
        filtered=set_aside(report.filtered) if report.filtered else "",
        missed=missed(report),
    )


def _tiles(total: Group) -> Iterator[_Tile]:
    figures = total.figures
    states, response = figures.states, figures.response
    yield _Tile("Waits", str(figures.received), "customers who wanted an answer")
    decided = figures.within.met + figures.within.breached
    yield _Tile(
        "Within the SLA",
        percent(figures.within.value),
        f"{bounds(figures.within)}, {decided} decided",
    )
    yield _Tile(
        "Half are answered within",
        reached(response.median, response.n),
        f"{method(response)}, n {response.n}, {response.n_open} open",
    )
    yield _Tile(
        "Breached",
        str(figures.breaches),
        f"{states[State.BREACHED_ANSWERED]} late, {states[State.BREACHED_OPEN]} unanswered",
    )
    yield _Tile(
        "Not decided",
        str(figures.within.undecided),
        f"{states[State.PENDING]} not due, {states[State.UNVERIFIED]} unverified",
    )
    yield _Tile("To confirm", str(total.to_confirm), "possible complaints, in no figure here")


def _sections(report: Report) -> Iterator[_Section]:
    for number, (title, groups) in enumerate(sections(report)):
        rows = tuple(_row(group, f"w{number}-{place}") for place, group in enumerate(groups))
        yield _Section(title, number == 0, rows)


def _row(group: Group, anchor: str) -> _Row:
    found = [(title, _names(group.names_in(state))) for state, title in STATES.items()]
    found.append(("unconfirmed", _names([one.name for one in group.unconfirmed])))
    return _Row(group, plain(group.name), anchor, tuple(one for one in found if one[1]))


def _names(names: list[tuple[int, int]]) -> tuple[str, ...]:
    return tuple(f"{case}.{number}" for case, number in sorted(names))
