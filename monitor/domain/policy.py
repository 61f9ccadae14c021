"""Which target and which chain of people apply to a wait. First matching rule wins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Severity


class Anchor(StrEnum):
    """From what a step's offset is counted."""

    START = "start"
    DUE = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung: when it falls due on the rule's business clock, and who is told.

    `offset` may be negative when counted from due (a warning before the breach). `repeat` tells
    again so often until the next rung, or `repeats` times.
    """

    name: str
    anchor: Anchor
    offset: timedelta
    audience: str
    mentions: tuple[str, ...] = ()
    repeat: timedelta | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a rule is for; an empty part matches everything."""

    brands: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    topics: tuple[str, ...] = ()

    def fits(self, brand: str, network: str, severity: Severity, topics: Sequence[str]) -> bool:
        return (
            (not self.brands or brand in self.brands)
            and (not self.networks or network in self.networks)
            and (not self.severities or severity in self.severities)
            and (not self.topics or any(one in self.topics for one in topics))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A target on a business clock, whom the card goes to, and the chain that climbs while nobody answers.

    `acknowledged_for` is how long (wall clock) an acknowledgement holds back repeats.
    """

    name: str
    match: Match
    target: timedelta
    hours: BusinessHours
    audience: str
    mentions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    acknowledged_for: timedelta = timedelta(hours=2)

    def due(self, asked_at: datetime) -> datetime:
        return self.hours.add(asked_at, self.target)

    def step_at(self, step: Step, started_at: datetime, due_at: datetime) -> datetime:
        """When a step falls due: a pure function of the wait, whenever anybody looks."""
        base = started_at if step.anchor is Anchor.START else due_at
        if step.offset < timedelta(0):
            return self.hours.subtract(base, -step.offset)
        return self.hours.add(base, step.offset) if step.offset else base

    @property
    def snapshot(self) -> str:
        """The rule as text, frozen with the waits that it governs."""
        return json.dumps(_to_json(self), sort_keys=True, ensure_ascii=False)

    @property
    def digest(self) -> str:
        """The name under which the snapshot is kept."""
        return hashlib.sha256(self.snapshot.encode()).hexdigest()[:16]


def first_match(
    rules: Sequence[Rule], *, brand: str, network: str, severity: Severity, topics: Sequence[str]
) -> Rule:
    """The rule that governs; the settings guarantee a last one that matches everything."""
    return next(one for one in rules if one.match.fits(brand, network, severity, topics))


def _to_json(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "match": {
            "brands": rule.match.brands,
            "networks": rule.match.networks,
            "severities": [one.word for one in rule.match.severities],
            "topics": rule.match.topics,
        },
        "target": rule.target.total_seconds(),
        "hours": rule.hours.to_json(),
        "audience": rule.audience,
        "mentions": rule.mentions,
        "acknowledged_for": rule.acknowledged_for.total_seconds(),
        "steps": [
            {
                "name": one.name,
                "anchor": one.anchor.value,
                "offset": one.offset.total_seconds(),
                "audience": one.audience,
                "mentions": one.mentions,
                "repeat": one.repeat.total_seconds() if one.repeat else None,
                "repeats": one.repeats,
            }
            for one in rule.steps
        ],
    }


@lru_cache(maxsize=256)
def rule_from(snapshot: str) -> Rule:
    """The rule that `Rule.snapshot` wrote."""
    data: Mapping[str, Any] = json.loads(snapshot)
    match = data["match"]
    return Rule(
        name=data["name"],
        match=Match(
            brands=tuple(match["brands"]),
            networks=tuple(match["networks"]),
            severities=tuple(Severity[one.upper()] for one in match["severities"]),
            topics=tuple(match["topics"]),
        ),
        target=timedelta(seconds=data["target"]),
        hours=BusinessHours.from_json(data["hours"]),
        audience=data["audience"],
        mentions=tuple(data["mentions"]),
        acknowledged_for=timedelta(seconds=data["acknowledged_for"]),
        steps=tuple(_step(one) for one in data["steps"]),
    )


def _step(data: Mapping[str, Any]) -> Step:
    return Step(
        name=data["name"],
        anchor=Anchor(data["anchor"]),
        offset=timedelta(seconds=data["offset"]),
        audience=data["audience"],
        mentions=tuple(data["mentions"]),
        repeat=timedelta(seconds=data["repeat"]) if data["repeat"] else None,
        repeats=data["repeats"],
    )
