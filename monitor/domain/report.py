"""The SLA report: a function of the waits that began in a period, and of the moment `as_of`.

Every figure stands beside how many waits it rests on, and leads to them: a group holds its waits.
Unanswered waits are in every figure they belong to; nothing is averaged over the answered alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import compress, repeat
from math import ceil
from operator import attrgetter
from typing import NamedTuple

from monitor.domain.judgement import Severity
from monitor.domain.notice import SetAside, SourceHealth
from monitor.domain.sampling import Missed
from monitor.domain.sla import (
    BREACHES,
    DECIDED,
    UNDECIDED,
    ReadThrough,
    State,
    WaitFacts,
    answered,
    reclassified_after_due,
    unanswered,
)
from monitor.domain.survival import Curve, End, Incidence, aalen_johansen, product_limit
from monitor.domain.wait import Outcome

MEDIAN, P75, P90 = 0.5, 0.75, 0.9

# an enum's members are slow to reach on 3.11, and these are asked for ten thousands of times
_ANSWERED, _WITHDRAWN, _OPEN = End.ANSWERED, End.WITHDRAWN, End.OPEN
_DISMISSED = State.DISMISSED
_ELSEWHERE, _WITHDRAWAL = Outcome.ANSWERED_ELSEWHERE, Outcome.WITHDRAWN


class By(StrEnum):
    """What the report is broken down by. A wait of two topics counts in both; else once."""

    NETWORK = "network"
    SEVERITY = "severity"
    PERSON = "person"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open: waits that began from `since` on, and before `until`."""

    since: datetime
    until: datetime


class Counted(NamedTuple):
    """A wait with what `as_of` makes of it. Durations are wall clock, in seconds."""

    wait: WaitFacts
    state: State
    stood: State
    """The state if nobody had dismissed it."""
    seen: State
    """The state if an answer elsewhere were none."""
    end: End
    waited: float
    """The customer's: from the post to the answer, the deletion, or `as_of`."""
    lag: float
    """From the post to our seeing it."""
    elsewhere: bool
    """Answered elsewhere, say the staff, and not dismissed."""
    reclassified: bool
    """Taken out of the figures after it was due."""
    polled: bool
    """Only known to have ended between two looks."""

    @property
    def name(self) -> tuple[int, int]:
        """Case and number: where the figure leads to."""
        return self.wait.case_id, self.wait.number

    @property
    def team_time(self) -> float | None:
        """From when it was seen (not before it was posted) to the answer; None without one."""
        return max(0.0, self.waited - max(0.0, self.lag)) if self.end is _ANSWERED else None


@dataclass(frozen=True, slots=True)
class Share:
    """% within SLA as counts: met / (met + breached), with bounds for what is not decided yet."""

    met: int
    breached: int
    undecided: int

    @property
    def value(self) -> float | None:
        """None while nothing is decided."""
        decided = self.met + self.breached
        return self.met / decided if decided else None

    @property
    def low(self) -> float | None:
        """If everything undecided is missed."""
        everything = self.met + self.breached + self.undecided
        return self.met / everything if everything else None

    @property
    def high(self) -> float | None:
        """If everything undecided is met."""
        everything = self.met + self.breached + self.undecided
        return (self.met + self.undecided) / everything if everything else None


@dataclass(frozen=True, slots=True)
class Response:
    """How long customers waited, on the wall clock; None: not reached, so many are unanswered.

    Kaplan–Meier with the open ones censored at `as_of`; where customers withdrew, Aalen–Johansen.
    """

    median: timedelta | None
    p75: timedelta | None
    p90: timedelta | None
    n: int
    n_open: int
    n_withdrawn: int


