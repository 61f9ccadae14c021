"""What stands beside the report, as tables: the same for the terminal, the page and the PDF.

Every row of waits names the figure by which the list of them is had (`--waits --of …`, or a link).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.change import FEWEST, Change, Direction, Measure
from monitor.domain.numbers import Numbers
from monitor.domain.outlook import Ahead
from monitor.domain.parts import HOURS, WEEKDAYS, Division, Part, Slice
from monitor.domain.sla import State
from monitor.domain.survival import FEWEST_FOR_A_FORECAST
from monitor.render.figures import NOTHING, bounds, percent, reached
from monitor.render.tongue import Tongue
from monitor.render.words import duration, local_day

MEASURES = {
    Measure.WAITS: "waits a day",
    Measure.WITHIN: "% within SLA",
    Measure.MEDIAN: "median time to an answer",
    Measure.BREACHES: "breaches a day",
}
_ARROWS = {Direction.UP: "▲", Direction.DOWN: "▼"}
_SIGN = {True: "+", False: "−"}
BREACHED = "breached"
_RATIOS = (Measure.WAITS, Measure.BREACHES)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its name, what it says, and by what name its waits are asked for."""

    name: str
    cells: tuple[str, ...]
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with what it means."""

    name: str
    title: str
    note: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    leads_to: tuple[str | None, ...] = ()
    """Of each column of numbers of waits: of which state; empty for all of the row."""


def sheets(numbers: Numbers, say_in: Tongue) -> tuple[Sheet, ...]:
    """All that stands beside the report, in the order in which it is shown."""
    return (
        _changed(numbers, say_in),
        _over_time(numbers, say_in),
        _arrivals(numbers, say_in),
        _lags(numbers, say_in),
        _lateness(numbers, say_in),
        _backlog(numbers, say_in),
        _ahead(numbers, say_in),
    )


# ------------------------------------------------------------------------------------ what changed


def _changed(numbers: Numbers, say_in: Tongue) -> Sheet:
    note = say_in(
        "As the period before stood so much earlier, with the 95 % interval of the difference. An "
        "arrow is drawn only from {number} waits on either side, and where the interval leaves no "
        "change out.",
        number=FEWEST,
    )
    return Sheet(
        "changes",
        say_in("Against the period before"),
        note,
        (say_in("before"), say_in("now"), say_in("change"), say_in("what can be said")),
        tuple(_change(one, say_in) for one in numbers.changes),
    )


def _change(one: Change, say_in: Tongue) -> Row:
    values = (
        f"{_value(one.measure, value, say_in)} (n {n})"
        for value, n in ((one.before, one.n_before), (one.now, one.n))
    )
    return Row(
        say_in(MEASURES[one.measure]), (*values, difference(one, say_in), verdict(one, say_in))
    )


def _value(measure: Measure, value: float | None, say_in: Tongue) -> str:
    match measure:
        case Measure.MEDIAN:
            span = None if value is None else timedelta(seconds=value)
            return reached(span, 1, say_in)
        case Measure.WITHIN:
            return percent(value, say_in)
        case Measure.WAITS | Measure.BREACHES:
            return NOTHING if value is None else say_in.number(f"{value:.1f}")


def difference(one: Change, say_in: Tongue) -> str:
    """`+8.9 points [1.2, 16.4]`, or a dash."""
    if one.difference is None:
        return NOTHING
    value, low, high = (
        _signed(one.measure, it, say_in)
        for it in (one.difference.value, one.difference.low, one.difference.high)
    )
    unit = f" {say_in('points')}" if one.measure is Measure.WITHIN else ""
    unit = " %" if one.measure in _RATIOS else unit
    return f"{value}{unit} [{low}; {high}]"


def _signed(measure: Measure, value: float, say_in: Tongue) -> str:
    if measure is Measure.MEDIAN:
        return f"{_SIGN[value >= 0]}{duration(timedelta(seconds=abs(value)), say_in)}"
    if value == float("inf"):
        return "∞"
    return say_in.number(f"{_SIGN[value >= 0]}{abs(100 * value):.1f}")


def verdict(one: Change, say_in: Tongue) -> str:
    """What may be said of a change: the arrow, or why there is none."""
    match one.direction:
        case Direction.TOO_FEW:
            return say_in("too few to say (below {number})", number=FEWEST)
        case Direction.UNCLEAR:
            return say_in("may be chance")
        case Direction.UP | Direction.DOWN:
            arrow = _ARROWS[one.direction]
            if one.is_better is None:
                more = "more" if one.direction is Direction.UP else "fewer"
                return f"{arrow} {say_in(more)}"
            return f"{arrow} {say_in('better' if one.is_better else 'worse')}"


# ---------------------------------------------------------------------------------- when, how long


def _over_time(numbers: Numbers, say_in: Tongue) -> Sheet:
    return Sheet(
        "over-time",
        say_in("Over time"),
        say_in("By when the wait began. What is young is not decided yet: the bounds say how far."),
        (
            say_in("waits"),
            say_in("in time"),
            say_in("breached"),
            say_in("% within SLA"),
            say_in("bounds"),
            say_in("median"),
        ),
        tuple(_slice(one, numbers, say_in) for one in numbers.over_time),
        ("", State.MET.value, BREACHED),
    )


def _slice(one: Slice, numbers: Numbers, say_in: Tongue) -> Row:
    figures = one.group.figures
    cells = (
        str(figures.received),
        str(figures.states[State.MET]),
        str(figures.breaches),
        percent(figures.within.value, say_in),
        bounds(figures.within, say_in),
        reached(figures.response.median, figures.response.n, say_in),
    )
    return Row(span_of(one, numbers, say_in), cells, f"{Division.BEGAN}={one.group.name}")


def span_of(one: Slice, numbers: Numbers, say_in: Tongue) -> str:
    """The days of a slice: `4 May`, `4 May–10 May`."""
    last = (one.until - timedelta(microseconds=1)).astimezone(numbers.zone).date()
    first = local_day(one.day, say_in)
    return first if last <= one.day else f"{first}–{local_day(last, say_in)}"


def _arrivals(numbers: Numbers, say_in: Tongue) -> Sheet:
    found = numbers.arrivals
    note = say_in(
        "Waits by the hour of the week in which they began; {inside} of {all} ({share}) in staffed "
        "hours, holidays counted as closed.",
        inside=len(found.in_hours),
        all=found.n,
        share=percent(found.share_in_hours, say_in),
    )
    rows = (
        Row(
            say_in(weekday),
            tuple(str(one.n) for one in found.parts[day * HOURS : (day + 1) * HOURS]),
        )
        for day, weekday in enumerate(WEEKDAYS)
    )
    hours = tuple(f"{hour:02d}" for hour in range(HOURS))
    return Sheet("arrivals", say_in("When customers wrote"), note, hours, tuple(rows))


def _parts(parts: Sequence[Part], division: Division, say_in: Tongue) -> Iterator[Row]:
    whole = sum(one.n for one in parts)
    for one in parts:
        share = percent(one.n / whole if whole else None, say_in)
        yield Row(say_in(one.name), (str(one.n), share), f"{division}={one.name}")


def _lags(numbers: Numbers, say_in: Tongue) -> Sheet:
    return Sheet(
        "lags",
        say_in("How soon it was seen"),
        say_in("Detection lag: from the post to our seeing it. It is part of the customer's wait."),
        (say_in("waits"), say_in("share")),
        tuple(_parts(numbers.lags, Division.LAG, say_in)),
        ("",),
    )


def _lateness(numbers: Numbers, say_in: Tongue) -> Sheet:
    return Sheet(
        "lateness",
        say_in("Breaches by how late"),
        say_in("From the due time to the answer, or to the report's moment; on the wall clock."),
        (say_in("waits"), say_in("share")),
        tuple(_parts(numbers.lateness, Division.LATENESS, say_in)),
        ("",),
    )


def _backlog(numbers: Numbers, say_in: Tongue) -> Sheet:
    return Sheet(
        "backlog",
        say_in("Backlog by age"),
        say_in("Everything that is open at the report's moment, whenever it began."),
        (say_in("waits"), say_in("share")),
        tuple(_parts(numbers.ages, Division.AGE, say_in)),
        ("",),
    )


def _ahead(numbers: Numbers, say_in: Tongue) -> Sheet:
    note = say_in(
        "If people go on as in the period: P(late | open so long) = S(due) / S(age). In brackets what "
        "95 % of draws would have. Without a forecast: fewer than {number} waits lasted so long.",
        number=FEWEST_FOR_A_FORECAST,
    )
    return Sheet(
        "ahead",
        say_in("Forecast of breaches"),
        note,
        (say_in("fall due"), say_in("expected late"), say_in("without a forecast")),
        tuple(_horizon(one, say_in) for one in numbers.outlook.ahead),
        ("",),
    )


def _horizon(one: Ahead, say_in: Tongue) -> Row:
    name = say_in("within {span}", span=duration(one.span, say_in))
    cells = (str(len(one.waits)), expected(one, say_in), str(one.without))
    return Row(name, cells, f"{Division.AHEAD}={one.name}")


def expected(one: Ahead, say_in: Tongue) -> str:
    """`3.2 [1; 6]`, or a dash where nothing can be foreseen."""
    if one.expected is None:
        return NOTHING
    return say_in.number(f"{one.expected:.1f}") + f" [{one.low}; {one.high}]"
