"""The words of every notice as plain text, and of what stands in them: spans, times, people's texts.

What strangers wrote is made harmless: it cannot move a terminal's cursor, turn the direction of what
follows, or hide characters. Nothing is left out of a list: what nobody can see is a lost complaint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import assert_never

from monitor.domain.coverage import Why
from monitor.domain.judgement import Band
from monitor.domain.notice import (
    Backlog,
    CaseCard,
    Digest,
    DigestLine,
    Document,
    Notice,
    NoticeKind,
    SetAside,
    SourceHealth,
    StillOpen,
    Words,
)
from monitor.domain.quoting import unquoted
from monitor.domain.storm import RollUp, Storm
from monitor.render.storm_words import say_roll_up, say_storm
from monitor.render.texts import EXCERPT, QUOTE, cut, local_day, local_time, long_day, person, plain
from monitor.render.tongue import IN_ENGLISH, Tongue

__all__ = [
    "EXCERPT",
    "QUOTE",
    "WHY",
    "Spoken",
    "cut",
    "duration",
    "is_blind",
    "local_day",
    "local_time",
    "not_judged",
    "person",
    "plain",
    "say",
    "say_digest",
    "set_aside",
    "source",
    "unjudged",
    "who_has",
]

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A notice in words: a headline of one line, and the lines under it."""

    headline: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join((self.headline, *self.lines))


