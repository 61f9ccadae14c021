"""Splits a file into rows, each with its place; a damaged one is told, and the next is read."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, NamedTuple

from monitor.rows.texts import sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.rows.meaning import Field, Row
    from monitor.sources.files.layout import Layout
    from monitor.sources.files.lines import Lines

MAX_CELL = 1_000_000
"""Characters of a CSV cell; a longer one is rather a quote that is never closed."""


class Record(NamedTuple):
    """A row by our field names, or, without one, why it can't be read. `line` is where it begins."""

    line: int
    row: Row | None
    problem: str
    sample: str


def records(lines: Lines, layout: Layout, mapping: Mapping[Field, str]) -> Iterator[Record]:
    """The rows from where `lines` stands; after each, `lines` stands right behind it."""
    if layout.is_csv:
        return _csv_records(lines, layout)
    return _jsonl_records(lines, mapping)


def _csv_records(lines: Lines, layout: Layout) -> Iterator[Record]:
    csv.field_size_limit(MAX_CELL)
    delimiter, columns, width = layout.delimiter, layout.columns, layout.width
    reader = csv.reader(lines, delimiter=delimiter, quoting=layout.quoting, strict=True)
    while True:
        offset, line = lines.offset, lines.line
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.ended and not lines.whole:
                lines.back_to(offset, line)
                lines.open_line = line + 1
                return
            yield _damaged(lines, offset, line, error)
            continue
        if lines.flaw:
            yield Record(line + 1, None, lines.flaw, sample(delimiter.join(cells)))
            lines.flaw = ""
        elif len(cells) == width:
            yield Record(line + 1, {field: cells[place] for field, place in columns}, "", "")
        elif cells:
            problem = f"{len(cells)} cells under {width} headers"
            yield Record(line + 1, None, problem, sample(delimiter.join(cells)))


def _damaged(lines: Lines, offset: int, line: int, error: csv.Error) -> Record:
    """Give up the first line only: a stray quote must not swallow the rows behind it."""
    reason = str(error)
    if lines.ended or "field limit" in reason:
        reason = "a quote is opened and never closed"
    lines.back_to(offset, line)
    text = next(lines, "")
    lines.flaw = ""
    remedy = "(quotes = false takes them as ordinary characters)"
    return Record(line + 1, None, f"not CSV: {reason} {remedy}", sample(text))


def _jsonl_records(lines: Lines, mapping: Mapping[Field, str]) -> Iterator[Record]:
    loads = json.loads
    mapped = tuple(mapping.items())
    for text in lines:
        if lines.flaw:
            yield Record(lines.line, None, lines.flaw, sample(text))
            lines.flaw = ""
            continue
        try:
            row = loads(text)
        except (ValueError, RecursionError) as error:
            if not text.isspace():
                reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                yield Record(lines.line, None, f"not JSON: {reason}", sample(text))
            continue
        if not isinstance(row, dict):
            yield Record(lines.line, None, "not a JSON object", sample(text))
            continue
        if mapped:
            row |= {field: row.get(name) for field, name in mapped}
        yield Record(lines.line, row, "", text)
