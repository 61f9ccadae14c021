"""Policies of the config, made rules: which target holds, and who is told when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from monitor.domain.escalation import TOLD_WITHOUT_A_STEP
from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Severity
from monitor.domain.policy import Anchor, Match, Rule, Step
from monitor.settings.calendars import ALWAYS
from monitor.settings.spans import PositiveSpan, Span


def _as_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_many)]
"""Several names; one may stand without brackets."""


def _whole(name: str) -> str:
    if "#" in name or ":" in name:
        raise ValueError(f"{name!r}: no # and no colon, which tell repeats and places apart")
    if name in TOLD_WITHOUT_A_STEP:
        taken = " and ".join(TOLD_WITHOUT_A_STEP)
        raise ValueError(f"{name!r}: give it another name; {taken} are recorded of every case")
    return name


SeverityWord = Literal["low", "normal", "high", "critical"]


class MatchTable(BaseModel):
    """What a policy is for; what is left out matches everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brands: Names = ()
    networks: Names = ()
    severities: Annotated[tuple[SeverityWord, ...], BeforeValidator(_as_many)] = ()
    topics: Names = ()
    languages: Annotated[
        tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...], BeforeValidator(_as_many)
    ] = Field(default=(), description='As in "ro": the post\'s, as far as it can be told.')
    followers: int = Field(default=0, ge=0, description="The author has at least so many.")

    def match(self) -> Match:
        """The domain's match."""
        return Match(
            brands=self.brands,
            networks=tuple(one.lower() for one in self.networks),
            severities=tuple(Severity[one.upper()] for one in self.severities),
            topics=self.topics,
            languages=self.languages,
            followers=self.followers,
        )


class StepTable(BaseModel):
    """One rung of the escalation, on the policy's own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_whole)] = Field(
        min_length=1, description="Unique within the policy."
    )
    after: Span | None = Field(default=None, description="So long after the complaint.")
    before_due: Span | None = Field(default=None, description="So long before the target.")
    after_due: Span | None = Field(default=None, description="So long after the target.")
    tell: Names = Field(
        default=(), description="Places, person:NAME, rota:NAME; default: the policy's `tell`."
    )
    mentions: Names = Field(default=(), description="People to be named in the message.")
    repeat: PositiveSpan | None = Field(default=None, description="Tell again so often, …")
    repeats: int = Field(default=0, ge=0, le=100, description="… so many times at most.")

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        said = [self.after, self.before_due, self.after_due]
        if sum(one is not None for one in said) != 1:
            raise ValueError("say when: one of after, before_due and after_due")
        if (self.repeat is None) != (self.repeats == 0):
            raise ValueError("repeat says how often, repeats how many times: both or none")
        return self

    def step(self, tell: str) -> Step:
        """The rung; `tell` holds where the table names nobody."""
        anchor = Anchor.START if self.after is not None else Anchor.DUE
        ahead = self.after or self.after_due or timedelta()
        return Step(
            name=self.name,
            anchor=anchor,
            offset=-self.before_due if self.before_due else ahead,
            audiences=self.tell or (tell,),
            mentions=self.mentions,
            repeat=self.repeat,
            repeats=self.repeats,
        )


class PolicyTable(BaseModel):
    """`[[policies]]`: the first that matches holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    match: MatchTable = MatchTable()
    target: PositiveSpan = Field(description="Answer within so much of the calendar's time.")
    calendar: str = Field(default=ALWAYS, description="On whose opening hours the clock runs.")
    tell: str | None = Field(default=None, description="Whom; default: the first notifier.")
    mentions: Names = ()
    acknowledged_for: PositiveSpan = Field(
        default=timedelta(hours=2), description="How long acknowledging holds back repeats."
    )
    steps: tuple[StepTable, ...] = ()

    def rule(self, hours: BusinessHours, tell: str) -> Rule:
        """The rule; `tell` holds where the table names nobody."""
        audience = self.tell or tell
        return Rule(
            name=self.name,
            match=self.match.match(),
            target=self.target,
            hours=hours,
            audience=audience,
            mentions=self.mentions,
            steps=tuple(one.step(audience) for one in self.steps),
            acknowledged_for=self.acknowledged_for,
        )


EVERYTHING_ELSE = PolicyTable(
    name="everything else",
    target=timedelta(hours=24),
    steps=(
        StepTable(name="due soon", before_due="4h"),
        StepTable(name="overdue", after_due="0m"),
    ),
)
"""Stands last where no policy of the config matches everything, so that every complaint has a target."""


def with_a_last(policies: Sequence[PolicyTable]) -> Iterator[PolicyTable]:
    """The policies, the last of which matches everything."""
    yield from policies
    if not any(one.match.match().is_everything for one in policies):
        yield EVERYTHING_ELSE