def duration(span: timedelta, say_in: Tongue = IN_ENGLISH) -> str:
    """A span as people say it: `2 h 10 min`, `3 d 4 h`, `under a minute`."""
    if span < timedelta(0):
        return f"-{duration(-span, say_in)}"
    if span < _MINUTE:
        return say_in("under a minute")
    hours, minutes = divmod(span // _MINUTE, 60)
    if not hours:
        return f"{minutes} min"
    if span < 2 * _DAY:
        return _two(hours, "h", minutes, "min")
    days, hours = divmod(hours, 24)
    return _two(days, say_in("d"), hours, "h")


def _two(whole: int, unit: str, rest: int, smaller: str) -> str:
    return f"{whole} {unit} {rest} {smaller}" if rest else f"{whole} {unit}"


def say(notice: Notice, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> Spoken:
    """The notice in words, with times in `zone`; of a case the headline alone is in the tongue."""
    match notice.content:
        case CaseCard() as card:
            spoken = _case(notice, card, zone, say_in)
        case Digest() as digest:
            spoken = say_digest(digest, zone, say_in)
        case Backlog() as backlog:
            spoken = _backlog(backlog, zone, say_in)
        case StillOpen() as still_open:
            spoken = _still_open(still_open, say_in)
        case Storm() as storm:
            spoken = Spoken(*say_storm(storm, zone, say_in, notice.mentions))
        case RollUp() as some:
            spoken = Spoken(*say_roll_up(some, say_in, notice.mentions))
        case Words(headline=headline, lines=lines):
            spoken = Spoken(
                plain(say_in.of(headline)), tuple(plain(say_in.of(one)) for one in lines)
            )
        case Document(headline=headline, lines=columns, summary=summary):
            spoken = Spoken(plain(headline), (*summary, *([""] if summary else []), *columns))
        case never:
            assert_never(never)
    if not notice.possibly_repeated:
        return spoken
    return Spoken(f"{spoken.headline} ({say_in('possibly repeated')})", spoken.lines)


# ------------------------------------------------------------------------------------------- cards


def _case(notice: Notice, card: CaseCard, zone: tzinfo, say_in: Tongue) -> Spoken:
    lines = [
        *_quoted(card),
        _who(card, zone),
        *_clock(card, zone),
        *_kept_short(card),
    ]
    if notice.mentions:
        lines.append(f"For {plain(', '.join(notice.mentions))}")
    if card.url:
        lines.append(plain(card.url))
    again = notice.thread is not None
    return Spoken(_headline(notice.kind, card, say_in, again=again), tuple(lines))


def _headline(kind: NoticeKind, card: CaseCard, say_in: Tongue, *, again: bool) -> str:
    about = f"{plain(card.brand)}, {say_in('case {number}', number=card.case_id)}"
    where = f"{about}, {plain(card.network)}"
    severity = say_in(card.severity.word)
    if kind is NoticeKind.ESCALATION and card.answered_at is None:
        return f"{say_in('{span} without an answer', span=_waited(card, say_in))}: {where}"
    if kind is NoticeKind.UPDATE or card.status != "open":
        return f"{_standing(card, say_in)}: {about}"
    if again:
        return f"{say_in('Still unhappy, {severity}', severity=severity)}: {where}"
    sure = "New complaint" if card.band is Band.ALERT else "New possible complaint"
    return f"{say_in(sure)}, {severity}: {where}"


def _waited(card: CaseCard, say_in: Tongue = IN_ENGLISH) -> str:
    return duration(card.waited, say_in) if card.waited is not None else say_in("Some time")


def _standing(card: CaseCard, say_in: Tongue) -> str:
    if card.answered_at is not None:
        return say_in("Answered after {span}", span=_waited(card, say_in))
    if card.status != "open":
        return say_in(plain(card.status).capitalize())
    if not card.owner:
        return say_in("Open, {severity}", severity=say_in(card.severity.word))
    is_on_it = "{name} is answering" if card.claimed else "{name} has it"
    return say_in(is_on_it, name=person(card.owner))


def _quoted(card: CaseCard) -> Iterator[str]:
    if card.text is None:
        yield "(the text was purged)"
        return
    if card.title:
        yield cut(plain(card.title), QUOTE)
    yield f"“{cut(plain(card.text), QUOTE)}”"


def _who(card: CaseCard, zone: tzinfo) -> str:
    crowd = f" ({card.followers:,} followers)" if card.followers else ""
    rated = f", rated {card.rating:g} of 5" if card.rating is not None else ""
    author = plain(card.author or "") or "somebody unknown"
    return f"by {author}{crowd}, {local_time(card.posted_at, zone)}{rated}"


def _clock(card: CaseCard, zone: tzinfo) -> Iterator[str]:
    if card.answered_at is not None:
        text = f": “{cut(plain(card.answer_text), QUOTE)}”" if card.answer_text else ""
        yield f"Answered {local_time(card.answered_at, zone)}, after {_waited(card)}{text}"
    elif card.waited is not None and card.status == "open":
        yield f"Waiting {_waited(card)}{_due(card, card.posted_at + card.waited, zone)}"
    if card.no_answer_seen_as_of is not None:
        yield f"No answer seen as of {local_time(card.no_answer_seen_as_of, zone)}"


def _due(card: CaseCard, now: datetime, zone: tzinfo) -> str:
    if card.due_at is None:
        return ""
    late = now - card.due_at
    how = f"overdue by {duration(late)}" if late > timedelta(0) else f"in {duration(-late)}"
    return f"; due {local_time(card.due_at, zone)} ({how})"


def _kept_short(card: CaseCard) -> Iterator[str]:
    if card.topics:
        yield f"About {plain(', '.join(card.topics))}"
    if card.why:
        yield f"Why: {plain(card.why)}"
    if card.owner:
        yield f"{person(card.owner)} has it"
    if card.alike:
        yield f"{card.alike} alike"


# -------------------------------------------------------------------------------- digest, backlog


def say_digest(digest: Digest, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> Spoken:
    """The digest in words: nothing is left out of it."""
    parts = (
        (say_in("Overdue"), digest.overdue),
        (say_in("At risk"), digest.at_risk),
        (say_in("New"), digest.new),
        (say_in("Waiting"), digest.other),
        (say_in("Unconfirmed"), digest.unconfirmed),
    )
    counted = ", ".join(f"{len(lines)} {name.lower()}" for name, lines in parts if lines)
    day = f"{long_day(digest.day, say_in)} {digest.day.year}"
    as_of = local_time(digest.as_of, zone, say_in)
    said = [say_in("Unanswered as of {time}, the oldest first", time=as_of)]
    for name, lines in parts:
        said += _part(name, lines, say_in)
    if digest.unjudged:
        said += ["", unjudged(digest.unjudged, say_in)]
    if digest.filtered:
        said += ["", set_aside(digest.filtered, say_in)]
    said += ["", say_in("Sources"), *(f"  {source(one, zone, say_in)}" for one in digest.sources)]
    nothing = (
        not_judged(digest.unjudged, say_in) if digest.unjudged else say_in("nothing is waiting")
    )
    return Spoken(f"{plain(digest.brand)}, {day}: {counted or nothing}", tuple(said))


def unjudged(posts: int, say_in: Tongue = IN_ENGLISH) -> str:
    """How many posts wait for the classifier."""
    return say_in("Not judged yet: {posts}", posts=_posts(posts, say_in))


def set_aside(filtered: Sequence[SetAside], say_in: Tongue = IN_ENGLISH) -> str:
    """How many posts the rules of relevance set aside, and what they would have been."""
    rules = ", ".join(f"{one.posts} {one.rule}" for one in filtered)
    asking = sum(one.asking for one in filtered)
    would = say_in("{number} of them would have been complaints", number=asking)
    would = would if asking else say_in("none looked like a complaint")
    posts = say_in.count(sum(one.posts for one in filtered), "1 post", "{number} posts")
    return say_in("Set aside: {posts} ({rules}); {would}", posts=posts, rules=rules, would=would)


def not_judged(posts: int, say_in: Tongue = IN_ENGLISH) -> str:
    """What is said of an empty list while `posts` (at least one) might still belong on it."""
    return say_in.count(
        posts,
        "nothing is known to wait, 1 post is not judged yet",
        "nothing is known to wait, {number} posts are not judged yet",
    )


def _part(name: str, lines: Sequence[DigestLine], say_in: Tongue) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield f"{name} ({len(lines)})"
    for one in lines:
        yield f"  {_line(one, say_in)}"
        if one.url:
            yield f"    {plain(one.url)}"


def _line(one: DigestLine, say_in: Tongue) -> str:
    text = cut(plain(one.title or one.text or say_in("(the text was purged)")), EXCERPT)
    place = f"{plain(one.network)}, {say_in(one.severity.word)}"
    case = say_in("case {number}", number=one.case_id)
    return f"{duration(one.waited, say_in)} · {place} · {case} · {who_has(one, say_in)} · {text}"


def who_has(one: DigestLine, say_in: Tongue) -> str:
    """Whose it is."""
    if not one.owner:
        return say_in("nobody has it")
    return say_in("{name} has it", name=person(one.owner))


def _posts(number: int, say_in: Tongue) -> str:
    return say_in.count(number, "1 post", "{number} posts")


WHY = {
    Why.FAILING: "the source could not be read",
    Why.NOT_LOOKED: "the program did not run",
}


def source(one: SourceHealth, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> str:
    """Whether a stream could be read, and how far; without others' words, which no erasure would reach."""
    name = f"{plain(one.source)}/{plain(one.stream)}"
    holes = say_in.count(one.gaps, ", with 1 gap", ", with {number} gaps") if one.gaps else ""
    if one.rejected:
        holes += say_in.count(one.rejected, ", 1 item unreadable", ", {number} items unreadable")
    read = say_in("never read")
    if one.read_through:
        read = say_in("read up to {time}", time=local_time(one.read_through, zone, say_in))
    missed = "".join(f"; {said}" for said in _missed(one, zone, say_in))
    if one.failing_since is None:
        return f"{name}: {read}{holes}{missed}"
    why = f": {plain(unquoted(one.problem))}" if one.problem else ""
    since = say_in(
        "could not be read since {time}", time=local_time(one.failing_since, zone, say_in)
    )
    return f"{name}: {since} ({read}{holes}){why}{missed}"


def _missed(one: SourceHealth, zone: tzinfo, say_in: Tongue) -> Iterator[str]:
    """When nobody looked, and since when nothing came although somebody did."""
    if one.blind:
        longest = max(one.blind, key=lambda hole: hole.lasted)
        said = {
            "since": local_time(longest.since, zone, say_in),
            "until": local_time(longest.until, zone, say_in),
            "why": say_in(WHY[longest.why]),
        }
        if len(one.blind) == 1:
            lasted = duration(longest.lasted, say_in)
            yield say_in(
                "nobody looked for {span}, from {since} to {until} ({why})", span=lasted, **said
            )
        else:
            total = sum((hole.lasted for hole in one.blind), timedelta(0))
            yield say_in(
                "nobody looked for {span} in all, {number} times, "
                "the longest from {since} to {until} ({why})",
                span=duration(total, say_in),
                number=len(one.blind),
                **said,
            )
    if one.silence is not None:
        yield say_in(
            "nothing new since {time}, and it was never silent for longer than {span} before",
            time=local_time(one.silence.since, zone, say_in),
            span=duration(one.silence.usual, say_in),
        )


def is_blind(one: SourceHealth) -> bool:
    """Whether something may be there that could not be seen."""
    return (
        one.read_through is None
        or one.failing_since is not None
        or one.gaps > 0
        or one.rejected > 0
        or bool(one.blind)
        or one.silence is not None
    )


def _backlog(backlog: Backlog, zone: tzinfo, say_in: Tongue) -> Spoken:
    were = say_in.count(
        backlog.waits,
        "1 complaint was already waiting when watching began",
        "{number} complaints were already waiting when watching began",
    )
    lines = [
        say_in("They are in the list of cases and in every digest; none of them alerts by itself.")
    ]
    if backlog.oldest_at is not None:
        waited = duration(backlog.as_of - backlog.oldest_at, say_in)
        oldest = local_time(backlog.oldest_at, zone, say_in)
        lines.insert(
            0, say_in("The oldest has waited {span}, since {time}.", span=waited, time=oldest)
        )
    return Spoken(f"{plain(backlog.brand)}: {were}", tuple(lines))


def _still_open(summary: StillOpen, say_in: Tongue) -> Spoken:
    headline = _of_quiet_hours(len(summary.lines), say_in)
    if summary.by is not None:
        headline = _handed_over(summary.by, len(summary.lines), say_in)
    lines = (
        said for one in summary.lines for said in (_line(one, say_in), plain(one.url or "")) if said
    )
    return Spoken(headline, tuple(lines))


def _of_quiet_hours(number: int, say_in: Tongue) -> str:
    if not number:
        return say_in("All that came in your quiet hours is answered")
    one = "1 case of your quiet hours is still open"
    return say_in.count(number, one, "{number} cases of your quiet hours are still open")


def _handed_over(by: str, number: int, say_in: Tongue) -> str:
    cases = say_in.count(number, "1 case", "{number} cases")
    return say_in("{name} handed over to you: {cases}", name=person(by), cases=cases)
