"""The composition root: the one place that makes concrete things out of settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from monitor import registry
from monitor.clock import utc_now
from monitor.domain.errors import ClassifierError, ConfigError
from monitor.domain.judgement import Judgement, Thresholds, Verdict
from monitor.domain.lexicon import Lexicon
from monitor.domain.notice import Digest
from monitor.domain.post import Post
from monitor.domain.verdict import verdict
from monitor.ports import AnsweringSource, Classifier, Clock, Desk, Notifier, Receives, Refreshes
from monitor.runner import SIDE_BY_SIDE, Runner, Stage
from monitor.secrets import STORE, Keyring
from monitor.settings import ClassifierTable, NotifierTable, Settings, SourceTable
from monitor.stages.classify import Classify
from monitor.stages.deliver import Deliver
from monitor.stages.digest import DailyDigest
from monitor.stages.escalate import Escalate
from monitor.stages.forget import Forget
from monitor.stages.gather import Gather
from monitor.stages.intake import Feed, Intake
from monitor.stages.listen import Listen
from monitor.stages.refresh import Asking, Refresh
from monitor.stages.reply import Reply
from monitor.stages.sample import Sample
from monitor.stages.settle import Settle
from monitor.stages.triage import Triage
from monitor.stages.watch import Watch
from monitor.store import calibrations, readings
from monitor.store.engine import Database
from monitor.store.inbox import OwnInbox

if TYPE_CHECKING:
    from monitor.slackapp.making import SlackApp
    from monitor.web.site import Site

SHIPPED = "shipped"
"""The plug-in whose models staff's corrections can make anew."""
AT_ONCE = 4
"""Sources that are asked at the same time whether posts still stand."""
ANSWERS_AT_ONCE = 2
"""Answers under way to the networks: each waits for one."""


def classifier_of(table: ClassifierTable) -> Classifier:
    """The classifier that a config names; it reads its weights when it first judges."""
    cls = registry.load(registry.CLASSIFIERS, table.use)
    made: Classifier = registry.build(cls, registry.options(cls, table.options, "classifier"))
    return made


def adopted_of(table: ClassifierTable, database: Database) -> ClassifierTable:
    """The table with the model that was adopted last in the place of the shipped one.

    Raises:
        ClassifierError: its folder is gone.

    """
    last = calibrations.adopted(database) if table.use == SHIPPED else None
    if last is None or last.folder is None:
        return table
    if not last.folder.is_dir():
        raise ClassifierError(
            f"the model {last.model} was adopted, and its folder {last.folder} is gone: put it "
            "back, or `complaint-monitor model rollback`"
        )
    return ClassifierTable.model_validate(
        {**table.model_dump(), **table.options, "folder": last.folder}
    )


def own_thresholds(classifier: Classifier) -> Thresholds:
    """The thresholds that a model comes with.

    Raises:
        ClassifierError: its weights can't be read.
        ConfigError: it comes with none.

    """
    found = getattr(classifier, "thresholds", None)
    if not isinstance(found, Thresholds):
        raise ConfigError(
            "the classifier brings no thresholds: give alert, review and question "
            "under [classifier.thresholds]"
        )
    return found


@dataclass(frozen=True, slots=True)
class Judge:
    """Classifier, thresholds and word rules: what a text alone means, without a case or a history."""

    classifier: Classifier
    thresholds: Thresholds
    lexicon: Lexicon

    def judge(self, posts: Sequence[Post]) -> list[tuple[Judgement, Verdict]]:
        """Judgement and verdict of each post, in order."""
        return [
            (judged, verdict(post, judged, self.thresholds, self.lexicon))
            for post, judged in zip(posts, self.classifier.classify(posts), strict=True)
        ]


def table_in_force(settings: Settings) -> ClassifierTable:
    """The classifier that judges now: what was adopted last, else what the config names.

    Raises:
        ClassifierError: what was adopted is gone.
        StoreError: the database does not answer.

    """
    database = Database(settings.database)
    try:
        return adopted_of(settings.classifier, database)
    finally:
        database.close()


