"""The daily digest: which unanswered waits stand in which part, and when a day's digest is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.domain.hours import BusinessHours
from monitor.domain.notice import Digest, DigestLine, SourceHealth
from monitor.domain.policy import Rule

AT_RISK_SHARE = 0.25
"""At risk: less than this share of the target is left, on the policy's clock …"""
AT_RISK_SPAN = timedelta(hours=2)
"""… or it is due so soon on the wall clock, however short the target."""

_DAY = timedelta(days=1)
_FARTHEST = 366
"""Days to look back for a business day; a calendar that never opens has no digest."""


class Part(StrEnum):
    """The parts of a digest, most urgent first; a wait stands in the first that fits."""

    OVERDUE = "overdue"
    AT_RISK = "at_risk"
    NEW = "new"
    OTHER = "other"
    UNCONFIRMED = "unconfirmed"


class Unanswered(NamedTuple):
    """An open wait and what the digest prints of it. A tuple: a digest takes in thousands of them."""

    line: DigestLine
    confirmed: bool
    first_seen_at: datetime
    due_at: datetime
    rule: str
    """The digest of the rule frozen into it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A digest a day that is open at all, at a local time, whatever the opening hours are."""

    hours: BusinessHours
    at: time

    def sent_at(self, day: date) -> datetime | None:
        """When that local day's digest is due, in UTC; None on a closed day.

        A time that a clock change skips is due as much later; one that it repeats, the first time.
        """
        if not self.hours.intervals(day):
            return None
        return datetime.combine(day, self.at, ZoneInfo(self.hours.zone)).astimezone(UTC)

    def today(self, now: datetime) -> date:
        """The local day."""
        return now.astimezone(ZoneInfo(self.hours.zone)).date()

    def due(self, now: datetime) -> Iterator[date]:
        """The local days whose digest is due by `now`, the newest first, of a year."""
        today = self.today(now)
        for back in range(_FARTHEST):
            day = today - back * _DAY
            due_at = self.sent_at(day)
            if due_at is not None and due_at <= now:
                yield day

    def previous_at(self, day: date) -> datetime | None:
        """When the digest before that of `day` was due."""
        for back in range(1, _FARTHEST):
            due_at = self.sent_at(day - back * _DAY)
            if due_at is not None:
                return due_at
        return None


def part(
    one: Unanswered, *, as_of: datetime, previous_at: datetime | None, rules: Mapping[str, Rule]
) -> Part:
    """Where an open wait stands. New is what was first seen since the digest before."""
    if not one.confirmed:
        return Part.UNCONFIRMED
    if one.due_at < as_of:
        return Part.OVERDUE
    if is_at_risk(one.due_at, as_of, rules[one.rule]):
        return Part.AT_RISK
    if previous_at is None or one.first_seen_at >= previous_at:
        return Part.NEW
    return Part.OTHER


def is_at_risk(due_at: datetime, as_of: datetime, rule: Rule) -> bool:
    """Whether a wait that is not overdue soon will be."""
    if due_at - as_of <= AT_RISK_SPAN:
        return True
    return rule.hours.between(as_of, due_at) < rule.target * AT_RISK_SHARE


def build(
    unanswered: Iterable[Unanswered],
    *,
    brand: str,
    day: date,
    as_of: datetime,
    previous_at: datetime | None,
    rules: Mapping[str, Rule],
    sources: Sequence[SourceHealth],
    unjudged: int,
) -> Digest:
    """The digest of the waits that are open at `as_of`, oldest first in each part."""
    parts: dict[Part, list[DigestLine]] = {one: [] for one in Part}
    for one in unanswered:
        parts[part(one, as_of=as_of, previous_at=previous_at, rules=rules)].append(one.line)
    for lines in parts.values():
        lines.sort(key=lambda line: (line.waiting_since, line.case_id))
    return Digest(
        brand=brand,
        day=day,
        as_of=as_of,
        overdue=tuple(parts[Part.OVERDUE]),
        at_risk=tuple(parts[Part.AT_RISK]),
        new=tuple(parts[Part.NEW]),
        other=tuple(parts[Part.OTHER]),
        unconfirmed=tuple(parts[Part.UNCONFIRMED]),
        sources=tuple(sources),
        unjudged=unjudged,
    )
