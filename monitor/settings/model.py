"""What a config file may say, table by table, and what the program makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import time, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from monitor.domain.digest import Schedule
from monitor.domain.errors import ConfigError
from monitor.domain.hours import BusinessHours
from monitor.domain.identity import ANY_NETWORK, Brand, Identity
from monitor.domain.judgement import Thresholds
from monitor.domain.lexicon import Lexicon, word_rule
from monitor.domain.policy import Rule
from monitor.domain.relevance import CONTEXT, SPAM, WITHOUT, Relevance
from monitor.domain.reporting import Plan
from monitor.domain.rota import Person
from monitor.settings.answers import AnswersTable
from monitor.settings.calendars import ALWAYS, CalendarTable, hours_of
from monitor.settings.keeping import KeepTable
from monitor.settings.policies import Names, PolicyTable, with_a_last
from monitor.settings.reports import NumbersTable, ReportsTable
from monitor.settings.rules import RuleTable, lexicon_of
from monitor.settings.slack import SlackAppTable
from monitor.settings.spans import PositiveSpan, TimeOfDay, Zone
from monitor.settings.staff import PersonTable, RotaTable
from monitor.settings.storms import StormsTable
from monitor.settings.subscriptions import SubscriptionTable
from monitor.settings.web import WebTable

T = TypeVar("T")


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    return pattern


def _some(tables: tuple[T, ...]) -> tuple[T, ...]:
    # a validator, as pydantic's min_length does not count the tables that have mistakes of their own
    if not tables:
        raise ValueError("is empty: name at least one")
    return tables


def _database(url: str) -> str:
    if not re.match(r"(sqlite:///.|postgres(ql)?(\+psycopg)?://.)", url):
        raise ValueError(
            "is no database: write sqlite:///complaint-monitor.db or postgresql://user@host/name"
        )
    return url


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s:][^:]*$")]
"""A name in the config; a colon would end it where it is used (`email:leads@shop.example`)."""

Regex = Annotated[str, AfterValidator(_regex)]


class _Table(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _PlugInTable(BaseModel):
    """A table of a plug-in: the keys that we don't know are its own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def options(self) -> dict[str, object]:
        """What the plug-in itself has to make of the table."""
        return dict(self.model_extra or {})


class IdentityTable(_Table):
    """An account that answers in the brand's name."""

    network: str = Field(default=ANY_NETWORK, description="Default: any.")
    handle: str | None = None
    id: str | None = Field(default=None, description="The network's own; beats the handle.")

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if not (self.handle or self.id):
            raise ValueError("say which account: a handle, or better its id")
        return self

    def identity(self) -> Identity:
        """The domain's identity."""
        return Identity(self.network.lower(), self.id, self.handle)


class RelevanceTable(_Table):
    """`[brands.relevance]`: which posts that name a brand are not about it, or are no customer's words."""

    context: Names = Field(default=(), description="One of these has to stand beside the name.")
    without: Names = Field(default=(), description="Words that show that something else is meant.")
    languages: tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...] = Field(
        default=(), description="Default: all."
    )
    ignored: tuple[IdentityTable, ...] = Field(
        default=(), description="Accounts that are no customers: partners, bots."
    )
    reposts: bool = Field(default=False, description="Whether `RT @somebody: …` counts.")
    most_links: int | None = Field(default=None, ge=0, description="More are spam.")
    most_hashtags: int | None = Field(default=None, ge=0, description="More are spam.")
    most_handles: int | None = Field(default=None, ge=0, description="More are spam.")
    spam: Names = Field(default=(), description="Words of spam.")
    alike: bool = Field(default=True, description="Link copies of a complaint to it.")

    @model_validator(mode="after")
    def _words_that_can_be_read(self) -> Self:
        self._lexicon()
        return self

    def _lexicon(self) -> Lexicon:
        said = {CONTEXT: self.context, WITHOUT: self.without, SPAM: self.spam}
        try:
            return Lexicon({name: word_rule(name, name, one) for name, one in said.items() if one})
        except ConfigError as error:
            raise ValueError(str(error)) from None

    def relevance(self) -> Relevance:
        """The domain's rules."""
        return Relevance(
            words=self._lexicon(),
            languages=self.languages,
            ignored=tuple(one.identity() for one in self.ignored),
            reposts=self.reposts,
            most_links=self.most_links,
            most_hashtags=self.most_hashtags,
            most_handles=self.most_handles,
            alike=self.alike,
        )