def judge_of(settings: Settings) -> Judge:
    """What judges by these settings. Raises like `table_in_force`, and if the weights can't be read."""
    classifier = classifier_of(table_in_force(settings))
    thresholds = settings.thresholds(lambda: own_thresholds(classifier))
    return Judge(classifier, thresholds, settings.lexicon())


class InForce:
    """The model that was adopted last, made anew when another one is; without one, the config's."""

    def __init__(self, table: ClassifierTable, database: Database) -> None:
        self._table = table
        self._database = database
        self._made: tuple[ClassifierTable, Classifier] | None = None

    @property
    def model(self) -> str:
        return self._now().model

    @property
    def thresholds(self) -> Thresholds:
        """The model's own. Raises ConfigError where it brings none."""
        return own_thresholds(self._now())

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        return self._now().classify(posts)

    def _now(self) -> Classifier:
        table = adopted_of(self._table, self._database)
        if self._made is None or self._made[0] != table:
            self._made = table, classifier_of(table)
        return self._made[1]


class Application:
    """Everything that a config describes, each part made when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = utc_now,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database)
        folder = self.database.path.parent if self.database.path else Path()
        self.secrets = Keyring(folder / STORE, environment)

    def close(self) -> None:
        self.database.close()

    @cached_property
    def classifier(self) -> Classifier:
        """What judges now: it changes when another model is adopted."""
        return InForce(self.settings.classifier, self.database)

    @property
    def thresholds(self) -> Thresholds:
        """The model's own, where the config says nothing else. Raises ClassifierError."""
        return self.settings.thresholds(lambda: own_thresholds(self.classifier))

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        """The sources, each with the brands that it is read for."""
        return tuple(self._feed(one) for one in self.settings.sources)

    @property
    def desks(self) -> tuple[Desk, ...]:
        """The sources that can answer, too."""
        return tuple(
            Desk(one.name, one.source, one.brands)
            for one in self.feeds
            if isinstance(one.source, AnsweringSource)
        )

    @cached_property
    def notifiers(self) -> Mapping[str, Notifier]:
        """By configured name; the first one serves whoever is named nowhere else."""
        return {one.called: self._notifier(one) for one in self.settings.notifiers}

    @property
    def operators(self) -> str:
        """Whom to tell when the program itself has trouble."""
        return self.settings.operators.tell or self.settings.audience

    def judging(self) -> tuple[Stage, ...]:
        """The stages from what is stored to cases; nobody is told anything."""
        return (
            Classify(self.database, self.classifier),
            _Judged(self),
            Settle(self.database),
        )

    def stages(self, *, shadow: bool = False) -> tuple[Stage, ...]:
        """All stages in the order of the pipeline. `shadow`: everything but telling and answering."""
        reply = Reply(self.database, self.desks, clock=self.clock)
        keep = self.settings.keep.keep()
        return (
            Intake(self.database, self.feeds, clock=self.clock, operators=self.operators),
            Refresh(
                self.database,
                self._asked_again(),
                keep,
                clock=self.clock,
                operators=self.operators,
            ),
            *self.judging(),
            Escalate(self.database),
            Listen(self.database, operators=self.operators),
            DailyDigest(
                self.database,
                names=self.settings.brand_names,
                schedule=self.settings.schedule(),
                audience=self.settings.digest.tell or self.settings.audience,
            ),
            *(() if shadow else (self._gather(),)),
            Deliver(
                self.database,
                self.notifiers,
                digest=self._digest,
                operators=self.operators,
                shadow=shadow,
            ),
            *(() if shadow else (reply,)),
            Sample(
                self.database,
                names=self.settings.brand_names,
                size=self.settings.review.weekly,
            ),
            Watch(self.database, operators=self.operators),
            Forget(self.database, keep, operators=self.operators),
        )

    def _gather(self) -> Gather:
        one_by_one = [
            one.called
            for one in self.settings.notifiers
            if getattr(registry.load(registry.NOTIFIERS, one.use), "one_by_one", False)
        ]
        return Gather(self.database, self.settings.storms.limits(), one_by_one=one_by_one)

    def runner(self, *, shadow: bool = False) -> Runner:
        """The embedded runner over all stages."""
        return Runner(
            self.stages(shadow=shadow),
            self.database,
            clock=self.clock,
            side_by_side={**SIDE_BY_SIDE, Refresh.name: AT_ONCE, Reply.name: ANSWERS_AT_ONCE},
            operators=self.operators,
        )

    def site(self) -> Site:
        """What is served by HTTP. Raises ModuleNotFoundError without the extra `web`."""
        from monitor.web.site import Site

        doors = {one.name: one.source for one in self.feeds if isinstance(one.source, Receives)}
        return Site(self.settings, self.database, doors, self.clock)

    def _asked_again(self) -> tuple[Asking, ...]:
        """The sources that can tell later whether their posts still stand."""
        return tuple(
            Asking(one.name, one.source, one.brands)
            for one in self.feeds
            if isinstance(one.source, Refreshes)
        )

    def slack_app(self) -> SlackApp:
        """The Slack app that the config describes.

        Raises:
            ConfigError: it describes none, or the app's extra is not installed.

        """
        try:
            from monitor.slackapp.making import SlackApp
        except ModuleNotFoundError as error:
            needs = 'pip install "complaint-monitor[slack-app]"'
            raise ConfigError(f"[slack_app] needs {needs}") from error
        return SlackApp(
            self.settings,
            self._slack_options(),
            database=self.database,
            secrets=self.secrets,
            clock=self.clock,
            desks=lambda: self.desks,
        )

    def _slack_options(self) -> Any:
        """Those of the notifier whose cards have the buttons; None if there is no app."""
        table = self.settings.slack_app
        if table is None:
            return None
        its = next(one for one in self.settings.notifiers if one.called == table.notifier)
        cls: Any = registry.load(registry.NOTIFIERS, its.use)
        return self._options(registry.NOTIFIERS, cls, its, its.options)

    def _digest(self, conn: Any, brand_id: int, day: date, as_of: datetime) -> Digest:
        return readings.digest(conn, brand_id, day, as_of, self.settings.schedule())

    def _feed(self, table: SourceTable) -> Feed:
        source = self._plug_in(registry.SOURCES, table, table.options)
        return Feed(table.called, source, self.settings.brands_of(table), every=table.every)

    def _notifier(self, table: NotifierTable) -> Notifier:
        made: Notifier = self._plug_in(registry.NOTIFIERS, table, table.options)
        return made

    def _plug_in(
        self, group: str, table: SourceTable | NotifierTable, said: Mapping[str, object]
    ) -> Any:
        cls: Any = registry.load(group, table.use)
        options = self._options(group, cls, table, said)
        ports: dict[str, object] = {"secrets": self.secrets, "clock": self.clock}
        if issubclass(cls, Receives):
            ports["inbox"] = OwnInbox(self.database, table.called)
        return registry.build(cls, options, **ports)

    def _options(
        self,
        group: str,
        cls: Any,
        table: SourceTable | NotifierTable,
        said: Mapping[str, object],
    ) -> Any:
        """What a plug-in's table says, and what the rest of the config says in its place."""
        app = self.settings.slack_app
        of_config: dict[str, object] = {
            "zone": self.settings.timezone,
            "buttons": app is not None and app.notifier == table.called,
        }
        if group == registry.NOTIFIERS:
            known = cls.Options.model_fields
            said = {**{key: it for key, it in of_config.items() if key in known}, **said}
        return registry.options(cls, said, table.called)


class _Judged:
    """Triage, made when the model's thresholds can be read: until then, what is judged waits.

    It is made anew when they are others, as after another model was adopted.
    """

    name: ClassVar[str] = Triage.name

    def __init__(self, application: Application) -> None:
        self._application = application
        self._made: tuple[Thresholds, Triage] | None = None

    def due(self, now: datetime, /) -> Sequence[str]:
        return self._ready().due(now)

    def handle(self, item: str, now: datetime, /) -> None:
        triage = self._made[1] if self._made else self._ready()
        triage.handle(item, now)

    def _ready(self) -> Triage:
        its = self._application
        limits = its.thresholds
        if self._made is None or self._made[0] != limits:
            lexicon = its.settings.lexicon()
            self._made = (
                limits,
                Triage(
                    its.database,
                    its.settings.targets(),
                    limits,
                    lexicon,
                    tuple(one.brand() for one in its.settings.brands),
                ),
            )
        return self._made[1]
