"""Where the weights are looked for, and what is said when they are not what they should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import monitor
from monitor.classifiers import weights
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Label

FILES = ("model.xml", "model.bin", "tokenizer.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds together, though its model is a word."""
    for name in FILES:
        (tmp_path / name).write_text(name)
    card = {
        "name": "tiny",
        "revision": "1",
        "labels": list(Label),
        "max_tokens": 64,
        "temperature": 1.5,
        "alert": 0.6,
        "review": 0.2,
        "question": 0.5,
        "sha256": {name: weights.sha256(tmp_path / name) for name in FILES},
    }
    (tmp_path / "model.json").write_text(json.dumps(card))
    return tmp_path


def test_the_package_is_looked_into_before_the_checkout() -> None:
    package = Path(monitor.__file__).parent
    assert weights.installed() == [package / "weights", package.parent / "models" / "weights"]


def test_the_first_folder_that_has_a_card_counts(folder: Path, tmp_path: Path) -> None:
    assert weights.find([tmp_path / "no", folder]) == folder


def test_missing_weights_name_the_places_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match=r"missing.*model\.json.*pip install"):
        weights.find([tmp_path])


def test_whole_weights_pass(folder: Path) -> None:
    card = weights.read_card(folder)
    weights.verify(folder, card)
    assert (card.model, card.thresholds.alert) == ("tiny@1", 0.6)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("version https://git-lfs")
    with pytest.raises(ClassifierError, match=f"{name} is corrupt.*pip install"):
        weights.verify(folder, weights.read_card(folder))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ClassifierError, match=f"{name} can't be read"):
        weights.verify(folder, weights.read_card(folder))


@pytest.mark.parametrize("card", ["", "{}", "[1", '{"labels": 3}'])
def test_a_card_that_makes_no_sense_is_refused(folder: Path, card: str) -> None:
    (folder / "model.json").write_text(card)
    with pytest.raises(ClassifierError, match="unusable"):
        weights.read_card(folder)


@pytest.mark.parametrize("name", ["alert", "review", "question", "temperature"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0, -0.1])
def test_a_number_that_decides_nothing_is_named(folder: Path, name: str, value: float) -> None:
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(card | {name: value}))
    with pytest.raises(ClassifierError, match=rf"unusable(.|\n)*{name}"):
        weights.read_card(folder)


@pytest.mark.parametrize(
    ("changed", "said"), [({"alert": 40}, "alert"), ({"review": 0.7}, "review 0.7 is above alert")]
)
def test_thresholds_are_probabilities_in_order(
    folder: Path, changed: dict[str, float], said: str
) -> None:
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(card | changed))
    with pytest.raises(ClassifierError, match=said):
        weights.read_card(folder)


def test_a_model_with_other_classes_is_refused(folder: Path) -> None:
    card = json.loads((folder / "model.json").read_text())
    card["labels"] = ["complaint", "other"]
    (folder / "model.json").write_text(json.dumps(card))
    with pytest.raises(ClassifierError, match="other classes"):
        weights.read_card(folder)
