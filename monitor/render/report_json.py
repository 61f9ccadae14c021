"""The report as plain data, for JSON: every figure, and the waits behind it by their states."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import isinf
from typing import Any

from monitor.domain.change import Change
from monitor.domain.notice import SourceHealth
from monitor.domain.numbers import Numbers
from monitor.domain.parts import Part
from monitor.domain.quoting import unquoted
from monitor.domain.report import Counted, Figures, Group, Report, Share
from monitor.domain.sampling import Missed
from monitor.domain.sla import State
from monitor.render.figures import method
from monitor.render.report_csv import WAIT, in_order


def report_data(report: Report) -> dict[str, Any]:
    """Durations are seconds, times ISO 8601 in UTC, shares 0 to 1; a percentile not reached is null."""
    return {
        "brand": report.brand,
        "since": report.period.since.isoformat(),
        "until": report.period.until.isoformat(),
        "as_of": report.as_of.isoformat(),
        "total": group_data(report.total),
        "groups": {
            by.value: [group_data(one) for one in found] for by, found in report.groups.items()
        },
        "sources": [_source(one) for one in report.sources],
        "filtered": [
            {"rule": one.rule, "posts": one.posts, "asking": one.asking} for one in report.filtered
        ],
        "missed": _missed(report.missed),
    }


def numbers_data(numbers: Numbers) -> dict[str, Any]:
    """The report, and under the same rules what stands beside it."""
    return {
        **report_data(numbers.report),
        "before": {
            "since": numbers.before.period.since.isoformat(),
            "until": numbers.before.period.until.isoformat(),
            "as_of": numbers.before.as_of.isoformat(),
        },
        "changes": [_change(one) for one in numbers.changes],
        "over_time": [
            {
                "since": one.since.isoformat(),
                "until": one.until.isoformat(),
                **group_data(one.group),
            }
            for one in numbers.over_time
        ],
        "arrivals": {
            "parts": _parts(numbers.arrivals.parts),
            "staffed": list(numbers.arrivals.staffed),
            "in_staffed_hours": len(numbers.arrivals.in_hours),
        },
        "lag_parts": _parts(numbers.lags),
        "lateness": _parts(numbers.lateness),
        "backlog": _parts(numbers.ages),
        "forecast": [
            {
                "within_s": one.span.total_seconds(),
                "due": len(one.waits),
                "expected_late": one.expected,
                "low": one.low,
                "high": one.high,
                "without_forecast": one.without,
            }
            for one in numbers.outlook.ahead
        ],
    }


def _change(one: Change) -> dict[str, Any]:
    said = one.difference
    # a ratio to next to nothing has no upper end, and JSON no infinity
    ends = [said.value, said.low, said.high] if said else [None] * 3
    value, low, high = (None if end is None or isinf(end) else end for end in ends)
    return {
        "measure": one.measure.value,
        "before": one.before,
        "now": one.now,
        "n_before": one.n_before,
        "n": one.n,
        "difference": value,
        "low": low,
        "high": high,
        "direction": one.direction.value,
    }


def _parts(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [{"name": one.name, "waits": one.n, "cases": _names(one.names)} for one in parts]


def waits_data(waits: Iterable[Counted]) -> list[dict[str, Any]]:
    """What a figure leads to, oldest first."""
    return [
        {name: make(one) for name, make in WAIT.items()}
        | {"topics": list(one.wait.topics), "confirmed": one.wait.confirmed}
        for one in in_order(waits)
    ]


def group_data(group: Group) -> dict[str, Any]:
    """A group's figures under the same rules."""
    return {
        "name": group.name,
        **_figures(group.figures),
        "unconfirmed": group.to_confirm,
        "cases": {state.value: _names(group.names_in(state)) for state in State},
        "unconfirmed_cases": _names([one.name for one in group.unconfirmed]),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    response, lag = figures.response, figures.lag
    return {
        "waits": figures.received,
        "states": {state.value: figures.states[state] for state in State},
        "breaches": figures.breaches,
        "within_sla": _share(figures.within),
        "reclassified_after_due": figures.reclassified,
        "within_sla_with_reclassified": _share(figures.with_reclassified),
        "answered_elsewhere": figures.elsewhere,
        "within_sla_without_elsewhere": _share(figures.without_elsewhere),
        "response": {
            "method": method(response),
            "clock": "wall",
            "n": response.n,
            "n_open": response.n_open,
            "n_withdrawn": response.n_withdrawn,
            "median_s": _seconds(response.median),
            "p75_s": _seconds(response.p75),
            "p90_s": _seconds(response.p90),
        },
        "lag": {"n": lag.n, "median_s": _seconds(lag.median), "p90_s": _seconds(lag.p90)},
        "dated_by_polling": figures.dated_by_polling,
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "value": share.value,
        "low": share.low,
        "high": share.high,
        "met": share.met,
        "breached": share.breached,
        "undecided": share.undecided,
    }


def _names(names: Iterable[tuple[int, int]]) -> list[str]:
    """`case.wait`, in order."""
    return [f"{case}.{number}" for case, number in sorted(names)]


def _missed(missed: Missed | None) -> dict[str, Any] | None:
    """Null where no week's sample was drawn to its end; a null estimate where nobody looked at any."""
    if missed is None:
        return None
    sure = missed.estimate
    return {
        "estimate": sure and sure.value,
        "low": sure and sure.low,
        "high": sure and sure.high,
        "let_pass": missed.population,
        "looked_at": missed.looked_at,
        "found": missed.found,
        "unknown": missed.unknown,
    }


def _source(health: SourceHealth) -> dict[str, Any]:
    return {
        "source": health.source,
        "stream": health.stream,
        "network": health.network,
        "read_through": _at(health.read_through),
        "failing_since": _at(health.failing_since),
        "problem": health.problem and unquoted(health.problem),
        "gaps": health.gaps,
        "rejected": health.rejected,
        "blind": [
            {"since": _at(one.since), "until": _at(one.until), "why": one.why.value}
            for one in health.blind
        ],
        "silent_since": _at(health.silence.since) if health.silence else None,
        "watched_since": _at(health.watched_since),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