@dataclass(frozen=True, slots=True)
class Lag:
    """How long posts were up before we saw them; None without any."""

    median: timedelta | None
    p90: timedelta | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is said of a group. `received` is the sum of `states`."""

    received: int
    states: Mapping[State, int]
    within: Share
    reclassified: int
    """Dismissed after due."""
    with_reclassified: Share
    """The share if these had not been dismissed."""
    elsewhere: int
    """Answered elsewhere, say the staff: they count in `within`."""
    without_elsewhere: Share
    """The share if only answers that can be seen counted."""
    response: Response
    lag: Lag
    dated_by_polling: int
    """Ends known only to lie between two looks; the later one counts."""

    @property
    def breaches(self) -> int:
        return sum(self.states[one] for one in BREACHES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some waits under a name, and their figures. The unconfirmed are beside, in no figure."""

    name: str
    figures: Figures
    waits: tuple[Counted, ...]
    unconfirmed: tuple[Counted, ...]

    @property
    def names(self) -> list[tuple[int, int]]:
        """The waits behind the figures."""
        return [one.name for one in self.waits]

    def names_in(self, *states: State) -> list[tuple[int, int]]:
        return [one.name for one in self.waits if one.state in states]

    @property
    def to_confirm(self) -> int:
        """The unconfirmed that nobody has looked at yet."""
        return sum(one.state is not State.DISMISSED for one in self.unconfirmed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of a brand for (period, as_of). `sources` says what could be read by `as_of`.

    `missed` is what the samples of the weeks that began in the period say; None: no sample is drawn.
    """

    brand: str
    period: Period
    as_of: datetime
    total: Group
    groups: Mapping[By, tuple[Group, ...]]
    sources: tuple[SourceHealth, ...] = ()
    filtered: tuple[SetAside, ...] = ()
    """Of the posts that came in the period, up to `as_of`."""
    missed: Missed | None = None


def last_week(as_of: datetime, zone: tzinfo) -> Period:
    """The last whole week before the one that `as_of` is in, from Monday, local."""
    today = as_of.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return days(monday - timedelta(days=7), monday, zone)


def days(first: date, after: date, zone: tzinfo) -> Period:
    """From a day's local midnight to another one's."""
    return Period(midnight(first, zone), midnight(after, zone))


def midnight(day: date, zone: tzinfo) -> datetime:
    """The day's local beginning."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


NOBODY = "nobody"
NO_TOPIC = "no topic"
_NO_TOPICS = (NO_TOPIC,)
_WORDS = tuple(one.word for one in Severity)


def build(
    waits: Iterable[WaitFacts],
    *,
    brand: str,
    period: Period,
    as_of: datetime,
    read_through: ReadThrough,
    sources: Sequence[SourceHealth] = (),
    filtered: Sequence[SetAside] = (),
    missed: Missed | None = None,
) -> Report:
    """The report; waits of another period, or not begun by `as_of`, are left out."""
    counted = [
        count(one, as_of, read_through)
        for one in waits
        if period.since <= one.started_at < period.until and one.exists(as_of)
    ]
    # in order of duration: sorting each group's durations again then costs next to nothing
    counted.sort(key=attrgetter("waited", "wait"))
    confirmed = [one for one in counted if one.wait.confirmed]
    unconfirmed = [one for one in counted if not one.wait.confirmed]
    named, beside = _by_name(confirmed), _by_name(unconfirmed)
    return Report(
        brand=brand,
        period=period,
        as_of=as_of,
        total=group_of("all", confirmed, unconfirmed),
        groups={by: tuple(_grouped(by, named[by], beside[by])) for by in By},
        sources=tuple(_as_of(one, as_of) for one in sources),
        filtered=tuple(filtered),
        missed=missed,
    )


def count(wait: WaitFacts, as_of: datetime, read_through: ReadThrough) -> Counted:
    """The wait as it stands at `as_of`, by when it has begun."""
    if wait.is_answered(as_of):
        end, stood = _ANSWERED, answered(wait)
    else:
        is_withdrawn = wait.outcome is _WITHDRAWAL and wait.has_ended(as_of)
        end, stood = _WITHDRAWN if is_withdrawn else _OPEN, unanswered(wait, as_of, read_through)
    until = as_of if end is _OPEN or wait.ended_at is None else wait.ended_at
    dismissed = wait.is_dismissed(as_of)
    counts = _DISMISSED if dismissed else stood
    elsewhere = not dismissed and end is _ANSWERED and wait.outcome is _ELSEWHERE
    return Counted(
        wait,
        counts,
        stood,
        unanswered(wait, as_of, read_through) if elsewhere else counts,
        end,
        (until - wait.started_at).total_seconds(),
        (wait.first_seen_at - wait.started_at).total_seconds(),
        elsewhere,
        dismissed and reclassified_after_due(wait, as_of),
        wait.ended_after is not None and end is not _OPEN,
    )


def _grouped(
    by: By,
    waits: Mapping[str, Sequence[Counted]],
    beside: Mapping[str, Sequence[Counted]],
) -> Iterator[Group]:
    for name in sorted(waits.keys() | beside.keys(), key=_order(by)):
        yield group_of(name, waits.get(name, ()), beside.get(name, ()))


def _by_name(counted: Iterable[Counted]) -> Mapping[By, Mapping[str, Sequence[Counted]]]:
    """All break-downs in one pass."""
    networks, severities, persons, topics = (defaultdict[str, list[Counted]](list) for _ in By)
    for one in counted:
        wait = one.wait
        networks[wait.network].append(one)
        severities[_WORDS[wait.severity]].append(one)
        persons[wait.owner or NOBODY].append(one)
        for topic in wait.topics or _NO_TOPICS:
            topics[topic].append(one)
    return {By.NETWORK: networks, By.SEVERITY: severities, By.PERSON: persons, By.TOPIC: topics}


def _order(by: By) -> Callable[[str], tuple[int, str]]:
    """Severities from the worst down; else by name, whatever has none last."""
    if by is By.SEVERITY:
        return lambda name: (-Severity[name.upper()], name)
    return lambda name: (name in (NOBODY, NO_TOPIC), name)


def group_of(name: str, waits: Sequence[Counted], unconfirmed: Sequence[Counted]) -> Group:
    """Some waits under a name, with their figures."""
    return Group(
        name=name,
        figures=_figures(waits),
        waits=tuple(waits),
        unconfirmed=tuple(unconfirmed),
    )


def _figures(waits: Sequence[Counted]) -> Figures:
    # column by column: a report counts ten thousands of waits five times over
    columns = zip(*waits, strict=True) if waits else repeat((), len(Counted._fields))
    _, states, stood, seen, ends, waited, lags, elsewhere, reclassified, polled = columns
    counts = Counter(states)
    return Figures(
        received=len(waits),
        states={one: counts[one] for one in State},
        within=_share(counts),
        reclassified=sum(reclassified),
        with_reclassified=_share(counts + Counter(compress(stood, reclassified))),
        elsewhere=sum(elsewhere),
        without_elsewhere=_share(Counter(seen)),
        response=_response(_curve(waited, ends, states)),
        lag=_lag(lags),
        dated_by_polling=sum(polled),
    )


def _share(counts: Mapping[State, int]) -> Share:
    return Share(
        met=counts[State.MET],
        breached=sum(counts[one] for one in DECIDED) - counts[State.MET],
        undecided=sum(counts[one] for one in UNDECIDED),
    )


def curve(waits: Iterable[Counted]) -> Curve | Incidence:
    """How the share of the answered grows with the time waited, of all but the dismissed."""
    known = [(one.waited, one.end, one.state) for one in waits]
    return _curve(*(zip(*known, strict=True) if known else ((), (), ())))


def _curve(
    waited: Sequence[float], ends: Sequence[End], states: Sequence[State]
) -> Curve | Incidence:
    if _DISMISSED in states:
        counts = [one is not _DISMISSED for one in states]
        waited, ends = [*compress(waited, counts)], [*compress(ends, counts)]
    if _WITHDRAWN in ends:
        return aalen_johansen(zip(waited, ends, strict=True))
    return product_limit(waited, [one is _ANSWERED for one in ends])


def _response(estimate: Curve | Incidence) -> Response:
    median, p75, p90 = (_span(estimate.quantile(p)) for p in (MEDIAN, P75, P90))
    withdrawn = estimate.n_withdrawn if isinstance(estimate, Incidence) else 0
    return Response(median, p75, p90, estimate.n, estimate.n_open, withdrawn)


def _lag(unsorted: Sequence[float]) -> Lag:
    lags = sorted(unsorted)
    if not lags:
        return Lag(None, None, 0)
    # nearest rank: a lag that some post really had
    median, p90 = (lags[ceil(p * len(lags)) - 1] for p in (MEDIAN, P90))
    return Lag(_span(median), _span(p90), len(lags))


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _as_of(health: SourceHealth, as_of: datetime) -> SourceHealth:
    """What a stream's health says of the time up to `as_of`; how it fares since is another report's."""
    if health.read_through is None or health.read_through < as_of:
        return health
    return replace(health, read_through=as_of, failing_since=None, problem=None)
