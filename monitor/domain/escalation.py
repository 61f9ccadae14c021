"""Whom to tell now, and why not: pure decisions over a case and its frozen rule.

Every (wait, rule, step) fires once, stamped with when it fell due. After downtime, or for a wait found
late, only the highest due step is told; the lower ones are recorded as superseded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.case import Case, asked_by
from monitor.domain.event import AnswerWithdrawn, Confirmed, Escalated, Rejudged, Withdrawn
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.policy import Rule, Step
from monitor.domain.rota import Staff
from monitor.domain.wait import Outcome, Wait

ALERT = "alert"
"""The name under which a wait's first telling is recorded as fired."""
TOLD_WITHOUT_A_STEP = (ALERT, Reason.UNCONFIRMED.value)
"""Names that no step can have: it would count as fired before it fell due."""
LOOK_BACK = timedelta(days=7)
"""What began longer before the first run is never told one by one; it stands in every digest."""

_NOBODY = Staff()


@dataclass(frozen=True, slots=True)
class Firing:
    """A rung that fires now: the event for the history, at its own time, and a notice for each place."""

    at: datetime
    event: Escalated
    notices: tuple[Planned, ...]

    @property
    def is_told(self) -> bool:
        """Whether anybody hears of it."""
        return any(not one.suppressed for one in self.notices)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, and when to look again (None: not before something happens)."""

    firings: tuple[Firing, ...] = ()
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Rung:
    """A step or one repeat of it, at its time."""

    at: datetime
    name: str
    level: int
    step: Step
    is_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Since when the brand's new complaints are told, and when the older ones were summed up.

    `summed_up_at` is None until the one summary is written.
    """

    since: datetime
    summed_up_at: datetime | None = None


def decide(
    case: Case,
    *,
    case_id: int,
    rule: Rule,
    watched: Watched,
    now: datetime,
    staff: Staff = _NOBODY,
) -> Decision:
    """What the open wait's rule says at `now`. `staff`: who is behind the people and rotas of its steps."""
    wait = case.open_wait
    if wait is None:
        return Decision()
    came = _came(case, wait)
    one = _Told(case, case_id, wait, rule, came.seen_at, _no_news_before(came, watched), staff, now)
    if not case.is_confirmed(wait):
        return Decision(one.unconfirmed())
    alerts = one.alert()
    if case.snoozed_until is not None and case.snoozed_until > now:
        return Decision(alerts, case.snoozed_until)
    rungs = sorted(_rungs(rule, wait), key=lambda rung: (rung.at, rung.level))
    unfired = [rung for rung in rungs if not case.has_fired(wait, rung.name)]
    told = one.climb([rung for rung in unfired if rung.at <= now])
    later = min((rung.at for rung in unfired if rung.at > now), default=None)
    return Decision((*alerts, *told), later)


@dataclass(frozen=True, slots=True)
class _Came:
    """When a wait came under its rule: in the world, to our eyes, and surely as a complaint."""

    asked_at: datetime
    seen_at: datetime
    known_at: datetime


def _no_news_before(came: _Came, watched: Watched) -> datetime | None:
    """Before when nothing that fell due is told; None: all of it is news.

    Older than the first run is part of the one summary, if it was known when that was written, or if
    it is not written yet. What is known only later is told, but for a history that is imported.
    """
    if came.asked_at >= watched.since:
        return None
    was_summed_up = watched.summed_up_at is None or came.known_at <= watched.summed_up_at
    if was_summed_up or came.asked_at < watched.since - LOOK_BACK:
        return watched.since
    return None


