"""The composition root: the one place that makes concrete things out of settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from monitor import registry
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Thresholds
from monitor.domain.notice import Digest
from monitor.domain.rota import Person
from monitor.fetching.budget import Ledger, OwnLedger, kept_in
from monitor.judging import InForce, Judge, own_thresholds
from monitor.ports import AnsweringSource, Classifier, Clock, Desk, Notifier, Receives, Refreshes
from monitor.rotas.reading import RotaReader, readers
from monitor.runner import SIDE_BY_SIDE, Runner, Stage
from monitor.secrets import STORE, Keyring, Lent
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
from monitor.stages.report import ScheduledReport, reports_of
from monitor.stages.rota import Rota
from monitor.stages.sample import Sample
from monitor.stages.settle import Settle
from monitor.stages.subscribe import Subscribe
from monitor.stages.surge import Surges
from monitor.stages.triage import Triage
from monitor.stages.wake import Wake
from monitor.stages.watch import Watch
from monitor.store import readings
from monitor.store.engine import Database
from monitor.store.inbox import OwnInbox
from monitor.store.pacing import SharedLedger

if TYPE_CHECKING:
    from monitor.slackapp.making import SlackApp
    from monitor.web.site import Site

AT_ONCE = 4
"""Sources that are asked at the same time whether posts still stand."""
ANSWERS_AT_ONCE = 2
"""Answers under way to the networks: each waits for one."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A plug-in, what it was made from, and the secrets that it was given."""

    options: Any
    secrets: Lent
    plug_in: Any

    def serves(self, cls: type, options: object) -> bool:
        """Whether it would be made just so today."""
        same = type(self.plug_in) is cls and self.options == options
        return same and self.secrets.still_hold


