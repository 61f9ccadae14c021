"""What judges: the classifier in force with its thresholds and word rules, made from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor import registry
from monitor.classifiers import apart
from monitor.domain.errors import ClassifierError, ConfigError, JudgementError
from monitor.domain.judgement import Judgement, Thresholds, Verdict
from monitor.domain.lexicon import Lexicon
from monitor.domain.post import Post
from monitor.domain.verdict import verdict
from monitor.ports import Classifier
from monitor.settings import ClassifierTable, Settings
from monitor.store import calibrations
from monitor.store.engine import Database

SHIPPED = "shipped"
"""The plug-in whose models staff's corrections can make anew."""


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