class BrandTable(_Table):
    """`[[brands]]`: whom the customers complain to."""

    name: Name
    terms: Names = Field(default=(), description="Words that name the brand in a post.")
    identities: tuple[IdentityTable, ...] = ()
    automatic_apps: Names = Field(default=(), description="Apps whose replies are automatic.")
    automatic_patterns: tuple[Regex, ...] = Field(
        default=(), description="Regular expressions of automatic replies' texts."
    )
    relevance: RelevanceTable = RelevanceTable()
    digest_tell: str | None = Field(
        default=None, description="Who hears what sums it up; default: who hears it of all brands."
    )

    def brand(self) -> Brand:
        """The domain's brand."""
        return Brand(
            name=self.name,
            identities=tuple(one.identity() for one in self.identities),
            terms=self.terms,
            automatic_apps=self.automatic_apps,
            automatic_patterns=self.automatic_patterns,
            relevance=self.relevance.relevance(),
        )


class SourceTable(_PlugInTable):
    """`[[sources]]`: where posts come from."""

    use: str = Field(min_length=1, description="A plug-in, or package.module:Class.")
    name: Name = Field(default="", validate_default=False, description="Default: `use`.")
    brands: Names = Field(default=(), description="Default: the only one there is.")
    every: PositiveSpan | None = Field(default=None, description="Default: the plug-in's own.")

    @property
    def called(self) -> str:
        return self.name or self.use

    @property
    def fingerprint(self) -> str:
        """Another one as soon as the table says another thing, but for whom it is read."""
        said = {**self.options, "use": self.use, "every": self.every}
        text = json.dumps(said, sort_keys=True, default=str)
        return sha256(text.encode()).hexdigest()[:16]


class NotifierTable(_PlugInTable):
    """`[[notifiers]]`: a way to tell people."""

    use: str = Field(min_length=1, description="A plug-in, or package.module:Class.")
    name: Name = Field(default="", validate_default=False, description="Default: `use`.")

    @property
    def called(self) -> str:
        return self.name or self.use


class ThresholdsTable(_Table):
    """Overrides of the model's own thresholds, each from 0 to 1."""

    alert: float | None = Field(default=None, ge=0, le=1)
    review: float | None = Field(default=None, ge=0, le=1)
    question: float | None = Field(default=None, ge=0, le=1)


class ClassifierTable(_PlugInTable):
    """`[classifier]`: what judges the posts."""

    use: str = Field(default="shipped", min_length=1)
    thresholds: ThresholdsTable = ThresholdsTable()


class DigestTable(_Table):
    """`[digest]`: the unanswered, once a day."""

    at: TimeOfDay = Field(default=time(8, 30), description="Local time.")
    calendar: str = Field(default=ALWAYS, description="On the days on which it opens.")
    tell: str | None = Field(default=None, description="Whom; default: the first notifier.")


class OperatorsTable(_Table):
    """`[operators]`: who hears when the program itself has trouble."""

    tell: str | None = Field(default=None, description="Whom; default: the first notifier.")


class HeartbeatTable(_Table):
    """`[heartbeat]`: an address that is called while all is well (a dead man's switch)."""

    url: str = Field(pattern=r"^https?://.")
    every: PositiveSpan = timedelta(minutes=5)


class ReviewTable(_Table):
    """`[review]`: what was let pass is looked at, too, so that misses are measured."""

    weekly: int = Field(default=50, ge=0, le=10_000, description="Posts a week and brand.")


