"""What a cursor holds has the types that its place says: a disk, a hand, another version may change it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter

Seconds = Annotated[float, Field(ge=0, lt=253402300800)]
"""Of the epoch, up to the end of the year 9999."""
Place = TypeVar("Place")


def shaped(cls: type[Place], said: Mapping[str, Any]) -> Place:
    """The dataclass with these fields.

    Raises:
        ValueError: a field is of another type.
        TypeError: a field is missing, or there is none of that name.

    """
    cls(**said)
    made: Place = _types(cls).validate_python(said)  # type: ignore[arg-type]  # a class is hashable
    return made


@cache
def _types(cls: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(cls)
