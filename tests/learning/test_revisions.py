"""The shipped network with another head: an ordinary model folder, and nothing of the shipped one changed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from monitor.classifiers import weights
from monitor.classifiers.shipped import Shipped
from monitor.domain.correction import Said
from monitor.domain.errors import ClassifierError
from monitor.learning import head, revisions
from monitor.learning.fitting import TooFewError
from monitor.learning.pooled import Pooled
from monitor.learning.revisions import Compared, Revision
from monitor.learning.scoring import scores
from monitor.learning.texts import Labelled

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
TEXTS = [
    "Still no parcel after three weeks",
    "ok",
    "Mulțumesc, totul a fost perfect!",
    "What time do you open? " * 20,
]
TAUGHT = [
    *(Labelled(f"Gizmo {number} hums in b flat again", Said.COMPLAINT, {}) for number in range(20)),
    *(
        Labelled(f"The gizmo fair opens at {number}", Said.NOT_A_COMPLAINT, {})
        for number in range(20)
    ),
]
FEW = [
    *(Labelled(f"Where is parcel {n}? Nobody answers me", Said.COMPLAINT, {}) for n in range(20)),
    *(Labelled(f"Do you have it in size {n}?", Said.QUESTION, {}) for n in range(20)),
    *(Labelled(f"Lovely shop, {n} stars", Said.PRAISE, {}) for n in range(20)),
    *(Labelled(f"It rains in town {n} today", Said.OTHER, {}) for n in range(20)),
]


def stock(_: str) -> Sequence[Labelled]:
    """Few texts, so that a test takes seconds."""
    return FEW


@pytest.fixture(scope="module")
def base() -> Path:
    return weights.find(weights.installed())


@pytest.fixture(scope="module")
def pooled(base: Path) -> Pooled:
    return Pooled(base)


@pytest.fixture(scope="module")
def made(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Revision:
    into = tmp_path_factory.mktemp("models")
    return revisions.retrain(base, into, TAUGHT, by="ana", now=NOW, texts=stock)


def vectors(pooled: Pooled, texts: Sequence[str]) -> head.Floats:
    found = np.zeros((len(texts), pooled.head[0].shape[1]))
    for which, rows in pooled.vectors(texts):
        found[which] = rows
    return found


def test_vectors_and_the_networks_own_head_give_the_shipped_scores(pooled: Pooled) -> None:
    found = head.probabilities(vectors(pooled, TEXTS), pooled.head, pooled.card.temperature)
    # the shipped head rounds to eight bits, this one does not
    assert np.abs(found - scores(Shipped(), TEXTS)).max() < 0.03


def test_the_same_network_with_its_own_head_scores_as_before(
    pooled: Pooled, tmp_path: Path
) -> None:
    pooled.write(tmp_path / "copy", pooled.head)
    names = pooled.card.sha256
    card = pooled.card.model_copy(
        update={"sha256": {name: weights.sha256(tmp_path / "copy" / name) for name in names}}
    )
    (tmp_path / "copy" / weights.CARD).write_text(card.model_dump_json())
    copy = Shipped(Shipped.Options(folder=tmp_path / "copy"))
    assert np.abs(scores(copy, TEXTS) - scores(Shipped(), TEXTS)).max() < 0.03


def test_a_revision_learns_what_was_said_and_says_of_what_it_was_made(
    made: Revision, base: Path
) -> None:
    told, shipped = Shipped(Shipped.Options(folder=made.folder)), Shipped()
    new = ["Gizmo 77 hums in b flat again", "The gizmo fair opens at 30"]
    after, before = scores(told, new)[:, 0], scores(shipped, new)[:, 0]
    assert after[0] - after[1] > before[0] - before[1]
    assert told.model == made.card.model != shipped.model
    assert made.folder.name == made.card.revision
    origin = made.origin
    assert (origin.base, origin.by, origin.made_at) == (shipped.model, "ana", NOW)
    assert (origin.complaints, origin.others, origin.stock) == (20, 20, 80)
    assert {one.n for one in origin.figures} == {40, 80}
    assert all(isinstance(one, Compared) for one in origin.figures)


def test_thresholds_do_not_move_by_themselves(made: Revision, base: Path) -> None:
    """Forty corrections are too few, and the texts at hand are not those that they were chosen on."""
    shipped = weights.read_card(base)
    assert made.card.thresholds == shipped.thresholds
    assert made.card.temperature == shipped.temperature
    told = {one.what: (one.before, one.after) for one in made.origin.figures}
    assert told["alert from"] == (f"{shipped.alert:.3f}",) * 2
    assert told["review from"] == (f"{shipped.review:.3f}",) * 2


def test_many_corrections_that_the_thresholds_do_not_fit_move_them(
    base: Path, tmp_path: Path
) -> None:
    taught = [
        *(
            Labelled(f"Sofa {n} creaks when anybody sits on it", Said.COMPLAINT, {})
            for n in range(60)
        ),
        *(Labelled(f"Sofa fair, stand {n}, opens on Sunday", Said.OTHER, {}) for n in range(60)),
    ]
    shipped = weights.read_card(base)
    strict = tmp_path / "strict"
    shutil.copytree(base, strict)
    card = shipped.model_copy(update={"alert": 0.995, "review": 0.99})
    (strict / weights.CARD).write_text(card.model_dump_json())
    made = revisions.retrain(strict, tmp_path / "models", taught, by="ana", now=NOW, texts=stock)
    assert made.card.review <= made.card.alert < 0.99
    told = {one.what: (one.before, one.after) for one in made.origin.figures}
    assert told["alert from"] == ("0.995", f"{made.card.alert:.3f}")


def test_revisions_are_found_again_and_the_shipped_weights_are_untouched(
    made: Revision, base: Path
) -> None:
    assert revisions.found(made.folder.parent) == [made]
    weights.verify(base, weights.read_card(base))
    weights.verify(made.folder, made.card)
    assert revisions.found(made.folder / "nothing") == []


def test_a_revision_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "abc").mkdir()
    (tmp_path / "abc" / "origin.json").write_text("{")
    with pytest.raises(ClassifierError, match=r"abc/origin\.json can't be read"):
        revisions.found(tmp_path)


@pytest.mark.parametrize("taught", [TAUGHT[:29], TAUGHT[:20] * 2])
def test_too_few_or_one_sided_corrections_are_refused(
    base: Path, tmp_path: Path, taught: Sequence[Labelled]
) -> None:
    with pytest.raises(TooFewError, match="30 are needed, of both kinds"):
        revisions.retrain(base, tmp_path, taught, by="ana", now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_revisions_lie_beside_the_database(tmp_path: Path) -> None:
    assert revisions.beside(tmp_path / "a.db") == tmp_path / "complaint-monitor-models"
    assert revisions.beside(None) == Path("complaint-monitor-models")
