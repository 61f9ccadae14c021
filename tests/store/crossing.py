"""The rule that tells statements apart: which say whose rows they mean, and which reach several brands.

Each table that holds something of a brand has to be *tied*: by the brand, by a key that leads to one row or
to one brand's rows (`KEYS`), or by a join on such a key to a table that is tied. What means all brands says
why, by `cross_brand.across`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa

from monitor.store import sight
from monitor.store.cross_brand import OPTION
from monitor.store.schema import metadata
from tests.store import scope

_Key: TypeAlias = tuple[str, ...]

OF_BRANDS = frozenset(
    name for name in sight.shadowed() if sight.WHOSE.get(name, ("", ""))[1] != sight.NOWHERE
)
"""The tables whose rows are of one brand or of several; of the others it is not known whose a row is."""

_FURTHER: Mapping[str, tuple[_Key, ...]] = {
    "author": (("network", "key"),),
    "brand": (("name",),),
    "notice": (("key",), ("case_id",), ("under",)),
    "post": (("network", "external_id"),),
    "reply": (("key",), ("case_id",)),
    "storm": (("notice_id",),),
    "stream": (("source",),),
    "stream_brand": (("stream_id",),),
    "unnamed": (("post_id",),),
    "wait": (("case_id",),),
}


def _keys() -> Iterator[tuple[str, tuple[_Key, ...]]]:
    for name in OF_BRANDS:
        columns = metadata.tables[name].columns
        plain: list[_Key] = [(one,) for one in ("brand_id", "id") if one in columns]
        whose: list[_Key] = [(sight.WHOSE[name][0],)] if name in sight.WHOSE else []
        yield name, tuple(dict.fromkeys([*plain, *whose, *_FURTHER.get(name, ())]))


KEYS: Mapping[str, tuple[_Key, ...]] = dict(_keys())
"""By table: the columns by which its rows are known as one brand's, or as those of one thing that somebody
already has the number of. Not among them: a post's number in `mention`, `sighting` or `case_post`, where
it leads to every brand that is named in the post."""

_READS = re.compile(r"\b(?:from|join|update|only)\s+(?:\w+\.)?(\w+)", re.IGNORECASE)


def crossing(statement: Any) -> frozenset[str]:
    """The tables of which it may reach rows of several brands, for all that it says."""
    if isinstance(statement, str):
        return _crossing_text(statement)
    if isinstance(statement, sa.TextClause):
        return _crossing_text(statement.text)
    found: set[str] = set()
    for part in scope.scopes(statement):
        if isinstance(part, scope.Scope):
            found |= {name for name in part.untied(KEYS) if name in OF_BRANDS}
        else:
            found |= _crossing_text(part)
    return frozenset(found)


@lru_cache(maxsize=512)
def _crossing_text(text: str) -> frozenset[str]:
    """Text is not understood: it must not name such a table without a mark."""
    return OF_BRANDS.intersection(name.lower() for name in _READS.findall(text))


@dataclass
class Sent:
    """Statements as they were sent, each once for every place that sends it."""

    statements: dict[tuple[str, str, bool], Any] = field(default_factory=dict)
    """By file and function, text, and whether it is marked: the statement that was compiled, or the text."""

    def unmarked(self) -> list[str]:
        """Of those that cross brands and do not say why: place, tables and text."""
        return [
            f"{place} reads {', '.join(sorted(tables))} without saying whose: {text}"
            for (place, text, is_marked), statement in sorted(self.statements.items(), key=str)
            if not is_marked and (tables := crossing(statement))
        ]


@contextmanager
def recorded(folder: Path) -> Iterator[Sent]:
    """What files in this folder send to whatever database, until the end of the block."""
    sent = Sent()

    def note(_conn: Any, _cursor: Any, text: str, _said: Any, context: Any, _many: object) -> None:
        place = _place(folder)
        if place is not None:
            compiled = context.compiled
            key = place, text, OPTION in context.execution_options
            sent.statements.setdefault(key, text if compiled is None else compiled.statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def _place(folder: Path) -> str | None:
    """Who asks SQLAlchemy, if it is a file of the folder: what a test asks itself is not the program's."""
    frame = sys._getframe(2)
    while frame.f_back is not None and "sqlalchemy" in frame.f_code.co_filename:
        frame = frame.f_back
    asked = Path(frame.f_code.co_filename)
    if not asked.is_relative_to(folder):
        return None
    return f"{asked.relative_to(folder)}, {frame.f_code.co_qualname}"
