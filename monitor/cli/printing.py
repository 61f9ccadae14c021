"""How commands print: JSON that says all, or aligned columns for people. Strangers' text is harmless."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

import click

from monitor.domain.judgement import Severity
from monitor.domain.notice import DigestLine
from monitor.render.words import plain

GAP = "  "

# What moves a terminal's cursor or turns the direction of text, and what UTF-8 cannot hold.
_UNSEEN = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def as_data(value: Any) -> Any:
    """A value as JSON has it: times as ISO 8601, spans in seconds, words for enums."""
    match value:
        case Severity():
            return value.word
        case Enum():
            return value.value
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(as_data(key)): as_data(one) for key, one in value.items()}
        case DigestLine():
            return as_data(value._asdict())
        case Sequence() | AbstractSet() if not isinstance(value, str):
            return [as_data(one) for one in value]
        case PurePath():
            return str(value)
        case _ if is_dataclass(value):
            return {one.name: as_data(getattr(value, one.name)) for one in fields(value)}
        case _:
            return value


def print_json(value: Any, *, line: bool = False) -> None:
    """Print data; `line`: as one line of JSON lines. Controls and lone surrogates come out escaped."""
    text = json.dumps(as_data(value), ensure_ascii=False, indent=None if line else 2)
    click.echo(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print aligned columns, the last one as long as it is."""
    shown = [
        [plain("" if one is None else str(one)).replace("\n", " ") for one in row] for row in rows
    ]
    widths = [max(len(cell) for cell in column) for column in zip(headers, *shown, strict=True)]
    for row in (headers, *shown):
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        click.echo(GAP.join((*cells, row[-1])).rstrip())


def tell(text: str) -> None:
    """Say something beside the data, on standard error."""
    click.echo(text, err=True)


def is_terminal() -> bool:
    """Whether a progress bar would be seen."""
    return sys.stderr.isatty()


def bar(stack: ExitStack, what: str) -> Callable[[int, int], object]:
    """A progress bar on a terminal, nothing elsewhere: call with (done, total)."""
    if not is_terminal():
        return lambda _done, _total: None
    from rich.console import Console
    from rich.progress import Progress

    progress = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
    task = progress.add_task(what, total=None)

    def show(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)

    return show
