"""The report and its waits as CSV. Durations are seconds, times ISO 8601 in UTC, shares 0 to 1.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula; such a text is given an
apostrophe in front, which spreadsheets hide.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import TypeAlias

from monitor.domain.numbers import Numbers
from monitor.domain.parts import Division
from monitor.domain.report import Counted, Group, Report, group_of
from monitor.domain.sla import State
from monitor.render.figures import NOT_REACHED

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell: TypeAlias = str | int | float | None


def report_csv(report: Report, numbers: Numbers | None = None) -> str:
    """One row a group, the whole first; then one a part of what stands beside the report."""
    rows = [["by", "name", *_FIGURES]]
    groups = [("all", report.total)]
    groups += [(by.value, group) for by, found in report.groups.items() for group in found]
    groups += _beside(numbers) if numbers else ()
    for by, group in groups:
        rows.append([by, _safe(group.name), *(_text(make(group)) for make in _FIGURES.values())])
    return _written(rows)


def _beside(numbers: Numbers) -> Iterator[tuple[str, Group]]:
    """Over time, by hour of the week, lag, lateness and age; hours in which nobody wrote are left out."""
    yield from ((Division.BEGAN.value, one.group) for one in numbers.over_time)
    divided = (
        (Division.ARRIVAL, [one for one in numbers.arrivals.parts if one.n]),
        (Division.LAG, numbers.lags),
        (Division.LATENESS, numbers.lateness),
        (Division.AGE, numbers.ages),
    )
    for division, parts in divided:
        yield from ((division.value, group_of(one.name, one.waits, ())) for one in parts)


def waits_csv(waits: Iterable[Counted]) -> str:
    """One row a wait: what a figure leads to."""
    rows = [list(WAIT)]
    rows += [[_text(make(one)) for make in WAIT.values()] for one in in_order(waits)]
    return _written(rows)


def in_order(waits: Iterable[Counted]) -> Sequence[Counted]:
    """Oldest first."""
    return sorted(waits, key=lambda one: (one.wait.started_at, one.name))


def _written(rows: Iterable[Sequence[str]]) -> str:
    file = StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return _safe(cell)
        case float():
            return f"{cell:.6g}" if cell < 1 else f"{cell:.0f}"
        case _:
            return str(cell)


def _percentile(span: timedelta | None, n: int) -> Cell:
    """Empty without waits: to be not reached is another thing."""
    if span is None:
        return NOT_REACHED if n else None
    return span.total_seconds()


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _in(state: State) -> Callable[[Group], Cell]:
    return lambda group: group.figures.states[state]


_FIGURES: Mapping[str, Callable[[Group], Cell]] = {
    "waits": lambda one: one.figures.received,
    **{state.value: _in(state) for state in State},
    "within_sla": lambda one: one.figures.within.value,
    "within_sla_low": lambda one: one.figures.within.low,
    "within_sla_high": lambda one: one.figures.within.high,
    "reclassified_after_due": lambda one: one.figures.reclassified,
    "within_sla_with_reclassified": lambda one: one.figures.with_reclassified.value,
    "answered_elsewhere": lambda one: one.figures.elsewhere,
    "within_sla_without_elsewhere": lambda one: one.figures.without_elsewhere.value,
    "n": lambda one: one.figures.response.n,
    "n_open": lambda one: one.figures.response.n_open,
    "n_withdrawn": lambda one: one.figures.response.n_withdrawn,
    "median_s": lambda one: _percentile(one.figures.response.median, one.figures.response.n),
    "p75_s": lambda one: _percentile(one.figures.response.p75, one.figures.response.n),
    "p90_s": lambda one: _percentile(one.figures.response.p90, one.figures.response.n),
    "lag_median_s": lambda one: _percentile(one.figures.lag.median, one.figures.lag.n),
    "lag_p90_s": lambda one: _percentile(one.figures.lag.p90, one.figures.lag.n),
    "dated_by_polling": lambda one: one.figures.dated_by_polling,
    "unconfirmed": lambda one: one.to_confirm,
}

WAIT: Mapping[str, Callable[[Counted], Cell]] = {
    "case": lambda one: one.wait.case_id,
    "wait": lambda one: one.wait.number,
    "network": lambda one: one.wait.network,
    "severity": lambda one: one.wait.severity.word,
    "topics": lambda one: ", ".join(one.wait.topics),
    "person": lambda one: one.wait.owner,
    "confirmed": lambda one: "yes" if one.wait.confirmed else "no",
    "state": lambda one: one.state.value,
    "started_at": lambda one: _at(one.wait.started_at),
    "first_seen_at": lambda one: _at(one.wait.first_seen_at),
    "due_at": lambda one: _at(one.wait.due_at),
    "ended_at": lambda one: _at(one.wait.ended_at),
    "ended_after": lambda one: _at(one.wait.ended_after),
    "outcome": lambda one: one.wait.outcome.value if one.wait.outcome else None,
    "dismissed": lambda one: one.wait.dismissed.value if one.wait.dismissed else None,
    "waited_s": lambda one: one.waited,
    "lag_s": lambda one: one.lag,
    "team_s": lambda one: one.team_time,
}
"""What is told of a wait, under these headings."""