class Application:
    """Everything that a config describes, each part made when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = utc_now,
        machine: Clock = utc_now,
        environment: Mapping[str, str] = os.environ,
        shares: bool = False,
    ) -> None:
        """`clock` says domain time, `machine` transport time: of leases and rests.

        `shares`: calls to the networks are counted together with other workers'.
        """
        self.settings = settings
        self.clock = clock
        self.machine = machine
        self.database = Database(settings.database)
        folder = self.database.path.parent if self.database.path else Path()
        self.secrets = Keyring(folder / STORE, environment)
        self._ledger: Ledger = SharedLedger(self.database) if shares else OwnLedger()
        self._judges: tuple[ClassifierTable, Classifier] | None = None
        self._made: dict[tuple[str, str], _Made] = {}

    def changed(self, settings: Settings) -> Application:
        """The same installation by another config; itself, if nothing has changed, secrets neither.

        What the config says of as before stays as it is: its connections, its budgets, its weights.

        Raises:
            ConfigError: something cannot be made, or the database would be another.

        """
        if settings.database != self.settings.database:
            raise ConfigError("`database` cannot change while the program runs: restart it")
        if settings == self.settings and all(one.secrets.still_hold for one in self._made.values()):
            return self
        fresh = copy(self)
        for part in ("classifier", "feeds", "notifiers", "people", "rotas"):
            fresh.__dict__.pop(part, None)
        fresh.settings = settings
        fresh._made = dict(self._made)  # noqa: SLF001 - its own
        return fresh

    def close(self) -> None:
        self.database.close()

    @cached_property
    def classifier(self) -> Classifier:
        """What judges now: it changes when another model is adopted."""
        table = self.settings.classifier
        if self._judges is None or self._judges[0] != table:
            self._judges = table, InForce(table, self.database)
        return self._judges[1]

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

    @cached_property
    def people(self) -> Mapping[str, Person]:
        """The staff who can be told alone."""
        return self.settings.staff()

    @cached_property
    def rotas(self) -> Mapping[str, tuple[RotaReader, timedelta]]:
        """What says who is on call, each with how often it is read."""
        return readers(
            self.settings.rotas,
            zone=self.settings.timezone,
            people=self.people,
            secrets=self.secrets,
        )

    def judging(self) -> tuple[Stage, ...]:
        """The stages from what is stored to cases; nobody is told anything."""
        return (
            Classify(self.database, self.classifier),
            _Judged(self),
            Settle(self.database),
        )

    def stages(self, *, shadow: bool = False) -> tuple[Stage, ...]:
        """All stages in the order of the pipeline. `shadow`: everything but telling and answering."""
        reply = Reply(self.database, self.desks, clock=self.clock, machine=self.machine)
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
            Subscribe(self.database, self.settings.subscribed()),
            *self.judging(),
            Rota(self.database, self.rotas, operators=self.operators),
            Escalate(self.database, self.people),
            Wake(self.database, self.people),
            Listen(self.database, operators=self.operators),
            DailyDigest(
                self.database,
                names=self.settings.brand_names,
                schedule=self.settings.schedule(),
                audience=self.settings.digest.tell or self.settings.audience,
            ),
            ScheduledReport(self.database, self.settings.plans()),
            *(() if shadow else (self._gather(),)),
            Surges(self.database, audience=self.settings.storms.tell or self.settings.audience),
            Deliver(
                self.database,
                self.notifiers,
                digest=self._digest,
                report=reports_of(self.settings.timezone, self.settings.staffed()),
                operators=self.operators,
                shadow=shadow,
                clock=self.machine,
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

    def is_paced(self, audience: str) -> bool:
        """Whether its notifier takes about one message a second and place, as Slack does."""
        name = audience.partition(":")[0]
        first, *_ = self.settings.notifiers
        table = next((one for one in self.settings.notifiers if one.called == name), first)
        cls: Any = registry.load(registry.NOTIFIERS, table.use)
        return "per_second" in cls.Options.model_fields

    @property
    def _programs(self) -> list[str]:
        return registry.programs({one.called: one.use for one in self.settings.notifiers})

    def _gather(self) -> Gather:
        limits = self.settings.storms.limits()
        return Gather(self.database, limits, one_by_one=self._programs)

    def runner(self, *, shadow: bool = False) -> Runner:
        """The embedded runner over all stages."""
        return Runner(
            self.stages(shadow=shadow),
            self.database,
            clock=self.clock,
            side_by_side={
                **SIDE_BY_SIDE,
                Rota.name: 2,
                Refresh.name: AT_ONCE,
                Reply.name: ANSWERS_AT_ONCE,
            },
            operators=self.operators,
        )

    def site(self) -> Site:
        """What is served by HTTP. Raises ModuleNotFoundError without the extra `web`."""
        from monitor.web.site import Site

        doors = {one.name: one.source for one in self.feeds if isinstance(one.source, Receives)}
        return Site(
            self.settings,
            self.database,
            doors,
            self.clock,
            desks=lambda: self.desks,
            secrets=self.secrets,
            judge=lambda post: self._judge.judge([post])[0],
        )

    @property
    def _judge(self) -> Judge:
        return Judge(self.classifier, self.thresholds, self.settings.lexicon())

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
        brands = self.settings.brands_of(table)
        return Feed(table.called, source, brands, every=table.every, options=table.fingerprint)

    def _notifier(self, table: NotifierTable) -> Notifier:
        made: Notifier = self._plug_in(registry.NOTIFIERS, table, table.options)
        return made

    def _plug_in(
        self, group: str, table: SourceTable | NotifierTable, said: Mapping[str, object]
    ) -> Any:
        cls: Any = registry.load(group, table.use)
        options = self._options(group, cls, table, said)
        made = self._made.get((group, table.called))
        if made is None or not made.serves(cls, options):
            secrets = Lent(self.secrets)
            ports: dict[str, object] = {"secrets": secrets, "clock": self.clock}
            if issubclass(cls, Receives):
                ports["inbox"] = OwnInbox(self.database, table.called)
            with kept_in(self._ledger, table.called):
                made = _Made(options, secrets, registry.build(cls, options, **ports))
            self._made[group, table.called] = made
        return made.plug_in

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
