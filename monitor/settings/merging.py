"""Several TOML files as one document: who said what, and where, is not forgotten.

Arrays of tables follow each other in the order of the files' names, tables are put together key by key,
and a key that two files say is a mistake. What stands in a file with `[[brands]]` is of those brands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeGuard

from monitor.settings.lines import Place, line_of, lines_of
from monitor.settings.mistakes import Mistake, shown_names


@dataclass(frozen=True)
class File:
    """One file: its name in messages, its text, and what the text says."""

    name: str
    text: str
    document: Mapping[str, Any]

    @cached_property
    def _lines(self) -> Mapping[Place, int]:
        return lines_of(self.text)

    def line(self, place: Place) -> int:
        """The line of what is said there, or of what is nearest above it."""
        return line_of(self._lines, place) or 1


class Merged:
    """What some files say together. `mistakes` are those that putting them together shows."""

    def __init__(self, name: str, files: Sequence[File]) -> None:
        self._name = name
        self._files = files
        self._owners: dict[Place, tuple[File, int]] = {}
        """The file of each table and key of the first two levels; of an element, also its array's start."""
        self._arrays: set[Place] = set()
        """Arrays of tables: asked once, and not once a file."""
        self._conflicts: list[tuple[File, Place, str]] = []
        self.document: dict[str, Any] = {}
        for one in files:
            own = _of_its_brands(one) if len(files) > 1 else one.document
            self._merge(self.document, own, one, ())
        self._foreign = list(self._of_others()) if len(files) > 1 else []

    def told(self, mistakes: Iterable[Mistake]) -> list[str]:
        """These mistakes and our own, a line each, in the order of the files."""
        placed = [*self._conflicts, *self._foreign]
        for one in mistakes:
            file, place = self._at(one.place)
            also = ""
            if one.other is not None:
                other, its = self._at(one.other)
                also = f"; the other is at {self._where(other, its)}"
            placed.append((file, place, one.what + also))
        order = {file.name: number for number, file in enumerate(self._files)}
        lines = [
            (order.get(file.name, -1), file.line(place), f"{_path(place)}: {what}", file, place)
            for file, place, what in placed
        ]
        lines.sort(key=lambda one: one[:2])
        said = (f"{self._where(file, place)}: {what}" for _, _, what, file, place in lines)
        return list(dict.fromkeys(said))

    def _merge(self, into: dict[str, Any], said: Mapping[str, Any], file: File, at: Place) -> None:
        for key, value in said.items():
            place: Place = (*at, key)
            there = into.get(key)
            if key not in into:
                into[key] = _own_copy(value, at)
                self._own(value, file, place, 0)
            elif _is_array_of_tables(value) and place in self._arrays:
                self._own(value, file, place, len(into[key]))
                into[key].extend(value)
            elif isinstance(value, dict) and isinstance(there, dict) and not at:
                self._merge(there, value, file, place)
            else:
                first, its = self._at(place)
                what = f"stands at {self._where(first, its)}, too: keep one of them"
                self._conflicts.append((file, place, what))

    def _own(self, value: object, file: File, place: Place, start: int) -> None:
        self._owners.setdefault(place, (file, 0))
        if _is_array_of_tables(value):
            self._arrays.add(place)
            for number in range(len(value)):
                self._owners[*place, start + number] = (file, start)
        elif isinstance(value, dict) and len(place) == 1:
            for key, inner in value.items():
                self._own(inner, file, (*place, key), 0)

    def _at(self, place: Place) -> tuple[File, Place]:
        """The file, and the place in it."""
        for end in range(len(place), 0, -1):
            if place[:end] not in self._owners:
                continue
            file, start = self._owners[place[:end]]
            last = place[end - 1]
            own = last - start if isinstance(last, int) else last
            return file, (*place[: end - 1], own, *place[end:])
        return (self._files[0] if len(self._files) == 1 else File(self._name, "", {})), place

    def _where(self, file: File, place: Place) -> str:
        return f"{file.name}:{file.line(place)}" if file.text else file.name

    def _of_others(self) -> Iterator[tuple[File, Place, str]]:
        """What a brand's file says of a brand that is not in it."""
        for file in self._files:
            own = _brands_in(file.document)
            if not own:
                continue
            for place, table in _tables_of_brands(file.document):
                said = table.get("brands")
                for name in [said] if isinstance(said, str) else said or ():
                    if isinstance(name, str) and name not in own:
                        what = (
                            f'"{name}" is not in this file, which is of {shown_names(own)}: '
                            "what is for others goes into their file, or one without [[brands]]"
                        )
                        yield file, (*place, "brands"), what


def _of_its_brands(file: File) -> Mapping[str, Any]:
    """The document, in which sources, policies and reports name the file's brands if they name none."""
    own = _brands_in(file.document)
    if not own:
        return file.document

    def named(table: object) -> object:
        return {**table, "brands": table.get("brands") or own} if isinstance(table, dict) else table

    def of_policy(table: object) -> object:
        if not isinstance(table, dict) or not isinstance(table.get("match", {}), dict):
            return table
        return {**table, "match": named(table.get("match", {}))}

    made = dict(file.document)
    for key, how in (("sources", named), ("reports", named), ("policies", of_policy)):
        if isinstance(made.get(key), list):
            made[key] = [how(one) for one in made[key]]
    return made


def _tables_of_brands(document: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    for key in ("sources", "policies", "reports"):
        tables = document.get(key)
        for number, one in enumerate(tables if isinstance(tables, list) else ()):
            if not isinstance(one, dict):
                continue
            table = one.get("match") if key == "policies" else one
            if isinstance(table, dict) and isinstance(table.get("brands", ""), (str, list)):
                yield ((key, number, "match") if key == "policies" else (key, number)), table


def _brands_in(document: Mapping[str, Any]) -> list[str]:
    tables = document.get("brands")
    names = [one.get("name") for one in tables or () if isinstance(one, dict)]
    return [one for one in names if isinstance(one, str) and one]


def _own_copy(value: Any, at: Place) -> Any:
    """What is said first, to which other files add."""
    if isinstance(value, dict) and not at:
        return {key: _own_copy(inner, (key,)) for key, inner in value.items()}
    return list(value) if isinstance(value, list) else value


def _is_array_of_tables(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _path(place: Place) -> str:
    """`policies[0].steps[1].after`, as it is said in the docs."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"
