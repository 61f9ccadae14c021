"""The report in three sentences and six figures, for whoever reads no more; and what could not be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.change import Change, Direction, Measure
from monitor.domain.numbers import Numbers
from monitor.domain.report import Group, Report, days
from monitor.domain.sla import State
from monitor.render.figures import bounds, method, percent, reached
from monitor.render.numbers_tables import difference
from monitor.render.tongue import Tongue
from monitor.render.words import duration, is_blind, local_day, local_time, plain


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that is seen first."""

    title: str
    figure: str
    note: str


def headline(report: Report, numbers: Numbers, say_in: Tongue) -> str:
    """What it is of: the brand and the period."""
    zone, period = numbers.zone, report.period
    brand = plain(report.brand)
    first = period.since.astimezone(zone).date()
    last = (period.until - timedelta(microseconds=1)).astimezone(zone).date()
    if days(first, last + timedelta(days=1), zone) == period:
        return say_in(
            "{brand}: complaints and answers, {first} to {last}",
            brand=brand,
            first=f"{local_day(first, say_in)} {first.year}",
            last=f"{local_day(last, say_in)} {last.year}",
        )
    return say_in(
        "{brand}: complaints and answers from {since} to before {until}",
        brand=brand,
        since=local_time(period.since, zone, say_in),
        until=local_time(period.until, zone, say_in),
    )


def sentences(numbers: Numbers, say_in: Tongue) -> tuple[str, ...]:
    """Three sentences; a fourth where not everything could be read; and the moment it is seen from."""
    return tuple(_sentences(numbers, say_in))


def _sentences(numbers: Numbers, say_in: Tongue) -> Iterator[str]:
    figures = numbers.report.total.figures
    within = figures.within
    if within.value is None:
        yield say_in(
            "{number} waits for an answer began; none of them is decided yet.",
            number=figures.received,
        )
    else:
        yield say_in(
            "{number} waits for an answer began; of {decided} decided, {share} were answered within "
            "the SLA ({bounds} with what is not decided).",
            number=figures.received,
            decided=within.met + within.breached,
            share=percent(within.value, say_in),
            bounds=bounds(within, say_in),
        )
    response = figures.response
    counted = {"open": response.n_open, "late": figures.breaches}
    if response.median is None:
        yield say_in(
            "Fewer than half have an answer; {open} still wait, {late} were breached.", **counted
        )
    elif response.p90 is None:
        yield say_in(
            "Half had an answer within {median}, fewer than nine of ten have one; {open} still wait, "
            "{late} were breached.",
            median=duration(response.median, say_in),
            **counted,
        )
    else:
        yield say_in(
            "Half had an answer within {median}, nine of ten within {p90}; {open} still wait, {late} "
            "were breached.",
            median=duration(response.median, say_in),
            p90=duration(response.p90, say_in),
            **counted,
        )
    within_change = next(one for one in numbers.changes if one.measure is Measure.WITHIN)
    yield _against(within_change, say_in)
    blind = sum(is_blind(one) for one in numbers.report.sources)
    if blind or not numbers.report.sources:
        yield say_in("Not everything could be read: what is missing may only not have been seen.")
    as_of = local_time(numbers.report.as_of, numbers.zone, say_in)
    yield say_in("As of {time}. The definitions are in the report.", time=as_of)


def _against(one: Change, say_in: Tongue) -> str:
    match one.direction:
        case Direction.TOO_FEW:
            return say_in("There are too few waits to compare them with the period before.")
        case Direction.UNCLEAR:
            return say_in("Against the period before nothing changed that is not within chance.")
        case Direction.UP | Direction.DOWN:
            rose = "rose" if one.direction is Direction.UP else "fell"
            return say_in(
                "Against the period before the share within the SLA {moved}: {difference}.",
                moved=say_in(rose),
                difference=difference(one, say_in),
            )


def tiles(total: Group, say_in: Tongue) -> Iterator[Tile]:
    """The most important figures, each with what it rests on."""
    figures = total.figures
    states, response = figures.states, figures.response
    yield Tile(say_in("Waits"), str(figures.received), say_in("customers who wanted an answer"))
    decided = figures.within.met + figures.within.breached
    yield Tile(
        say_in("Within the SLA"),
        percent(figures.within.value, say_in),
        f"{bounds(figures.within, say_in)}, {say_in('{number} decided', number=decided)}",
    )
    yield Tile(
        say_in("Half are answered within"),
        reached(response.median, response.n, say_in),
        f"{method(response)}, n {response.n}, {say_in('{number} open', number=response.n_open)}",
    )
    yield Tile(
        say_in("Breached"),
        str(figures.breaches),
        say_in(
            "{late} late, {never} unanswered",
            late=states[State.BREACHED_ANSWERED],
            never=states[State.BREACHED_OPEN],
        ),
    )
    yield Tile(
        say_in("Not decided"),
        str(figures.within.undecided),
        say_in(
            "{pending} not due, {unverified} unverified",
            pending=states[State.PENDING],
            unverified=states[State.UNVERIFIED],
        ),
    )
    yield Tile(
        say_in("To confirm"),
        str(total.to_confirm),
        say_in("possible complaints, in no figure here"),
    )
