"""The whole future of a case, or of a text that nobody wrote yet: each step, when, to whom, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from monitor.domain.case import Case, apply, fold
from monitor.domain.errors import MonitorError
from monitor.domain.escalation import Watched
from monitor.domain.escalation_ahead import Told, ahead
from monitor.domain.event import Ask, AskKind, Confirmed, Opened, Record
from monitor.domain.judgement import Band, Judgement, Severity, Verdict
from monitor.domain.notice import Reason
from monitor.domain.policy import Rule, Subject, first_match
from monitor.domain.post import Post, PostKey
from monitor.domain.rota import Person, Staff
from monitor.render.policy_words import why
from monitor.render.words import duration, local_time
from monitor.settings import Settings
from monitor.store import cases, foretelling
from monitor.store.engine import Connection

Judging = Callable[[Post], tuple[Judgement, Verdict]]
"""What the model and the word rules say of a text."""


class ExplainError(MonitorError):
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
    passed_over: tuple[tuple[str, str], ...] = ()

    def holds(self, zone: tzinfo) -> str:
        """Which policy holds, and until when."""
        target, due = duration(self.rule.target), local_time(self.due_at, zone)
        return f'"{self.rule.name}" holds: an answer within {target}, due {due}'

    def foretold(self, zone: tzinfo) -> Iterator[Foretold]:
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
                    why=why(one, told, rule=self.rule, case=self.case, staff=self.staff, zone=zone),
                )


def of_case(
    conn: Connection, number: int, people: Mapping[str, Person], *, zone: tzinfo, now: datetime
) -> Explained:
    """What is ahead of a case. Raises ExplainError: there is none, or nothing of it is ahead."""
    row = cases.row(conn, number)
    if row is None:
        raise ExplainError(f"There is no case {number}; `complaint-monitor cases list` shows them.")
    case = cases.load(conn, number)
    wait = case.open_wait
    if wait is None:
        raise ExplainError(
            f"Case {number} is {case.status}: nothing of it is ahead. "
            f"`complaint-monitor cases show {number}` says what was told."
        )
    rule = cases.kept_rule(conn, wait.rule)
    watched = foretelling.watched(conn, row.brand_id)
    staff = foretelling.staff(conn, people)
    asked = case
    if not case.is_confirmed(wait):
        asked = apply(case, Record(case.seq, now, now, "explain", Confirmed()))
    told = ahead(asked, case_id=number, rule=rule, watched=watched, staff=staff, now=now)
    return Explained(
        f"case {number}: {wait.severity.word}, on {row.network}, waits since "
        f"{local_time(wait.started_at, zone)}",
        rule,
        wait.due_at,
        case,
        staff,
        tuple(told),
        tuple(_standing(case, now, zone)),
    )


def _standing(case: Case, now: datetime, zone: tzinfo) -> Iterator[str]:
    """What people did that bears on what is ahead."""
    wait = case.open_wait
    if wait is not None and not case.is_confirmed(wait):
        yield "unconfirmed: nobody is told before somebody confirms it; below, as if that were now"
    if case.owner:
        yield f"{case.owner} {'is answering' if case.claimed else 'has it'}: the steps go on"
    seen, snoozed = case.acknowledged_until, case.snoozed_until
    if seen and seen > now:
        yield f"acknowledged until {local_time(seen, zone)}: repeats of what was reached pause"
    if snoozed and snoozed > now:
        yield f"snoozed until {local_time(snoozed, zone)}: no step before then"


def of_post(
    settings: Settings,
    said: Said,
    *,
    staff: Staff,
    judging: Callable[[], Judging],
    zone: tzinfo,
    now: datetime,
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
        subject, lines = _judged(judging(), said.text, said, subject, now)
    rules = settings.targets()
    rule = first_match(rules, subject)
    over = [(one.name, one.match.against(subject)) for one in rules[: rules.index(rule)]]
    case = _opened(subject, rule, now)
    always = Watched(since=now)
    told = ahead(case, case_id=0, rule=rule, watched=always, staff=staff, now=now)
    topics = f", about {', '.join(subject.topics)}" if subject.topics else ""
    said_at = local_time(now, zone)
    headline = f"a post of {said_at} on {subject.network}: {subject.severity.word}{topics}"
    return Explained(headline, rule, rule.due(now), case, staff, tuple(told), lines, tuple(over))


_MEANS = {
    Band.ALERT: "judged a complaint",
    Band.REVIEW: "judged unsure: nobody is told before somebody confirms it; below, as if at once",
    Band.PASS: "judged no complaint: it opens no case; below, as if it were one",
}


def _judged(
    judge: Judging, text: str, said: Said, subject: Subject, now: datetime
) -> tuple[Subject, tuple[str, ...]]:
    """The subject with what the words say where nobody says otherwise."""
    key = PostKey(subject.network, "text")
    judged, told = judge(Post(key=key, thread=key.external_id, text=text, posted_at=now))
    found = replace(
        subject,
        severity=told.severity if said.severity is None else said.severity,
        topics=subject.topics or told.topics,
        language=subject.language or judged.language,
    )
    return found, (f"{_MEANS[told.band]} ({judged.complaint:.2f}): {told.reason}",)


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
