"""Where the weights lie, the shipped ones and revisions, and whether they are what was trained."""

from __future__ import annotations

import hashlib
import importlib.resources
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Label, Thresholds

CARD = "model.json"
MODEL = "model.xml"
TOKENIZER = "tokenizer.json"
REVISIONS = "complaint-monitor-models"
"""The folder in which revisions lie, each in its own."""

_REMEDY = (
    "Install complaint-monitor anew (pip install --force-reinstall complaint-monitor), "
    "or in a checkout: git checkout -- models/weights"
)


_Threshold = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]


class Card(BaseModel):
    """`model.json`: what the model is, how its scores are read, and the hash of each file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    revision: str
    labels: tuple[Label, ...]
    max_tokens: PositiveInt
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    alert: _Threshold
    review: _Threshold
    question: _Threshold
    sha256: dict[str, str]

    @model_validator(mode="after")
    def _review_comes_first(self) -> Self:
        if self.review > self.alert:
            msg = f"review {self.review} is above alert {self.alert}: nothing would go to people"
            raise ValueError(msg)
        return self

    @property
    def model(self) -> str:
        return f"{self.name}@{self.revision}"

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.alert, self.review, self.question)


def installed() -> list[Path]:
    """The folders that may hold the weights: in the installed package, else in the checkout."""
    package = Path(str(importlib.resources.files("monitor")))
    return [package / "weights", package.parent / "models" / "weights"]


def beside(database: Path | None) -> Path:
    """Where the revisions of an installation lie: beside its SQLite file, else in this folder."""
    return (database.parent if database else Path()) / REVISIONS


def find(folders: list[Path]) -> Path:
    """The first of the folders that has a card.

    Raises:
        ClassifierError: none has.

    """
    for folder in folders:
        if (folder / CARD).is_file():
            return folder
    places = " or ".join(str(folder / CARD) for folder in folders)
    raise ClassifierError(f"the classifier's weights are missing: there is no {places}. {_REMEDY}")


def read_card(folder: Path) -> Card:
    """The card in `folder`.

    Raises:
        ClassifierError: it can't be read, or describes other classes than ours.

    """
    path = folder / CARD
    try:
        card = Card.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ClassifierError(
            f"the classifier's card {path} is unusable: {error}. {_REMEDY}"
        ) from error
    if card.labels != tuple(Label):
        known = ", ".join(Label)
        raise ClassifierError(f"{path} is of a model with other classes than {known}. {_REMEDY}")
    return card


def verify(folder: Path, card: Card) -> None:
    """Read every file of the model once and compare.

    Raises:
        ClassifierError: a file is missing or not what was trained (a download cut short, a pointer
            in place of a large file, a disk's mistake).

    """
    for name in (MODEL, MODEL.replace(".xml", ".bin"), TOKENIZER):
        path = folder / name
        try:
            found = sha256(path)
        except OSError as error:
            raise ClassifierError(
                f"the classifier's {path} can't be read: {error}. {_REMEDY}"
            ) from error
        if found != card.sha256.get(name):
            raise ClassifierError(
                f"the classifier's {path} is corrupt (SHA-256 {found}). {_REMEDY}"
            )


def sha256(path: Path) -> str:
    """The file's hash, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
