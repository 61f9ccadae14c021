"""Labelled texts from files: what `model eval` measures with, and the stock that `model retrain` mixes in."""

from __future__ import annotations

import csv
import importlib.resources
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.classifiers.text import starred
from monitor.domain.correction import Said
from monitor.domain.errors import ConfigError

LONGEST = 1_000_000
"""Characters of a line; a longer one is no text that somebody labelled."""
_TRUE = {"complaint", "true", "yes", "1", "1.0"}
_FALSE = {"not_a_complaint", "no complaint", "not a complaint", "false", "no", "0", "0.0"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text as a classifier is shown it, what it is, and by what it may be grouped."""

    text: str
    said: Said
    groups: Mapping[str, str]
    weight: float = 1.0


def read(path: Path) -> list[Labelled]:
    """Texts of a JSONL or CSV file: `text`, `label`, and if given `lang`, `source`, `rating`, `phenomena`.

    A label is one of our classes, `not_a_complaint`, or a yes or no to "is it a complaint?".
    A rating is a number of stars from 1 to 5.

    Raises:
        ConfigError: the file or a line can't be read; the line is named.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read as UTF-8 text: {error}") from error
    rows = _csv(text, path) if path.suffix.lower() == ".csv" else _jsonl(text, path)
    found = [_labelled(row, place) for place, row in rows]
    if not found:
        raise ConfigError(f"{path}: holds no text")
    return found


def stock(split: str) -> list[Labelled]:
    """The texts that were written for the project, of a split: in the package, else in the checkout.

    Raises:
        ConfigError: they are not there.

    """
    package = Path(str(importlib.resources.files("monitor")))
    for folder in (package / "texts", package.parent / "models" / "data"):
        paths = sorted(folder.glob(f"{split}.*.jsonl"))
        if paths:
            return [one for path in paths for one in read(path)]
    raise ConfigError(
        "the texts that the model learned from are missing: install complaint-monitor anew"
    )


def _jsonl(text: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            row = json.loads(line) if len(line) <= LONGEST else None
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{place}: is no line of JSON: {error}") from error
        if not isinstance(row, dict):
            raise ConfigError(
                f'{place}: is no object such as {{"text": "…", "label": "complaint"}}'
            )
        yield place, row


def _csv(text: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    try:
        for row in reader:
            yield f"{path}:{reader.line_num}", row
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: is no CSV: {error}") from error


def _labelled(row: Mapping[str, Any], place: str) -> Labelled:
    text = row.get("text")
    if not isinstance(text, str):
        raise ConfigError(f"{place}: there is no `text`")
    kinds = row.get("phenomena")
    groups = {
        "language": row.get("lang"),
        "source": row.get("source"),
        "kind": kinds[0] if isinstance(kinds, list) and kinds else None,
    }
    return Labelled(
        starred(text, _rating(row.get("rating"), place)),
        _said(row.get("label"), place),
        {by: str(name) for by, name in groups.items() if name},
    )


def _rating(stars: object, place: str) -> float | None:
    if stars is None or stars == "":
        return None
    try:
        rating = float(str(stars))
    except ValueError:
        rating = 0.0
    if not 1 <= rating <= 5:  # noqa: PLR2004 - stars
        raise ConfigError(f"{place}: the rating {stars!r} is no number of stars from 1 to 5")
    return rating


def _said(label: object, place: str) -> Said:
    word = str(label).strip().lower()
    if word in _TRUE:
        return Said.COMPLAINT
    if word in _FALSE:
        return Said.NOT_A_COMPLAINT
    try:
        return Said(word)
    except ValueError:
        known = ", ".join(Said)
        raise ConfigError(f"{place}: the label {label!r} is none of {known}") from None
