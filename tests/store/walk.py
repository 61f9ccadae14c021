"""Calls every function of the store, with arguments made up by their types."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from random import Random
from types import NoneType, UnionType
from typing import Any, Literal, Union
from zoneinfo import ZoneInfo

import sqlalchemy as sa

import monitor.store
from monitor.domain.errors import CrossingError
from monitor.store.engine import Connection, Database, Transactions
from monitor.store.schema import notice, reply

NOT_WALKED = {"barrier", "bulk", "engine", "jobs", "maintenance", "moving", "pacing", "sight"}
"""What asks for no rows of brands: the plumbing, and what stands in the jobs' own schema. `moving` copies
all there is."""
NOON = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
_WORDS = ("acme", "acmenet", "acme posts", "acme-1", "alert:1:1", "UTC")
_PLAIN: Mapping[Any, Callable[[Random], Any]] = {
    NoneType: lambda _: None,
    bool: lambda chance: chance.random() < 0.5,
    int: lambda chance: chance.randint(1, 9),
    float: Random.random,
    str: lambda chance: chance.choice(_WORDS),
    bytes: lambda _: b"acme",
    object: lambda chance: chance.choice(_WORDS),
    Any: lambda chance: chance.choice(_WORDS),
    datetime: lambda chance: NOON + timedelta(hours=chance.randint(-99, 99)),
    date: lambda chance: (NOON + timedelta(days=chance.randint(-9, 9))).date(),
    timedelta: lambda chance: timedelta(hours=chance.randint(1, 99)),
    sa.Table: lambda chance: chance.choice([notice, reply]),
    ZoneInfo: lambda _: ZoneInfo("Europe/Berlin"),
    Path: lambda _: Path("weights"),
}


class UnmadeError(Exception):
    """Nothing of this type can be made up."""


class UndoneError(Exception):
    """Ends a transaction that is not to be kept."""


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Those that are given a connection or a database, by module and name."""
    for found in pkgutil.iter_modules(monitor.store.__path__):
        if found.ispkg or found.name in NOT_WALKED:
            continue
        module = importlib.import_module(f"monitor.store.{found.name}")
        for name, one in inspect.getmembers(module, inspect.isfunction):
            if one.__module__ == module.__name__ and name[0] != "_" and _asks(one):
                yield f"{found.name}.{name}", one


def _asks(one: Callable[..., Any]) -> bool:
    said = {str(each.annotation) for each in inspect.signature(one).parameters.values()}
    return bool(said & {"Connection", "Database", "Transactions"})


def call(database: Database, name: str, one: Callable[..., Any], times: int) -> set[str]:
    """Call it so often, each time undone, with the same arguments in each run.

    Returns what the barrier refused; whatever else it raises for made-up arguments is of no interest.

    Raises:
        UnmadeError: no arguments can be made up for it.

    """
    wanted = typing.get_type_hints(one)
    wanted.pop("return", None)
    refused = set()
    for turn in range(times):
        chance = Random(f"{name} {turn}")
        try:
            with database.writing() as conn:
                given = {Connection: conn, Database: database, Transactions: database}
                made = {of: given.get(kind) or _made(kind, chance) for of, kind in wanted.items()}
                _ask(one, made)
        except UndoneError as ended:
            if isinstance(ended.__cause__, CrossingError):
                refused.add(str(ended.__cause__))
    return refused


def _ask(one: Callable[..., Any], said: dict[str, Any]) -> None:
    try:
        found = one(**said)
        if inspect.isgenerator(found):
            list(found)
    except Exception as error:
        raise UndoneError from error
    raise UndoneError


def _made(kind: Any, chance: Random) -> Any:
    if kind in _PLAIN:
        return _PLAIN[kind](chance)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return chance.choice(list(kind))
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, UnionType):
        return _made(chance.choice(parts), chance)
    if origin is Literal:
        return chance.choice(parts)
    if origin is not None:
        return _several(origin, parts, chance)
    if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        return _record(kind, chance)
    raise UnmadeError(kind)


def _several(origin: Any, parts: tuple[Any, ...], chance: Random) -> Any:
    if origin is tuple and parts[-1] is not ...:
        return tuple(_made(one, chance) for one in parts)
    if not isinstance(origin, type) or issubclass(origin, type) or not hasattr(origin, "__iter__"):
        raise UnmadeError(origin)
    if issubclass(origin, Mapping):
        return {_made(parts[0], chance): _made(parts[1], chance) for _ in range(2)}
    made = [_made(parts[0], chance) for _ in range(2)]
    return made if inspect.isabstract(origin) and issubclass(list, origin) else _as(origin, made)


def _as(origin: Any, made: list[Any]) -> Any:
    return origin(made) if not inspect.isabstract(origin) else frozenset(made)


def _record(kind: Any, chance: Random) -> Any:
    hints = typing.get_type_hints(kind)
    names = getattr(kind, "_fields", None) or [
        one.name for one in dataclasses.fields(kind) if one.init
    ]
    try:
        return kind(**{name: _made(hints[name], chance) for name in names})
    except ValueError as error:  # of what checks itself
        raise UndoneError from error
