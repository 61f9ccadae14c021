"""The whole future of a case, or of a text that nobody wrote yet: each step, when, to whom, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import assert_never

from monitor.domain.case import Case, apply, fold
from monitor.domain.errors import PhrasedError
from monitor.domain.escalation import Watched
from monitor.domain.escalation_ahead import Told, ahead
from monitor.domain.event import Ask, AskKind, Confirmed, Opened, Record
from monitor.domain.judgement import Band, Judgement, Severity, Verdict
from monitor.domain.notice import Reason
from monitor.domain.policy import Misfit, Rule, Subject, first_match
from monitor.domain.post import Post, PostKey
from monitor.domain.rota import Person, Staff
from monitor.render.policy_words import why
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import duration, local_time
from monitor.settings import Settings
from monitor.store import cases, foretelling
from monitor.store.engine import Connection

Judging = Callable[[Post], tuple[Judgement, Verdict]]
"""What the model and the word rules say of a text."""


class ExplainError(PhrasedError):
    """There is nothing to explain; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A post that nobody wrote yet. What is None is found out from its text, if it has one."""

    brand: str
    network: str
    text: str | None = None
    severity: Severity | None = None
    topics: tuple[str, ...] = ()
    language: str | None = None
    followers: int | None = None


@dataclass(frozen=True, slots=True)
class Foretold:
    """A message, or a decision to send none: `is_told` says which."""

    at: datetime
    step: str
    audience: str
    whom: str
    is_told: bool
    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What is said of a case, or of a text: the rule, what it passed over, and all that is ahead."""

    headline: str
    rule: Rule
    due_at: datetime
    case: Case
    staff: Staff
    ahead: tuple[Told, ...]
    lines: tuple[str, ...] = ()
    passed_over: tuple[tuple[str, tuple[Misfit, ...]], ...] = ()

    def holds(self, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> str:
        """Which policy holds, and until when."""
        return say_in(
            '"{name}" holds: an answer within {span}, due {time}',
            name=self.rule.name,
            span=duration(self.rule.target, say_in),
            time=local_time(self.due_at, zone, say_in),
        )

    def foretold(self, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> Iterator[Foretold]:
        """All messages, in order."""
        for told in self.ahead:
            for one in told.firing.notices:
                yield Foretold(
                    at=told.at,
                    step=told.firing.event.step,
                    audience=one.audience,
                    whom=_whom(self.staff, one.audience),
                    is_told=not one.suppressed,
                    reason=one.reason,
                    why=why(
                        one,
                        told,
                        rule=self.rule,
                        case=self.case,
                        staff=self.staff,
                        zone=zone,
                        say_in=say_in,
                    ),
                )


def of_case(
    conn: Connection,
    number: int,
    people: Mapping[str, Person],
    *,
    zone: tzinfo,
    now: datetime,
    say_in: Tongue = IN_ENGLISH,
) -> Explained:
    """What is ahead of a case. Raises ExplainError: there is none, or nothing of it is ahead."""
    row = cases.row(conn, number)
    if row is None:
        raise ExplainError(
            "There is no case {number}; `complaint-monitor cases list` shows them.", number=number
        )
    case = cases.load(conn, number)
    wait = case.open_wait
    if wait is None:
        raise ExplainError(
            "Case {number} is {status}: nothing of it is ahead. "
            "`complaint-monitor cases show {number}` says what was told.",
            number=number,
            status=case.status,
        )
    rule = cases.kept_rule(conn, wait.rule)
    watched = foretelling.watched(conn, row.brand_id)
    staff = foretelling.staff(conn, people)
    asked = case
    if not case.is_confirmed(wait):
        asked = apply(case, Record(case.seq, now, now, "explain", Confirmed()))
    told = ahead(asked, case_id=number, rule=rule, watched=watched, staff=staff, now=now)
    headline = say_in(
        "case {number}: {severity}, on {network}, waits since {time}",
        number=number,
        severity=say_in(wait.severity.word),
        network=row.network,
        time=local_time(wait.started_at, zone, say_in),
    )
    lines = tuple(_standing(case, now, zone, say_in))
    return Explained(headline, rule, wait.due_at, case, staff, tuple(told), lines)


def _standing(case: Case, now: datetime, zone: tzinfo, say_in: Tongue) -> Iterator[str]:
    """What people did that bears on what is ahead."""
    wait = case.open_wait
    if wait is not None and not case.is_confirmed(wait):
        yield say_in(
            "unconfirmed: nobody is told before somebody confirms it; below, as if that were now"
        )
    if case.owner and case.claimed:
        yield say_in("{name} is answering: the steps go on", name=case.owner)
    elif case.owner:
        yield say_in("{name} has it: the steps go on", name=case.owner)
    seen, snoozed = case.acknowledged_until, case.snoozed_until
    if seen and seen > now:
        at = local_time(seen, zone, say_in)
        yield say_in("acknowledged until {time}: repeats of what was reached pause", time=at)
    if snoozed and snoozed > now:
        at = local_time(snoozed, zone, say_in)
        yield say_in("snoozed until {time}: no step before then", time=at)


def of_post(
    settings: Settings,
    said: Said,
    *,
    staff: Staff,
    judging: Callable[[], Judging],
    zone: tzinfo,
    now: datetime,
    say_in: Tongue = IN_ENGLISH,
) -> Explained:
    """What would be ahead of such a post. `judging` is asked for only if there is a text."""
    subject = Subject(
        brand=said.brand,
        network=said.network.lower(),
        severity=said.severity or Severity.NORMAL,
        topics=said.topics,
        language=said.language,
        followers=said.followers,
    )
    lines: tuple[str, ...] = ()
    if said.text is not None:
        subject, lines = _judged(judging(), said, subject, now, say_in)
    rules = settings.targets()
    rule = first_match(rules, subject)
    over = [(one.name, one.match.against(subject)) for one in rules[: rules.index(rule)]]
    case = _opened(subject, rule, now)
    always = Watched(since=now)
    told = ahead(case, case_id=0, rule=rule, watched=always, staff=staff, now=now)
    headline = say_in(
        "a post of {time} on {network}: {severity}",
        time=local_time(now, zone, say_in),
        network=subject.network,
        severity=say_in(subject.severity.word),
    )
    if subject.topics:
        headline += say_in(", about {topics}", topics=", ".join(subject.topics))
    return Explained(headline, rule, rule.due(now), case, staff, tuple(told), lines, tuple(over))


def _judged(
    judge: Judging, said: Said, subject: Subject, now: datetime, say_in: Tongue
) -> tuple[Subject, tuple[str, ...]]:
    """The subject with what the words say where nobody says otherwise."""
    key = PostKey(subject.network, "text")
    post = Post(key=key, thread=key.external_id, text=said.text or "", posted_at=now)
    judged, told = judge(post)
    found = replace(
        subject,
        severity=told.severity if said.severity is None else said.severity,
        topics=subject.topics or told.topics,
        language=subject.language or judged.language,
    )
    return found, (f"{_means(told.band, say_in)} ({judged.complaint:.2f}): {told.reason}",)


def _means(band: Band, say_in: Tongue) -> str:
    match band:
        case Band.ALERT:
            return say_in("judged a complaint")
        case Band.REVIEW:
            return say_in(
                "judged unsure: nobody is told before somebody confirms it; below, as if at once"
            )
        case Band.PASS:
            return say_in("judged no complaint: it opens no case; below, as if it were one")
        case never:
            assert_never(never)


def _opened(subject: Subject, rule: Rule, now: datetime) -> Case:
    """The case that such a post would open."""
    ask = Ask(
        post=0,
        kind=AskKind.COMPLAINT,
        band=Band.ALERT,
        severity=subject.severity,
        topics=subject.topics,
        first_seen_at=now,
        due_at=rule.due(now),
        rule=rule.digest,
    )
    return fold([Record(1, now, now, "explain", Opened(ask))])


def _whom(staff: Staff, audience: str) -> str:
    person = staff.person_at(audience)
    return f"{person.name} ({audience})" if person else audience
