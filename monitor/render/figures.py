"""The report's figures in words: the same tables for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.judgement import Severity
from monitor.domain.report import NO_TOPIC, NOBODY, By, Group, Report, Response, Share
from monitor.domain.sla import State
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import duration, plain

NOTHING = "–"
UNCONFIRMED = "unconfirmed"
BELOW = "See below."
"""A column that the table's note explains."""
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
    cell: Callable[[Group, Tongue], str]
    leads_to: str | None = None
    """If it is a number of waits: of which state, `unconfirmed`, or empty for all that count."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report, over all of its groups."""

    title: str
    note: str
    columns: tuple[Column, ...]


def percent(value: float | None, say_in: Tongue = IN_ENGLISH) -> str:
    """`83.3 %`, or a dash where nothing can be said."""
    return NOTHING if value is None else say_in.number(f"{100 * value:.1f} %")


def bounds(share: Share, say_in: Tongue = IN_ENGLISH) -> str:
    """From if all that is undecided is missed to if it is all met."""
    if share.low is None or share.high is None:
        return NOTHING
    return say_in.number(f"{100 * share.low:.1f}–{100 * share.high:.1f} %")


def reached(span: timedelta | None, n: int, say_in: Tongue = IN_ENGLISH) -> str:
    """A percentile of `n` waits: a span, or that so few are answered that it was not reached."""
    if span is None:
        return say_in(NOT_REACHED) if n else NOTHING
    return duration(span, say_in)


_OUR_NAMES = frozenset({"all", NOBODY, NO_TOPIC, *(one.word for one in Severity)})


def named(name: str, say_in: Tongue = IN_ENGLISH) -> str:
    """A group's name as it is shown: our own are translated, people's are as they are."""
    return say_in(name) if name in _OUR_NAMES else plain(name)


def method(response: Response) -> str:
    """Who made the estimator that the percentiles come from."""
    return "Aalen–Johansen" if response.n_withdrawn else "Kaplan–Meier"


def sections(report: Report) -> Iterator[tuple[str, tuple[Group, ...]]]:
    """All groups in the order in which they are shown, under their headings."""
    yield "All", (report.total,)
    for by, title in SECTIONS.items():
        if report.groups[by]:
            yield title, report.groups[by]


def missed(report: Report, say_in: Tongue = IN_ENGLISH) -> str:
    """How many complaints were let pass, as far as people looked."""
    said = report.missed
    if said is None:
        return say_in(
            "not known: no week's sample of what was let pass was drawn to its end in the period"
        )
    if said.estimate is None:
        return say_in(
            "not known: {number} posts were let pass, and nobody has looked at the sample of them "
            "(`complaint-monitor model review`)",
            number=said.unknown,
        )
    told = say_in(
        "an estimated {value} [{low}, {high}] complaints among {number} posts that were let pass "
        "(95 %): {found} found among {looked} looked at",
        value=f"{said.estimate.value:.0f}",
        low=f"{said.estimate.low:.0f}",
        high=f"{said.estimate.high:.0f}",
        number=said.population,
        found=said.found,
        looked=said.looked_at,
    )
    if not said.unknown:
        return told
    return told + say_in("; of {number} more posts nobody looked at any", number=said.unknown)


def _count(state: State, means: str) -> Column:
    return Column(
        STATES[state], means, lambda group, _: str(group.figures.states[state]), state.value
    )


SLA = Table(
    "Within the SLA",
    "% within SLA = in time / (in time + late + unanswered), of the waits that began in the period, "
    "on the policy's clock. Bounds: if all not due or unverified are missed, and if all are met.",
    (
        Column(
            "waits", "Customers' waits that began.", lambda one, _: str(one.figures.received), ""
        ),
        _count(State.MET, "Answered by the due time."),
        _count(State.BREACHED_ANSWERED, "Answered after the due time."),
        _count(State.BREACHED_OPEN, "Past the due time without an answer."),
        _count(State.PENDING, "Unanswered, and not due yet."),
        _count(State.UNVERIFIED, "Due, but our own posts were not read so far."),
        _count(State.WITHDRAWN, "Deleted by the customer before the due time."),
        _count(State.DISMISSED, "No complaint, or a duplicate, said a person."),
        Column(
            "% within SLA",
            BELOW,
            lambda one, say_in: percent(one.figures.within.value, say_in),
        ),
        Column("bounds", BELOW, lambda one, say_in: bounds(one.figures.within, say_in)),
    ),
)

RESPONSE = Table(
    "Time to an answer",
    "Kaplan–Meier on the wall clock, open waits counted until the report's moment (Aalen–Johansen "
    "where customers withdrew). Lag: from the post to our seeing it.",
    (
        Column("n", "Waits counted.", lambda one, _: str(one.figures.response.n)),
        Column("open", "Of them unanswered.", lambda one, _: str(one.figures.response.n_open)),
        Column(
            "median",
            "Half are answered by then.",
            lambda one, say_in: reached(
                one.figures.response.median, one.figures.response.n, say_in
            ),
        ),
        Column(
            "P75",
            "Three quarters are.",
            lambda one, say_in: reached(one.figures.response.p75, one.figures.response.n, say_in),
        ),
        Column(
            "P90",
            "Nine of ten are.",
            lambda one, say_in: reached(one.figures.response.p90, one.figures.response.n, say_in),
        ),
        Column(
            "lag median",
            "Half were seen by then.",
            lambda one, say_in: reached(one.figures.lag.median, one.figures.lag.n, say_in),
        ),
        Column(
            "lag P90",
            "Nine of ten were.",
            lambda one, say_in: reached(one.figures.lag.p90, one.figures.lag.n, say_in),
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
            lambda one, _: str(one.figures.reclassified),
        ),
        Column(
            "% with them",
            "Within SLA, had they not been dismissed.",
            lambda one, say_in: percent(one.figures.with_reclassified.value, say_in),
        ),
        Column(
            "elsewhere",
            "Answered by message, phone or mail, say the staff; counted in % within SLA.",
            lambda one, _: str(one.figures.elsewhere),
        ),
        Column(
            "% without them",
            "Within SLA, if only public answers counted.",
            lambda one, say_in: percent(one.figures.without_elsewhere.value, say_in),
        ),
        Column(
            "dated by polling",
            "Ended between two looks; the later one counts.",
            lambda one, _: str(one.figures.dated_by_polling),
        ),
        Column(
            "unconfirmed",
            "Possible complaints that no person has looked at; in no figure here.",
            lambda one, _: str(one.to_confirm),
            UNCONFIRMED,
        ),
    ),
)

TABLES = (SLA, RESPONSE, BESIDE)
