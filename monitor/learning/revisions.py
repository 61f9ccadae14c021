"""Models that staff's corrections made: the shipped one with another head, each in a folder of its own.

Whatever was shipped stays as it is. A revision is a whole model folder with a card, so that it is
loaded, verified and measured as every other one; `origin.json` says what it was made of.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from monitor.classifiers import weights
from monitor.classifiers.shipped import Shipped
from monitor.domain.correction import Said
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Thresholds
from monitor.learning import head as heads
from monitor.learning.fitting import TooFewError
from monitor.learning.head import Head, Lessons
from monitor.learning.metrics import Floats, Measured, measured_auc, measured_f1
from monitor.learning.moving import with_reason
from monitor.learning.pooled import Pooled
from monitor.learning.scoring import scores
from monitor.learning.texts import Labelled, stock

Integers = NDArray[np.int64]

FOLDER = "complaint-monitor-models"
"""Where revisions lie, beside the database."""
ORIGIN = "origin.json"
ENOUGH = 30
"""Corrections whose words are kept; fewer say nothing that the model does not know."""
_HOLDS = (0.003, 0.01, 0.03, 0.1)
_FOLDS = 5
_SHARE = 0.5
"""All corrections together count half of what the stock does …"""
_MOST = 10.0
"""… and each at most so many times what a text of the stock does."""


class Compared(BaseModel):
    """A figure of the model before and after."""

    model_config = ConfigDict(frozen=True)

    what: str
    n: int
    before: str
    after: str


class Origin(BaseModel):
    """`origin.json`: of what, when and by whom a revision was made, and what it changed."""

    model_config = ConfigDict(frozen=True)

    base: str
    made_at: datetime
    by: str
    complaints: int
    others: int
    stock: int
    hold: float
    figures: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """A model folder that `retrain` made."""

    folder: Path
    card: weights.Card
    origin: Origin


def beside(database: Path | None) -> Path:
    """Where the revisions of an installation lie: beside its SQLite file, else in this folder."""
    return (database.parent if database else Path()) / FOLDER


def found(folder: Path) -> list[Revision]:
    """All revisions, the oldest first. Raises ClassifierError for one that can't be read."""
    made = [_read(path.parent) for path in sorted(folder.glob(f"*/{ORIGIN}"))]
    return sorted(made, key=lambda one: one.origin.made_at)


