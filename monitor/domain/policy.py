"""Which target and which chain of people apply to a wait. First matching rule wins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, Self

from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Severity, Verdict
from monitor.domain.post import Post


class Anchor(StrEnum):
    """From what a step's offset is counted."""

    START = "start"
    DUE = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung: when it falls due on the rule's business clock, and who is told.

    `offset` may be negative when counted from due (a warning before the breach). `repeat` tells
    again so often until the next rung, or `repeats` times. `audiences` are places, people and rotas
    (`monitor.domain.rota`).
    """

    name: str
    anchor: Anchor
    offset: timedelta
    audiences: tuple[str, ...]
    mentions: tuple[str, ...] = ()
    repeat: timedelta | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule looks at: a customer's post as it was judged.

    `language` is None where it is not known, and so is `followers`, the author's reach.
    """

    brand: str
    network: str
    severity: Severity
    topics: tuple[str, ...] = ()
    language: str | None = None
    followers: int | None = None

    @classmethod
    def of(cls, brand: str, post: Post, told: Verdict, language: str | None = None) -> Self:
        """The post's; `language` as it was detected, else what the network says of it."""
        return cls(
            brand=brand,
            network=post.key.network,
            severity=told.severity,
            topics=told.topics,
            language=language or post.lang,
            followers=post.author.followers,
        )


class Misfit(NamedTuple):
    """Why a rule is not for a post: `{value}` in the phrase stands for what the post has."""

    phrase: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a rule is for; an empty part matches everything.

    `followers`: the author has at least so many. Languages are compared without their region: `en`
    is also `en-GB`. What is not known matches no demand.
    """

    brands: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    topics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    followers: int = 0

    @property
    def is_everything(self) -> bool:
        """Whether no post is without it."""
        return self == Match()

    def fits(self, one: Subject) -> bool:
        # first what tells most rules apart: an agency has one for each of its brands
        if self.brands and one.brand not in self.brands:
            return False
        return not self.against(one)

    def against(self, one: Subject) -> tuple[Misfit, ...]:
        """What of the post the rule is not for; empty if it fits."""
        topics = ", ".join(one.topics)
        checks = (
            (not self.brands or one.brand in self.brands, "the brand is {value}", one.brand),
            (
                not self.networks or one.network in self.networks,
                "the network is {value}",
                one.network,
            ),
            (
                not self.severities or one.severity in self.severities,
                "the severity is {value}",
                one.severity.word,
            ),
            (
                not self.topics or any(topic in self.topics for topic in one.topics),
                "the topics are {value}" if one.topics else "it has no topic",
                topics,
            ),
            (
                not self.languages or _tongue(one.language) in self.languages,
                "the language is {value}" if one.language else "the language is not known",
                one.language or "",
            ),
            (
                self.followers <= (one.followers or 0),
                "the author has {value} followers"
                if one.followers is not None
                else "nobody knows how many follow the author",
                str(one.followers),
            ),
        )
        return tuple(Misfit(phrase, value) for holds, phrase, value in checks if not holds)


def _tongue(language: str | None) -> str:
    return (language or "").replace("_", "-").partition("-")[0].lower()


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


def first_match(rules: Sequence[Rule], subject: Subject) -> Rule:
    """The rule that governs; the settings guarantee a last one that matches everything."""
    return next(one for one in rules if one.match.fits(subject))


def _to_json(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "match": {
            "brands": rule.match.brands,
            "networks": rule.match.networks,
            "severities": [one.word for one in rule.match.severities],
            "topics": rule.match.topics,
            "languages": rule.match.languages,
            "followers": rule.match.followers,
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
                "audiences": one.audiences,
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
            languages=tuple(match["languages"]),
            followers=match["followers"],
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
        audiences=tuple(data["audiences"]),
        mentions=tuple(data["mentions"]),
        repeat=timedelta(seconds=data["repeat"]) if data["repeat"] else None,
        repeats=data["repeats"],
    )
