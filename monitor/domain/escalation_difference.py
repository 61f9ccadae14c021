"""What another policy changes: which message would come earlier, later, to others, no longer, or newly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest

from monitor.domain.escalation_ahead import Played, SummedUp
from monitor.domain.wait import Outcome, Wait


class Change(StrEnum):
    """What becomes of a message."""

    SAME = "same"
    EARLIER = "earlier"
    LATER = "later"
    TO_OTHERS = "to others"
    NO_LONGER = "no longer"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Message:
    """One that people get: when, and at which places."""

    at: datetime
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a case, before and after. `step` is "alert" for the card.

    One that is later and has no `after` has not come yet: its wait is still open.
    """

    case_id: int
    wait: int
    step: str
    change: Change
    before: Message | None
    after: Message | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What somebody is told in the morning, before and after: the numbers of the cases; none, no summary."""

    at: datetime
    audience: str
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def is_same(self) -> bool:
        return self.before == self.after


@dataclass(slots=True)
class Difference:
    """What a change of the policies does to the waits of a period.

    `due`: how many would be due earlier, later or at the same time. `in_time`: how many of `waits` were
    answered by the one target and by the other; `unanswered` of them never were.
    """

    waits: int = 0
    unanswered: int = 0
    due: Counter[Change] = field(default_factory=Counter)
    in_time: dict[str, int] = field(default_factory=lambda: {"before": 0, "after": 0})
    messages: dict[str, Counter[str]] = field(
        default_factory=lambda: {"before": Counter(), "after": Counter()}
    )
    """By the place where they are read."""
    lines: list[Line] = field(default_factory=list)
    _named: dict[tuple[datetime, str], dict[str, set[int]]] = field(default_factory=dict)
    """The cases that a summary names: by when and where, before and after."""

    @property
    def summaries(self) -> list[Summary]:
        """What was held back in quiet hours and was still open when they ended, in order."""
        return [
            Summary(*when, tuple(sorted(its["before"])), tuple(sorted(its["after"])))
            for when, its in sorted(self._named.items())
        ]

    @property
    def changes(self) -> Counter[Change]:
        """How many messages there are of each kind of change."""
        return Counter(one.change for one in self.lines)

    def add(
        self, case_id: int, before: Played, after: Played, *, since: datetime, until: datetime
    ) -> None:
        """Count one case: its waits that began in [since, until)."""
        old = {one.number: one for one in before.waits if since <= one.started_at < until}
        new = {one.number: one for one in after.waits if one.number in old}
        for number, wait in new.items():
            self._count(old[number], wait)
        found = list(_lines(case_id, before, after, old))
        for line in found:
            for which, message in (("before", line.before), ("after", line.after)):
                self.messages[which].update(message.audiences if message else ())
        self.lines += found
        for which, played in (("before", before), ("after", after)):
            for one in sorted(it for it in played.summed_up if it.wait in old):
                self._sum_up(which, one, case_id)

    def _sum_up(self, which: str, one: SummedUp, case_id: int) -> None:
        """One message names all that somebody slept through."""
        its = self._named.setdefault((one.at, one.audience), {"before": set(), "after": set()})
        self.messages[which][one.audience] += not its[which]
        its[which].add(case_id)

    def _count(self, old: Wait, new: Wait) -> None:
        self.waits += 1
        self.due[_moved(old.due_at, new.due_at)] += 1
        self.in_time["before"] += _is_in_time(old)
        self.in_time["after"] += _is_in_time(new)
        self.unanswered += new.outcome not in _ANSWERED


_ANSWERED = (Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE)


def _is_in_time(wait: Wait) -> bool:
    return wait.outcome in _ANSWERED and wait.ended_at is not None and wait.ended_at <= wait.due_at


def _moved(before: datetime, after: datetime) -> Change:
    if before == after:
        return Change.SAME
    return Change.EARLIER if after < before else Change.LATER


def _messages(played: Played) -> Mapping[tuple[int, str], list[Message]]:
    """What was told, by wait and step: an alert is told again where a graver rule takes over."""
    found = defaultdict(list)
    for one in played.told:
        places = tuple(it.audience for it in one.firing.notices if not it.suppressed)
        if places:
            event = one.firing.event
            found[event.wait, event.step].append(Message(one.at, places))
    return found


def _lines(case_id: int, before: Played, after: Played, waits: Collection[int]) -> Iterator[Line]:
    old, new = _messages(before), _messages(after)
    keys = sorted(key for key in {*old, *new} if key[0] in waits)
    for key in keys:
        for one, other in zip_longest(old.get(key, ()), new.get(key, ())):
            yield Line(case_id, *key, _change(one, other, before, after, key), one, other)


def _change(
    old: Message | None, new: Message | None, before: Played, after: Played, key: tuple[int, str]
) -> Change:
    """What becomes of a message; `key`: its wait and step."""
    if old is None:
        return Change.EARLIER if key in before.to_come else Change.NEW
    if new is None:
        return Change.LATER if key in after.to_come else Change.NO_LONGER
    if old.at != new.at:
        return _moved(old.at, new.at)
    return Change.SAME if set(old.audiences) == set(new.audiences) else Change.TO_OTHERS