def _came(case: Case, wait: Wait) -> _Came:
    asked = [
        (one, ask)
        for one in case.records
        if (ask := asked_by(one)) and ask.post in wait.asks and ask.rule == wait.rule
    ]
    known_at = min(one.recorded_at for one, _ in asked)
    if not wait.surely:
        said = [one.recorded_at for one in case.records if isinstance(one.event, Confirmed)]
        known_at = max([known_at, *said[:1]])
    return _Came(
        min(one.at for one, _ in asked), min(ask.first_seen_at for _, ask in asked), known_at
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """Makes the firings of one wait by its rule."""

    case: Case
    case_id: int
    wait: Wait
    rule: Rule
    seen_at: datetime
    no_news_before: datetime | None
    staff: Staff
    now: datetime

    def alert(self) -> tuple[Firing, ...]:
        """The wait's first telling; told again to the new rule's people when a graver one governs."""
        old = self.no_news_before is not None
        fired = any(one.wait == self.wait.number and one.step == ALERT for one in self.case.fired)
        news = Reason.GRAVER if fired else Reason.OPENED
        reason = Reason.BEFORE_FIRST_RUN if old else news
        return self._once(ALERT, ALERT, reason, suppressed=old)

    def unconfirmed(self) -> tuple[Firing, ...]:
        """That nobody is told yet."""
        name = Reason.UNCONFIRMED.value
        return self._once(name, name, Reason.UNCONFIRMED, suppressed=True)

    def _once(
        self, step: str, prefix: str, reason: Reason, *, suppressed: bool
    ) -> tuple[Firing, ...]:
        wait = self.wait
        if self.case.has_fired(wait, step):
            return ()
        notice = Planned(
            key=self._key(prefix),
            kind=NoticeKind.ALERT,
            audience=self.rule.audience,
            reason=reason,
            due_at=self.seen_at,
            wait=wait.number,
            suppressed=suppressed,
        )
        return (Firing(self.seen_at, Escalated(wait.number, step, 0, wait.rule), (notice,)),)

    def climb(self, due: Sequence[_Rung]) -> Iterator[Firing]:
        """All rungs that fell due; of those that would be told only the highest is."""
        silent = {rung.name: reason for rung in due if (reason := self._silence(rung))}
        highest = next((rung for rung in reversed(due) if rung.name not in silent), None)
        for rung in due:
            told = None if rung is highest else Reason.SUPERSEDED
            event = Escalated(self.wait.number, rung.name, rung.level, self.wait.rule)
            yield Firing(rung.at, event, tuple(self._notices(rung, silent.get(rung.name, told))))

    def _notices(self, rung: _Rung, silent: Reason | None) -> Iterator[Planned]:
        """One for each place that hears of the rung; `silent`: why none does."""
        key = self._key("step", rung.name)
        for number, (audience, reason, suppressed) in enumerate(self._told_to(rung, silent)):
            yield Planned(
                key=f"{key}:{audience}" if number else key,
                kind=NoticeKind.ESCALATION,
                audience=audience,
                reason=reason,
                due_at=rung.at,
                wait=self.wait.number,
                step=rung.name,
                suppressed=suppressed,
            )

    def _told_to(self, rung: _Rung, silent: Reason | None) -> Iterator[tuple[str, Reason, bool]]:
        """Places, each with its reason, and whether that is one to be silent."""
        names = rung.step.audiences
        if silent is not None:
            yield from ((one, silent, True) for one in names)
            return
        found = self.staff.recipients(names, at=self.now, severity=self.wait.severity)
        is_told = any(one.held_back is None for one in found)
        # better in the wrong place than nowhere
        instead = not is_told and (not found or self.staff.lacks(names, at=self.now))
        for one in found:
            if not (instead and one.audience == self.rule.audience):
                yield one.audience, one.held_back or Reason.STEP_DUE, one.held_back is not None
        if instead:
            yield self.rule.audience, Reason.NOBODY_ON_CALL, False

    def _silence(self, rung: _Rung) -> Reason | None:
        """Why a rung is not told, whatever else is due."""
        if self.no_news_before is not None and rung.at < self.no_news_before:
            return Reason.BEFORE_FIRST_RUN
        if rung.level < self.case.level:
            return Reason.SUPERSEDED
        if rung.is_repeat and self.case.is_acknowledged(self.wait, rung.level, rung.at):
            return Reason.ACKNOWLEDGED
        return None

    def _key(self, prefix: str, *rest: str) -> str:
        """Unique for ever: where another rule told of the wait before, this one's name is in it."""
        whose = [self.wait.rule] if self.case.had_another_rule(self.wait) else []
        return ":".join((prefix, str(self.case_id), str(self.wait.number), *whose, *rest))


def _rungs(rule: Rule, wait: Wait) -> Iterator[_Rung]:
    """Every step and repeat of the wait, at times that depend on the wait alone."""
    steps = sorted(
        ((rule.step_at(one, wait.started_at, wait.due_at), one) for one in rule.steps),
        key=lambda pair: pair[0],
    )
    for index, (at, step) in enumerate(steps):
        yield _Rung(at, step.name, index + 1, step, is_repeat=False)
        if step.repeat is None:
            continue
        until = steps[index + 1][0] if index + 1 < len(steps) else None
        for number in range(1, step.repeats + 1):
            again = rule.hours.add(at, step.repeat * number)
            if until is not None and again >= until:
                break
            yield _Rung(again, f"{step.name}#{number}", index + 1, step, is_repeat=True)


def endings(before: Case, after: Case) -> dict[int, Reason]:
    """The waits that are no longer open, with the reason for which their pending notices are cancelled."""
    open_before = before.open_wait
    if open_before is None:
        return {}
    number = open_before.number
    now = next((one for one in after.waits if one.number == number), None)
    if now is None:
        return {number: Reason.ABSORBED}
    if now.outcome is None:
        return {}
    return {number: _ENDED[now.outcome]}


def goes_on(before: Case, after: Case) -> int | None:
    """The wait that had ended and is open again: its answer was deleted, or a dismissal taken back."""
    wait = after.open_wait
    if wait is None:
        return None
    had_ended = any(one.number == wait.number and not one.is_open for one in before.waits)
    return wait.number if had_ended else None


_ENDED = {
    Outcome.ANSWERED: Reason.ANSWERED,
    Outcome.ANSWERED_ELSEWHERE: Reason.ANSWERED,
    Outcome.WITHDRAWN: Reason.WITHDRAWN,
    Outcome.DISMISSED: Reason.DISMISSED,
}


_CHANGES_WORDS = (Rejudged, Withdrawn, AnswerWithdrawn)
"""What a post says, or whether it stands, is another thing after these."""


def looks_different(before: Case, after: Case) -> bool:
    """Whether a card that shows `before` has to be edited."""

    def shown(case: Case) -> tuple[object, ...]:
        changed = sum(isinstance(one.event, _CHANGES_WORDS) for one in case.records)
        people = case.owner, case.claimed, case.contact, case.acknowledged, case.snoozed
        return case.status, *people, case.level, case.severity, len(case.waits), changed

    return shown(before) != shown(after)
