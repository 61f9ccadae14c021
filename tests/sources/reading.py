"""Shared by the tests of the source `files`: write a file, read it, look at what came."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor import registry
from monitor.domain.post import Cursor, Gone, Page, Post, Rejected
from monitor.sources.files import Files
from tests.given import Given

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
WHEN = "2026-03-26T10:00:00Z"


def files(path: Path, **options: object) -> Files:
    checked = registry.options(Files, {"path": str(path), **options}, "sources.files")
    assert isinstance(checked, Files.Options)
    return Files(checked, secrets=Given({}), clock=lambda: NOW)


def pages(source: Files, since: Cursor | None = None) -> list[Page]:
    (stream,) = source.streams()
    return list(source.pages(stream, since))


def items(source: Files, since: Cursor | None = None) -> list[Post | Gone | Rejected]:
    return [item for page in pages(source, since) for item in page.items]


def jsonl(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def csv_text(*rows: Sequence[str], delimiter: str = ",") -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue()


def read_one(path: Path, row: Mapping[str, Any], **options: object) -> Post | Gone | Rejected:
    """The one item that this row becomes, with a time and an id unless it says otherwise."""
    whole = {"external_id": "1", "posted_at": WHEN, "text": "late again", **row}
    (item,) = items(files(jsonl(path / "one.jsonl", whole), **options))
    return item


def a_post(path: Path, row: Mapping[str, Any], **options: object) -> Post:
    item = read_one(path, row, **options)
    assert isinstance(item, Post), item
    return item


def reason(path: Path, row: Mapping[str, Any], **options: object) -> str:
    item = read_one(path, row, **options)
    assert isinstance(item, Rejected), item
    return item.reason
