"""Which brands are in sight: of others no row is there, whatever a query asks.

Within `only(names)` every snapshot (`Database.reading`) is taken of connections on which each table that
holds something of a brand is shadowed by a view of its name, which shows the rows of these brands alone.
So a query that forgets its brand finds too little, and never what is somebody else's. The same on SQLite
and PostgreSQL, whoever owns the tables (row-level security would not bind an owner or a superuser).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, TypeAlias

from monitor.store.schema import metadata

Names: TypeAlias = frozenset[str]

_names: ContextVar[Names | None] = ContextVar("brands_in_sight", default=None)

_SETTING = "complaint_monitor.brands"
_OF_STREAM = (
    "EXISTS (SELECT 1 FROM {base}.stream_brand AS its "
    "WHERE its.stream_id = {table}.{key} AND {its_brand})"
)
_OF_STREAM_ALONE = _OF_STREAM + (  # noqa: S608 - our own names
    " AND NOT EXISTS (SELECT 1 FROM {base}.stream_brand AS its "
    "WHERE its.stream_id = {table}.{key} AND NOT ({its_brand}))"
)
_OF_POST = (
    "EXISTS (SELECT 1 FROM {base}.mention AS its WHERE its.post_id = {table}.{key} AND {its_brand})"
)
_OF_CASE = "EXISTS (SELECT 1 FROM {base}.cases AS its WHERE its.id = {table}.{key} AND {its_brand})"
_OF_AUTHOR = (
    "EXISTS (SELECT 1 FROM {base}.post AS said JOIN {base}.mention AS its ON its.post_id = said.id "
    "WHERE said.author_id = {table}.{key} AND {its_brand})"
)
NOWHERE = "1 = 0"

WHOSE: Mapping[str, tuple[str, str]] = {
    "brand": ("id", "{own}"),
    "author": ("id", _OF_AUTHOR),
    "post": ("id", _OF_POST),
    "judgement": ("post_id", _OF_POST),
    "stream": ("id", _OF_STREAM),
    "stream_network": ("stream_id", _OF_STREAM),
    "coverage": ("stream_id", _OF_STREAM),
    "reject": ("stream_id", _OF_STREAM_ALONE),
    "unnamed": ("stream_id", _OF_STREAM_ALONE),
    "watch": ("stream_id", _OF_STREAM),
    "outage": ("stream_id", _OF_STREAM),
    "case_event": ("case_id", _OF_CASE),
    "case_post": ("case_id", _OF_CASE),
    "note": ("case_id", _OF_CASE),
    "failure": ("item", NOWHERE),
    "letter": ("source", NOWHERE),
    "gone": ("network", NOWHERE),
    "access_event": ("about", NOWHERE),
    "purged": ("day", NOWHERE),
    "look_up": ("day", NOWHERE),
    "refused": ("day", NOWHERE),
}
"""Tables that have no column `brand_id`: the column by which it is known whose a row is, and how.

What is of all brands together and cannot be told apart is nowhere: so are the lines that could not be read
of a stream that brands in sight share with others."""

_COUNTS = (
    "read",
    "stored",
    "duplicate",
    "rejected",
    "edited",
    "deleted",
    "unnamed",
    "calls",
    "micros",
)
"""Of the ledger: 0 where a stream is shared so. That somebody looked, and the gaps, are the brands' own."""

NOBODYS = frozenset(
    {
        "account",
        "adoption",
        "api_call",
        "calibration",
        "done",
        "installation",
        "listening",
        "refused_sign_in",
        "rota",
        "rule",
        "session",
        "shift",
        "token",
        "tombstone",
    }
)
"""Tables that say nothing of any brand."""


def names() -> Names | None:
    """The brands in sight; None: all there are."""
    return _names.get()


def narrow(wanted: Collection[str] | None) -> Token[Names | None]:
    """From now on in this context only these, and of them those that were in sight. None: as before."""
    before = _names.get()
    if wanted is None:
        return _names.set(before)
    return _names.set(frozenset(wanted) if before is None else before & frozenset(wanted))


@contextmanager
def only(wanted: Collection[str] | None) -> Iterator[None]:
    """The same, until the end of the block."""
    token = narrow(wanted)
    try:
        yield
    finally:
        _names.reset(token)


def shadowed() -> list[str]:
    """The tables that hold something of a brand."""
    own = [name for name, one in metadata.tables.items() if "brand_id" in one.columns]
    return sorted({*own, *WHOSE})


def views(base: str, *, is_sqlite: bool) -> list[str]:
    """What a connection is told once: a view for each such table, which stands before it.

    `base`: the schema of the tables themselves.
    """
    made = ["CREATE TEMP TABLE sight (brand_id INTEGER PRIMARY KEY)"] if is_sqlite else []
    for name in shadowed():
        key, how = WHOSE.get(name, ("brand_id", "{own}"))
        said = {
            "base": base,
            "table": name,
            "key": key,
            "own": _is_in_sight(f"{name}.{key}", is_sqlite=is_sqlite),
            "its_brand": _is_in_sight("its.brand_id", is_sqlite=is_sqlite),
        }
        shown, rule = "*", how.format(**said)
        if name == "coverage":
            shown = _ledger(_OF_STREAM_ALONE.format(**said))
        made.append(f"CREATE TEMP VIEW {name} AS SELECT {shown} FROM {base}.{name} WHERE {rule}")  # noqa: S608 - our own names
    return made


def _ledger(is_alone: str) -> str:
    return ", ".join(
        f"CASE WHEN {is_alone} THEN {one} ELSE 0 END AS {one}" if one in _COUNTS else one
        for one in metadata.tables["coverage"].columns.keys()  # noqa: SIM118 - no mapping: it gives columns
    )


def _is_in_sight(column: str, *, is_sqlite: bool) -> str:
    if is_sqlite:
        return f"{column} IN (SELECT brand_id FROM temp.sight)"  # noqa: S608 - our own names
    return f"{column} = ANY(string_to_array(current_setting('{_SETTING}', true), ',')::bigint[])"


def look_sqlite(connection: Any, wanted: Names) -> None:
    """On a driver's connection, before a snapshot: these brands."""
    connection.execute("PRAGMA query_only=OFF")
    connection.execute("DELETE FROM temp.sight")
    connection.execute(
        "INSERT INTO temp.sight SELECT id FROM main.brand"
        " WHERE name IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(wanted)),),
    )
    connection.execute("PRAGMA query_only=ON")


LOOK_POSTGRESQL = (
    f"SELECT set_config('{_SETTING}', coalesce((SELECT string_agg(id::text, ',')"  # noqa: S608 - our own names
    " FROM {base}.brand WHERE name = ANY(:names)), ''), true)"
)
"""Within the snapshot's transaction, and to its end: the brands named."""
IN_FRONT = (
    "SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace = pg_my_temp_schema()"
    " AND oid = ANY(ARRAY(SELECT to_regclass(one)::oid FROM unnest(CAST(:tables AS text[])) AS one))"
)
"""Within the same: how many of the tables' names are those of our views."""