def retrain(
    base: Path,
    into: Path,
    taught: Sequence[Labelled],
    *,
    by: str,
    now: datetime,
    say: Callable[[str], None] = lambda _: None,
    texts: Callable[[str], Sequence[Labelled]] = stock,
) -> Revision:
    """Fit the head to the corrections and the stock, and write a new revision under `into`.

    `texts` gives the stock by split: `train` is mixed in so that nothing is forgotten, `dev` says whether
    something was. Temperature and thresholds stay those of the base, which were chosen on public texts,
    too, that are not here; the corrections may give reason to move one.

    Raises:
        TooFewError: there are fewer than 30 corrections whose words are kept, or all say the same.
        ClassifierError: the base model can't be read.

    """
    complaints = _enough(taught)
    say("reading the texts")
    given = _gather(Pooled(base), taught, texts)
    say("fitting")
    hold = _best_hold(given)
    fitted = heads.fit(given.old + given.new, given.pooled.head, hold)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as place:
        made = Path(place) / "revision"
        given.pooled.write(made, fitted)
        say("measuring")
        after = _left_out(given, hold)
        card = _card(made, given.pooled.card, _limits(given, after))
        origin = Origin(
            base=given.pooled.card.model,
            made_at=now,
            by=by,
            complaints=complaints,
            others=len(taught) - complaints,
            stock=len(given.old.weights),
            hold=hold,
            figures=(
                *_on_corrections(given, after),
                *_moved(given, card),
                _on_development(base, made, given.development),
            ),
        )
        (made / ORIGIN).write_text(origin.model_dump_json(indent=2) + "\n", encoding="utf-8")
        target = into / card.revision
        if target.exists():
            shutil.rmtree(target)
        made.rename(target)
    return Revision(target, card, origin)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a revision is made from: the vectors of stock, corrections and development texts."""

    pooled: Pooled
    old: Lessons
    new: Lessons
    dev: Lessons
    taught: Sequence[Labelled]
    development: Sequence[Labelled]
    folds: Integers
    """Which fifth of the corrections each belongs to."""


def _enough(taught: Sequence[Labelled]) -> int:
    """How many of them are complaints. Raises TooFewError."""
    complaints = sum(one.said is Said.COMPLAINT for one in taught)
    if len(taught) < ENOUGH or complaints in (0, len(taught)):
        raise TooFewError(
            f"there are {len(taught)} corrections whose words are kept, {complaints} of them "
            f"complaints; {ENOUGH} are needed, of both kinds. `complaint-monitor model review` and "
            "`complaint-monitor model correct` make more; `[keep] corrected` keeps their words longer"
        )
    return complaints


def _gather(
    pooled: Pooled, taught: Sequence[Labelled], texts: Callable[[str], Sequence[Labelled]]
) -> _Given:
    known, development = texts("train"), texts("dev")
    return _Given(
        pooled,
        _lessons(pooled, known),
        _weighed(_lessons(pooled, taught), len(known)),
        _lessons(pooled, development),
        taught,
        development,
        np.arange(len(taught)) % _FOLDS,
    )


def _read(folder: Path) -> Revision:
    try:
        origin = Origin.model_validate_json((folder / ORIGIN).read_bytes())
    except (OSError, ValidationError) as error:
        raise ClassifierError(
            f"{folder / ORIGIN} can't be read: {error}. Delete {folder}, or put it back from a backup"
        ) from error
    return Revision(folder, weights.read_card(folder), origin)


def _lessons(pooled: Pooled, rows: Sequence[Labelled]) -> Lessons:
    vectors = np.zeros((len(rows), pooled.head[0].shape[1]))
    for which, found_ in pooled.vectors([one.text for one in rows]):
        vectors[which] = found_
    return Lessons(
        vectors,
        heads.may_be([one.said for one in rows]),
        np.array([one.weight for one in rows]),
    )


def _weighed(taught: Lessons, stock_size: int) -> Lessons:
    """A correction counts as one, whatever it speaks for in a sample: what is right is right."""
    each = min(_MOST, _SHARE * stock_size / len(taught.weights))
    return Lessons(taught.vectors, taught.open, np.full(len(taught.weights), each))


def _best_hold(given: _Given) -> float:
    """Measured on a fold of the corrections and on texts that never train, alike."""
    kept, left = given.new.part(given.folds != 0), given.new.part(given.folds == 0)

    def cost(hold: float) -> float:
        fitted = heads.fit(given.old + kept, given.pooled.head, hold)
        return heads.surprise(left, fitted) + heads.surprise(given.dev, fitted)

    return min(_HOLDS, key=cost)


def _left_out(given: _Given, hold: float) -> Floats:
    """P(complaint) of the corrections by heads that did not learn from them: five, each without a fifth."""
    found_ = np.zeros(len(given.new.weights))
    for fold in range(_FOLDS):
        left = given.folds == fold
        fitted = heads.fit(given.old + given.new.part(~left), given.pooled.head, hold)
        found_[left] = _complaint(given, given.new.vectors[left], fitted)
    return found_


def _complaint(given: _Given, vectors: Floats, head: Head) -> Floats:
    return heads.probabilities(vectors, head, given.pooled.card.temperature)[:, 0]


def _limits(given: _Given, after: Floats) -> Thresholds:
    weights_ = np.array([one.weight for one in given.taught])
    return with_reason(after, given.new.open[:, 0], weights_, given.pooled.card.thresholds)


def _on_corrections(given: _Given, after: Floats) -> list[Compared]:
    """On corrections that the head did not learn from, held against the thresholds of the base."""
    new, complaint = given.new, given.new.open[:, 0]
    before = _complaint(given, new.vectors, given.pooled.head)
    alert = given.pooled.card.alert
    f1 = measured_f1(before >= alert, complaint), measured_f1(after >= alert, complaint)
    area = measured_auc(before, complaint), measured_auc(after, complaint)
    return [
        _compared("corrections, left out: macro-F1", len(before), *f1),
        _compared("corrections, left out: AUC", len(before), *area),
    ]


def _moved(given: _Given, card: weights.Card) -> list[Compared]:
    """From where it alerts and asks, before and after."""
    base, n = given.pooled.card, len(given.taught)
    return [
        Compared(what="alert from", n=n, before=f"{base.alert:.3f}", after=f"{card.alert:.3f}"),
        Compared(what="review from", n=n, before=f"{base.review:.3f}", after=f"{card.review:.3f}"),
    ]


def _on_development(base: Path, made: Path, development: Sequence[Labelled]) -> Compared:
    """On the project's own texts, which nothing learns from: whether something was forgotten."""
    complaint = np.array([one.said is Said.COMPLAINT for one in development], dtype=bool)
    figures = []
    for folder in (base, made):
        classifier = Shipped(Shipped.Options(folder=folder))
        said = _scores(folder, development)[:, 0] >= classifier.thresholds.alert
        figures.append(measured_f1(said, complaint))
    return _compared("development texts: macro-F1", len(development), *figures)


def _compared(what: str, n: int, before: Measured, after: Measured) -> Compared:
    return Compared(what=what, n=n, before=str(before), after=str(after))


def _card(made: Path, base: weights.Card, limits: Thresholds) -> weights.Card:
    """Hash what was written; temperature as of the base."""
    hashes = {name: weights.sha256(made / name) for name in base.sha256}
    card = base.model_copy(
        update={
            "revision": hashes[weights.MODEL.replace(".xml", ".bin")][:8],
            "sha256": hashes,
            "alert": limits.alert,
            "review": limits.review,
        }
    )
    _write(made, card)
    return card


def _write(folder: Path, card: weights.Card) -> None:
    (folder / weights.CARD).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _scores(folder: Path, rows: Sequence[Labelled]) -> Floats:
    return scores(Shipped(Shipped.Options(folder=folder)), [one.text for one in rows])
