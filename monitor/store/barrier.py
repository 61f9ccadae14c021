"""No statement reaches several brands' rows by accident: it says whose it means, or why it means all.

Each statement is judged when SQLAlchemy has compiled it and before it is sent, on both databases alike and
whoever sends it: a stage, a digest, the page, a write. Each table that holds something of a brand has to be
*tied*: by the brand, by a key that leads to one row or to one brand's rows (`KEYS`), or by a join on such a
key to a table that is tied. What means all brands on purpose says so by `cross_brand.across` (docs/adr/0055).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from monitor.domain.errors import CrossingError
from monitor.store import scope, sight
from monitor.store.cross_brand import OPTION
from monitor.store.schema import metadata

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

_FILLS = re.compile(r'^\s*insert\s+(?:or\s+\w+\s+)?into\s+["\w.]+\s*(?:\([^)]*\))?', re.IGNORECASE)
_GIVEN = re.compile(r"%\(\w+\)s|(?<!:):\w+")
"""What a value is called, in the drivers' ways to say so."""
_ASKS = re.compile(
    r"\b(?:select|update|delete|merge|copy|truncate|table|replace\s+into)\b", re.IGNORECASE
)
_READS = re.compile(r'\b(?:from|join|using)\s+(?:"?\w+"?\.)?"?(\w+)', re.IGNORECASE)
_SHOWN = 800
"""Letters of a refused statement: its lists may be long."""


def guard(engine: Engine) -> Engine:
    """The same engine: on it a statement that crosses brands unsaid raises CrossingError and is not sent."""
    passed: WeakSet[Any] = WeakSet()  # SQLAlchemy keeps one for all statements of the same form

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _judge(
        _conn: object, _cursor: object, text: str, _values: object, context: Any, _many: object
    ) -> None:
        compiled = context.compiled
        if compiled in passed or OPTION in context.execution_options:
            return
        tables = _crossing_text(text) if compiled is None else crossing(compiled.statement, text)
        if tables:
            raise _refused(tables, text)
        if compiled is not None:
            passed.add(compiled)

    return engine


def crossing(statement: Any, text: str) -> frozenset[str]:
    """The tables of which it may reach rows of several brands, for all that it says.

    `text`: what is sent. A table that is read in it and was not met in the statement stands in words that
    nobody understood: in a hint, a prefix, the rows of an INSERT.
    """
    found: set[str] = set()
    met: set[str | None] = set()
    for part in scope.scopes(statement):
        if isinstance(part, str):
            found |= _crossing_text(part)
        else:
            met |= part.names
            found |= part.untied(KEYS)
    return OF_BRANDS & (found | ({one.lower() for one in _READS.findall(text)} - met))


@lru_cache(maxsize=512)
def _crossing_text(text: str) -> frozenset[str]:
    """Text is not understood: what asks for anything must name no such table, but for one that it fills."""
    rest = _GIVEN.sub("", _FILLS.sub("", text))
    if _ASKS.search(rest) is None:
        return frozenset()
    return OF_BRANDS.intersection(re.findall(r"\w+", rest.lower()))


def _refused(tables: Collection[str], text: str) -> CrossingError:
    said = " ".join(text.split())
    shown = said if len(said) <= _SHOWN else f"{said[:_SHOWN]} …"
    return CrossingError(
        f"Not sent, as it does not say whose rows of {', '.join(sorted(tables))} it means: "
        f"{shown}. This is a mistake in the program: please report this line. To mend it, "
        "name the brand, or a key of one brand's, in the statement; if it means all brands, say why by "
        "`monitor.store.cross_brand.across`."
    )
