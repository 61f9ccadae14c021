"""Fields of JSON that should be of a type, and the items that are not as they should be."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any

from monitor.domain.post import Rejected
from monitor.domain.storable import can_be_kept, storable

_SAMPLE = 200
_LAST = 1e10
"""Seconds of the epoch beyond which (the year 2286) a time is none."""

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading an item that is not as it should be raises."""

BREAKS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What somebody else's parser raises of what nobody foresaw."""


def table(said: Any) -> dict[str, Any]:
    """A JSON object. Raises TypeError."""
    if not isinstance(said, dict):
        raise TypeError("it is no object")
    return said


def text(said: dict[str, Any], name: str) -> str:
    """A text that has to be there. Raises KeyError, TypeError."""
    value = said[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return storable(value)


def key(said: dict[str, Any], name: str) -> str:
    """A text that names a thing: not empty, and kept as it is. Raises KeyError, TypeError, ValueError."""
    found = text(said, name)
    if not found:
        raise ValueError(f"{name} is empty")
    if found != said[name]:
        raise ValueError(f"{name} holds NUL or half a character")
    return found


def name_or_digest(said: Any, name: str) -> str:
    """What a cursor knows a thing by: its `key`, or, where it has none, what it is."""
    try:
        return key(table(said), name)
    except (KeyError, TypeError, ValueError):
        return f"?{digest(said)}"


def word(said: dict[str, Any], name: str) -> str | None:
    """A text that may be missing or empty. Raises TypeError."""
    return None if said.get(name) is None else text(said, name) or None


def number(said: dict[str, Any], name: str) -> int:
    """A whole number that is an id, or part of one. Raises KeyError, TypeError."""
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{name} is no number")
    return value


def number_or_none(said: dict[str, Any], name: str) -> int | None:
    """A whole number that may be missing. Raises TypeError."""
    return None if said.get(name) is None else number(said, name)


def seconds(value: Any) -> float:
    """Seconds of the epoch. Raises TypeError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST:
        raise TypeError("a time that is none")
    return float(value)


def moment(value: Any) -> datetime:
    """A time in ISO 8601 with its zone, in UTC. Raises TypeError, ValueError."""
    if not isinstance(value, str):
        raise TypeError("a time that is none")
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    at = at.astimezone(UTC)
    if not can_be_kept(at):
        raise ValueError("a time that is none")
    return at


def digest(what: Any) -> int:
    """A number that differs where the JSON does."""
    return zlib.crc32(json.dumps(what, sort_keys=True, default=str).encode())


def rejected(where: str, error: Exception, said: Any) -> Rejected:
    """The item that could not be read, with a sample of it."""
    reason = f"no readable {error}" if isinstance(error, KeyError) else str(error)
    sample = json.dumps(said, ensure_ascii=False)[:_SAMPLE]
    return Rejected(storable(where), storable(reason), storable(sample))
