"""Reading the text that a cursor is: only its maker knows what is in it, and it may be anybody's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from monitor.domain.errors import SourceError
from monitor.domain.post import Cursor

Held = TypeVar("Held")
_SHOWN = 80


def held(cursor: Cursor, whose: str, read: Callable[[Any], Held]) -> Held:
    """What the cursor holds, as `read` takes it from its JSON. `whose`: "the source x", in words.

    Raises:
        SourceError: it is no cursor of that: no JSON, or `read` stumbled over it.

    """
    try:
        said = json.loads(cursor)
        if "\\u" in cursor:  # no address and no header can hold half a character
            json.dumps(said, ensure_ascii=False).encode()
        return read(said)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise SourceError(
            f"this is no cursor of {whose}: {cursor[:_SHOWN]}", permanent=True
        ) from error
