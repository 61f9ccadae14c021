"""What judges: the classifier in force with its thresholds and word rules, made from the settings."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from monitor import registry
from monitor.classifiers import apart, weights
from monitor.clock import utc_now
from monitor.domain.errors import ClassifierError, ConfigError, JudgementError
from monitor.domain.judgement import Judgement, Thresholds, Verdict
from monitor.domain.lexicon import Lexicon
from monitor.domain.notice import Reason
from monitor.domain.post import Post
from monitor.domain.verdict import verdict
from monitor.ports import Classifier, Clock
from monitor.settings import ClassifierTable, Settings
from monitor.store import alarms, calibrations
from monitor.store.calibrations import Adopted
from monitor.store.engine import Database

log = structlog.get_logger()

SHIPPED = "shipped"
"""The plug-in whose models staff's corrections can make anew."""


class NotHereError(ClassifierError):
    """The model that was adopted is not on this machine. `sought`: where it may lie."""

    def __init__(self, model: str, sought: tuple[Path, Path]) -> None:
        its, local = sought
        super().__init__(
            f"the model {model} was adopted, and its folder is not on this machine, neither as {its} nor "
            f"as {local}: copy it to one of them, or `complaint-monitor model rollback`"
        )
        self.model = model


def classifier_of(table: ClassifierTable) -> Classifier:
    """The classifier that a config names; it reads its weights when it first judges."""
    cls = registry.load(registry.CLASSIFIERS, table.use)
    made: Classifier = registry.build(cls, registry.options(cls, table.options, "classifier"))
    return made


def adopted_of(table: ClassifierTable, database: Database) -> ClassifierTable:
    """The table with the model that was adopted last in the place of the shipped one.

    Raises:
        NotHereError: it is not on this machine.

    """
    last = calibrations.adopted(database) if table.use == SHIPPED else None
    if last is None or last.folder is None:
        return table
    its_copy = weights.beside(database.path) / last.model.rpartition("@")[2]
    folder = next((one for one in (last.folder, its_copy) if _holds(one, last)), None)
    if folder is None:
        raise NotHereError(last.model, (last.folder, its_copy.absolute()))
    return ClassifierTable.model_validate({**table.model_dump(), **table.options, "folder": folder})


def _holds(folder: Path, adopted: Adopted) -> bool:
    """Whether the adopted model lies there: where it was adopted, that is so for all that is there."""
    if folder == adopted.folder:
        return folder.is_dir()
    with suppress(ClassifierError):
        return weights.read_card(folder).model == adopted.model
    return False


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
            (judged, self._verdict(post, judged))
            for post, judged in zip(posts, self.classifier.classify(posts), strict=True)
        ]

    def judge_each(self, posts: Sequence[Post]) -> list[tuple[Judgement, Verdict] | JudgementError]:
        """The same; of a post that the model gives no judgement, why, and the others none the less."""
        return [
            said if isinstance(said, JudgementError) else (said, self._verdict(post, said))
            for post, said in zip(posts, apart.judged(self.classifier, posts), strict=True)
        ]

    def _verdict(self, post: Post, judged: Judgement) -> Verdict:
        return verdict(post, judged, self.thresholds, self.lexicon)


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
    """The model that was adopted last, made anew when another one is; without one, the config's.

    `operators` hear once a day where the adopted model is not on this machine: until it is, the config's
    judges here. Without them that is an error.
    """

    def __init__(
        self,
        table: ClassifierTable,
        database: Database,
        operators: str | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._table = table
        self._database = database
        self._operators = operators
        self._clock = clock
        self._made: tuple[ClassifierTable, Classifier] | None = None
        self._told: str | None = None

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
        try:
            table = adopted_of(self._table, self._database)
        except NotHereError as error:
            if self._operators is None:
                raise
            self._tell(error)
            table = self._table
        if self._made is None or self._made[0] != table:
            self._made = table, classifier_of(table)
        return self._made[1]

    def _tell(self, error: NotHereError) -> None:
        now = self._clock()
        key = f"model:{error.model}:{platform.node()}:{now.date()}"
        if key == self._told:
            return
        headline = f"the adopted model {error.model} is not where posts are judged: the config's judges there"
        with self._database.writing() as conn:
            said = (f"on {platform.node() or 'this machine'}: {error}",)
            alarms.write(conn, self._operators, key, Reason.MODEL_MISSING, headline, said, now)
        self._told = key
        log.warning("model_missing", problem=str(error))
