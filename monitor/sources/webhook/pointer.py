"""JSON pointers (RFC 6901): "/data/author/name", "/photos/0", "" for the whole."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import StringConstraints

Pointer = Annotated[str, StringConstraints(pattern=r"^(/([^~/]|~[01])*)*$", max_length=500)]
_INDEX = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)


class Missing:
    """Nothing is there; None may be what is there."""


MISSING = Missing()


def at(said: Any, pointer: str) -> Any:
    """What the pointer leads to; `MISSING` if it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(said, dict) and name in said:
            said = said[name]
        elif isinstance(said, list) and _INDEX.fullmatch(name) and int(name) < len(said):
            said = said[int(name)]
        else:
            return MISSING
    return said
