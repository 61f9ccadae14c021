"""Finds out how a file is written: CSV or JSONL, its encoding, its delimiter, its columns."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Literal

from monitor.domain.errors import SourceError
from monitor.rows.meaning import FIELDS, Field
from monitor.sources.files.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SAMPLE_BYTES = 65_536
DELIMITERS = (",", ";", "\t", "|")
NO_DELIMITER = "\x1f"
"""Stands between the columns of a file that has but one: commas are then part of the text."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CSV_SUFFIXES = (".csv", ".tsv", ".tab")
_JSONL_SUFFIXES = (".jsonl", ".ndjson")
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")
_MANY_NULS = 0.3
"""Share of NUL bytes from which a file is rather UTF-16 without its mark."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the config says of the files, "auto" where they shall speak for themselves."""

    format: Literal["auto", "csv", "jsonl"]
    encoding: str
    delimiter: str
    quotes: bool
    mapping: Mapping[Field, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is written. Rows begin at byte `offset`, after physical line `line`."""

    is_csv: bool
    encoding: str
    offset: int
    line: int = 0
    delimiter: str = ","
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    columns: tuple[tuple[Field, int], ...] = ()
    width: int = 0


def find_layout(path: Path, file: IO[bytes], said: Said, *, whole: bool) -> Layout | None:
    """How the file is written; None while it has no complete first line (never so if `whole`).

    Raises:
        SourceError: it can't be read so; the text says what to set.

    """
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    if head.startswith(_PACKED):
        raise _useless(path, "is packed or a spreadsheet: save it as CSV or JSONL first")
    encoding, start = _encoding(path, head, said.encoding)
    is_csv = _is_csv(path, head[start:].decode(encoding, "ignore"), said.format)
    layout = Layout(is_csv=is_csv, encoding=encoding, offset=start)
    return _with_header(path, file, said, layout, whole=whole) if is_csv else layout


def refuse_wrong_encoding(path: Path, file: IO[bytes], layout: Layout) -> None:
    """Refuse a whole CSV file if none of its first lines that could tell reads in this encoding.

    Those beyond ASCII can tell. One that does not read, among others that do, is a damaged row,
    and is rejected as such later. So is any in JSONL, which knows no encoding but UTF-8, and any in
    a file that still grows, whose next line might be the one that reads.

    Raises:
        SourceError: the text says what to set.

    """
    file.seek(layout.offset)
    head = file.read(SAMPLE_BYTES)
    lines = head.split(b"\n")
    if len(head) == SAMPLE_BYTES:
        lines.pop()  # it may end within a character
    telling = [(number, line) for number, line in enumerate(lines) if not line.isascii()]
    if not layout.is_csv or not telling or layout.encoding.startswith("utf-16"):
        return
    problem = ""
    for number, line in telling:
        try:
            line.decode(layout.encoding)
        except UnicodeDecodeError as error:
            place = layout.line + number + 1
            problem = problem or f"byte 0x{line[error.start]:02X} in line {place}"
        else:
            return
    raise _wrong_encoding(path, layout.encoding, problem)


def _encoding(path: Path, head: bytes, said: str) -> tuple[str, int]:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name, len(bom)
    if said != "auto":
        return said, 0
    if head.count(0) > len(head) * _MANY_NULS:
        raise _useless(path, 'looks like UTF-16 without its mark: set encoding = "utf-16-le"')
    return "utf-8", 0


def _is_csv(path: Path, head: str, said: str) -> bool:
    if said != "auto":
        return said == "csv"
    suffix = path.suffix.lower()
    if suffix in _CSV_SUFFIXES:
        return True
    first = head.lstrip()[:1]
    if first == "[":
        remedy = "looks like one JSON array; what is read is one object a line (JSONL), or CSV"
        raise _useless(path, remedy)
    return suffix not in _JSONL_SUFFIXES and first != "{"


def _with_header(
    path: Path, file: IO[bytes], said: Said, layout: Layout, *, whole: bool
) -> Layout | None:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if said.quotes else csv.QUOTE_NONE
    candidates = DELIMITERS if said.delimiter == "auto" else (said.delimiter,)
    best, best_header = layout, list[str]()
    problem = ""
    for delimiter in candidates:
        lines = Lines(file, layout.encoding, layout.offset, layout.line, whole=whole)
        reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
        try:
            header = next(filter(None, reader), [])
        except csv.Error as error:
            if lines.ended and not whole:
                return None
            problem = str(error)
            continue
        if lines.flaw:
            raise _wrong_encoding(path, lines.encoding, lines.flaw)
        if not header:
            return None
        found = replace(
            layout,
            offset=lines.offset,
            line=lines.line,
            delimiter=delimiter,
            quoting=quoting,
            columns=_columns(header, said.mapping),
            width=len(header),
        )
        if (len(found.columns), found.width) > (len(best.columns), best.width):
            best, best_header = found, header
    if not best.width:
        raise _useless(path, f"has no readable header: {problem}")
    _refuse_header(path, best, best_header, said)
    if best.width == 1 and said.delimiter == "auto":
        return replace(best, delimiter=NO_DELIMITER)
    return best


def _columns(header: Sequence[str], mapping: Mapping[Field, str]) -> tuple[tuple[Field, int], ...]:
    places = {_plain(name): place for place, name in reversed(list(enumerate(header)))}
    wanted = ((field, places.get(_plain(mapping.get(field, field)))) for field in FIELDS)
    return tuple((field, place) for field, place in wanted if place is not None)


def _refuse_header(path: Path, layout: Layout, header: Sequence[str], said: Said) -> None:
    found = {field for field, _ in layout.columns}
    headers = ", ".join(repr(name[:60]) for name in header[:40])
    for field, name in said.mapping.items():
        if field not in found:
            raise _useless(path, f'has no column "{name}" (mapped to {field}); it has {headers}')
    if "text" not in found:
        remedy = "map the one that holds the text, for example mapping = { text = "
        example = f'"{header[-1][:60]}"'
        sign = f"{layout.delimiter!r} between them"
        raise _useless(path, f"has no column text; it has {headers} ({sign}): {remedy}{example} }}")


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def _wrong_encoding(path: Path, encoding: str, problem: str) -> SourceError:
    remedy = (
        f'is not {encoding.upper()} ({problem}): set encoding, for example "cp1252" or "cp1250"'
    )
    return _useless(path, f"{remedy}, to what wrote it, or save it as UTF-8")


def _useless(path: Path, what: str) -> SourceError:
    return SourceError(f"{path}: {what}", permanent=True)
