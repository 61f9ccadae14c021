"""How the clock of a wait ran: what counted, and when it stood still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.hours import BusinessHours
from monitor.domain.policy import Rule
from monitor.domain.wait import Wait

TOLD = 8
"""Stretches that are named; of more only the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """The clock of a wait, explained. Spans are business time but for `wall`."""

    since: datetime
    until: datetime
    """When it ended, else now."""
    wall: timedelta
    counted: timedelta
    target: timedelta
    left: timedelta
    """Until it is due; negative: how long it is late."""
    due_at: datetime
    closed: tuple[tuple[datetime, datetime], ...]
    """When the clock stood still, the latest stretches."""
    closed_before: int
    """How many stretches more there were."""


def elapsed(wait: Wait, rule: Rule, now: datetime) -> Elapsed:
    """The clock of the wait at `now`, by the rule that was frozen into it."""
    hours: BusinessHours = rule.hours
    until = wait.ended_at or now
    stretches = tuple(hours.closed(wait.started_at, until))
    return Elapsed(
        since=wait.started_at,
        until=until,
        wall=until - wait.started_at,
        counted=hours.between(wait.started_at, until),
        target=rule.target,
        left=hours.between(until, wait.due_at),
        due_at=wait.due_at,
        closed=stretches[-TOLD:],
        closed_before=max(0, len(stretches) - TOLD),
    )
