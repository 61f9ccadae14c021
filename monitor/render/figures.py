"""The report's figures in words: the same tables for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.report import By, Group, Report, Response, Share
from monitor.domain.sla import State
from monitor.render.words import duration

NOTHING = "–"
NOT_REACHED = "not reached"

STATES = {
    State.MET: "in time",
    State.BREACHED_ANSWERED: "late",
    State.BREACHED_OPEN: "unanswered",
    State.PENDING: "not due",
    State.UNVERIFIED: "unverified",
    State.WITHDRAWN: "withdrawn",
    State.DISMISSED: "dismissed",
}
"""States as a column's heading says them."""

SECTIONS = {
    By.NETWORK: "By network",
    By.SEVERITY: "By severity",
    By.PERSON: "By person",
    By.TOPIC: "By topic (a wait of two topics counts in both)",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what it means, and what it says of a group."""

    title: str
    means: str
    cell: Callable[[Group], str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report, over all of its groups."""

    title: str
    note: str
    columns: tuple[Column, ...]


def percent(value: float | None) -> str:
    """`83.3 %`, or a dash where nothing can be said."""
    return NOTHING if value is None else f"{100 * value:.1f} %"


def bounds(share: Share) -> str:
    """From if all that is undecided is missed to if it is all met."""
    if share.low is None or share.high is None:
        return NOTHING
    return f"{100 * share.low:.1f}–{100 * share.high:.1f} %"


def reached(span: timedelta | None, n: int) -> str:
    """A percentile of `n` waits: a span, or that so few are answered that it was not reached."""
    if span is None:
        return NOT_REACHED if n else NOTHING
    return duration(span)


def method(response: Response) -> str:
    """Who made the estimator that the percentiles come from."""
    return "Aalen–Johansen" if response.n_withdrawn else "Kaplan–Meier"


def sections(report: Report) -> Iterator[tuple[str, tuple[Group, ...]]]:
    """All groups in the order in which they are shown, under their headings."""
    yield "All", (report.total,)
    for by, title in SECTIONS.items():
        if report.groups[by]:
            yield title, report.groups[by]


def missed(report: Report) -> str:
    """How many complaints were let pass, as far as people looked."""
    said = report.missed
    if said is None:
        return "not known: no week's sample of what was let pass was drawn to its end in the period"
    if said.estimate is None:
        return (
            f"not known: {said.unknown} posts were let pass, and nobody has looked at the sample of "
            "them (`complaint-monitor model review`)"
        )
    told = (
        f"an estimated {said.estimate.value:.0f} [{said.estimate.low:.0f}, {said.estimate.high:.0f}] "
        f"complaints among {said.population} posts that were let pass (95 %): "
        f"{said.found} found among {said.looked_at} looked at"
    )
    return f"{told}; of {said.unknown} more posts nobody looked at any" if said.unknown else told


def _count(state: State, means: str) -> Column:
    return Column(STATES[state], means, lambda group: str(group.figures.states[state]))


SLA = Table(
    "Within the SLA",
    "% within SLA = in time / (in time + late + unanswered), of the waits that began in the period, "
    "on the policy's clock. Bounds: if all not due or unverified are missed, and if all are met.",
    (
        Column("waits", "Customers' waits that began.", lambda one: str(one.figures.received)),
        _count(State.MET, "Answered by the due time."),
        _count(State.BREACHED_ANSWERED, "Answered after the due time."),
        _count(State.BREACHED_OPEN, "Past the due time without an answer."),
        _count(State.PENDING, "Unanswered, and not due yet."),
        _count(State.UNVERIFIED, "Due, but our own posts were not read so far."),
        _count(State.WITHDRAWN, "Deleted by the customer before the due time."),
        _count(State.DISMISSED, "No complaint, or a duplicate, said a person."),
        Column("% within SLA", "See below.", lambda one: percent(one.figures.within.value)),
        Column("bounds", "See below.", lambda one: bounds(one.figures.within)),
    ),
)

RESPONSE = Table(
    "Time to an answer",
    "Kaplan–Meier on the wall clock, open waits counted until the report's moment (Aalen–Johansen "
    "where customers withdrew). Lag: from the post to our seeing it.",
    (
        Column("n", "Waits counted.", lambda one: str(one.figures.response.n)),
        Column("open", "Of them unanswered.", lambda one: str(one.figures.response.n_open)),
        Column(
            "median",
            "Half are answered by then.",
            lambda one: reached(one.figures.response.median, one.figures.response.n),
        ),
        Column(
            "P75",
            "Three quarters are.",
            lambda one: reached(one.figures.response.p75, one.figures.response.n),
        ),
        Column(
            "P90",
            "Nine of ten are.",
            lambda one: reached(one.figures.response.p90, one.figures.response.n),
        ),
        Column(
            "lag median",
            "Half were seen by then.",
            lambda one: reached(one.figures.lag.median, one.figures.lag.n),
        ),
        Column(
            "lag P90",
            "Nine of ten were.",
            lambda one: reached(one.figures.lag.p90, one.figures.lag.n),
        ),
    ),
)

BESIDE = Table(
    "What else to know",
    "Nobody improves a number by dismissing, or by saying that the answer was given elsewhere.",
    (
        Column(
            "reclassified",
            "Dismissed after the due time.",
            lambda one: str(one.figures.reclassified),
        ),
        Column(
            "% with them",
            "Within SLA, had they not been dismissed.",
            lambda one: percent(one.figures.with_reclassified.value),
        ),
        Column(
            "elsewhere",
            "Answered by message, phone or mail, say the staff; counted in % within SLA.",
            lambda one: str(one.figures.elsewhere),
        ),
        Column(
            "% without them",
            "Within SLA, if only public answers counted.",
            lambda one: percent(one.figures.without_elsewhere.value),
        ),
        Column(
            "dated by polling",
            "Ended between two looks; the later one counts.",
            lambda one: str(one.figures.dated_by_polling),
        ),
        Column(
            "unconfirmed",
            "Possible complaints that no person has looked at; in no figure here.",
            lambda one: str(one.to_confirm),
        ),
    ),
)

TABLES = (SLA, RESPONSE, BESIDE)