class LogTable(_Table):
    """`[log]`: what the program says of its own work, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(_Table):
    """The whole config."""

    database: Annotated[str, AfterValidator(_database)] = "sqlite:///complaint-monitor.db"
    timezone: Zone = "UTC"
    calendars: dict[Name, CalendarTable] = Field(default_factory=dict)
    brands: Annotated[tuple[BrandTable, ...], AfterValidator(_some)]
    sources: tuple[SourceTable, ...] = ()
    classifier: ClassifierTable = ClassifierTable()
    rules: dict[str, RuleTable] = Field(default_factory=dict)
    policies: tuple[PolicyTable, ...] = ()
    people: dict[Name, PersonTable] = Field(default_factory=dict)
    rotas: dict[Name, RotaTable] = Field(default_factory=dict)
    notifiers: Annotated[tuple[NotifierTable, ...], AfterValidator(_some)] = (
        NotifierTable(use="console"),
    )
    digest: DigestTable = DigestTable()
    reports: tuple[ReportsTable, ...] = ()
    subscriptions: tuple[SubscriptionTable, ...] = ()
    numbers: NumbersTable = NumbersTable()
    operators: OperatorsTable = OperatorsTable()
    storms: StormsTable = StormsTable()
    slack_app: SlackAppTable | None = None
    answers: AnswersTable = AnswersTable()
    heartbeat: HeartbeatTable | None = None
    keep: KeepTable = KeepTable()
    review: ReviewTable = ReviewTable()
    web: WebTable = WebTable()
    log: LogTable = LogTable()

    @property
    def audience(self) -> str:
        """Whom to tell where nobody else is named: the first notifier."""
        return self.notifiers[0].called

    @property
    def brand_names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.brands)

    def hours(self, calendar: str) -> BusinessHours:
        """The business hours of a calendar's name."""
        return hours_of(self.calendars, calendar, self.timezone)

    def targets(self) -> tuple[Rule, ...]:
        """The policies as rules, in order; the last one matches everything."""
        return tuple(
            one.rule(self.hours(one.calendar), self.audience) for one in with_a_last(self.policies)
        )

    def staff(self) -> dict[str, Person]:
        """The people who can be told alone, by name."""
        return {
            name: one.person(name, self.calendars, self.timezone)
            for name, one in self.people.items()
        }

    def schedule(self) -> Schedule:
        """When the daily digest is due."""
        return Schedule(self.hours(self.digest.calendar), self.digest.at)

    def plans(self) -> tuple[Plan, ...]:
        """The reports by schedule."""
        return tuple(
            one.plan(self.brand_names, self.timezone, self.audience) for one in self.reports
        )

    def digest_place(self, brand: str) -> str:
        """Who hears a brand's digest, and what was open before its first run."""
        return self._own_place.get(brand) or self.digest.tell or self.audience

    def surge_place(self, brand: str) -> str:
        """Who hears that a topic of a brand is above its own past."""
        return self._own_place.get(brand) or self.storms.tell or self.audience

    @cached_property
    def _own_place(self) -> dict[str, str]:
        return {one.name: one.digest_tell for one in self.brands if one.digest_tell}

    def subscribed(self) -> dict[str, tuple[str, ...]]:
        """By place that subscribed the brands of whose cases it hears."""
        return {one.tell: one.brands or self.brand_names for one in self.subscriptions}

    def staffed(self) -> BusinessHours:
        """When somebody is there."""
        return self.hours(self.numbers.staffed or self.digest.calendar)

    def lexicon(self) -> Lexicon:
        """The word rules in force."""
        return lexicon_of(self.rules)

    def brands_of(self, source: SourceTable) -> tuple[Brand, ...]:
        """The brands whose posts a source brings."""
        if not source.brands:
            return tuple(self._made.values())
        wanted = dict.fromkeys(source.brands)
        if len(wanted) == 1:  # of thousands of sources most have one
            return tuple(self._made[one] for one in wanted if one in self._made)
        return tuple(made for name, made in self._made.items() if name in wanted)

    @cached_property
    def _made(self) -> dict[str, Brand]:
        """The brands by name, in their order."""
        return {one.name: one.brand() for one in self.brands}

    def thresholds(self, own: Callable[[], Thresholds]) -> Thresholds:
        """What the config says, and the model's `own` (not asked if there is no need) where it is silent."""
        said = self.classifier.thresholds
        if said.alert is not None and said.review is not None and said.question is not None:
            return Thresholds(said.alert, said.review, said.question)
        model = own()
        return Thresholds(
            alert=model.alert if said.alert is None else said.alert,
            review=model.review if said.review is None else said.review,
            question=model.question if said.question is None else said.question,
        )
