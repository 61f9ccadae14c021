"""How a source reads what it was told (`ports.Inbox`), and knows whether it could be told anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from monitor.domain.errors import SourceError
from monitor.domain.post import Cursor
from monitor.ports import Inbox, Received

SILENT = timedelta(minutes=2)
"""So long after it was last heard of, nobody listens any more."""


def read(
    inbox: Inbox, since: Cursor | None, most: int, now: datetime
) -> Iterator[tuple[Sequence[Received], Cursor]]:
    """The letters after the cursor, and the cursor after them; earlier ones are stored: forgotten.

    Raises:
        SourceError: it is no cursor of an inbox.

    """
    number = 0 if since is None else _number(since)
    inbox.forget(number, now)
    while some := inbox.after(number, most):
        number = some[-1].number
        yield some, cursor(number)


def cursor(number: int) -> Cursor:
    """The cursor after the letter of that number."""
    return json.dumps({"inbox": number})


def require_listener(inbox: Inbox, now: datetime) -> None:
    """Raise SourceError if nobody listens: then "nothing came" would mean nothing."""
    heard_at = inbox.heard_at()
    if heard_at is None or heard_at < now - SILENT:
        since = "" if heard_at is None else f" since {heard_at:%Y-%m-%d %H:%M} UTC"
        raise SourceError(
            f"nobody listens at its address{since}: what is sent there is lost or comes later; "
            "is `complaint-monitor web` running?"
        )


def _number(cursor: Cursor) -> int:
    try:
        return int(json.loads(cursor)["inbox"])
    except (ValueError, TypeError, KeyError) as error:
        raise SourceError(
            f"this is no cursor of an inbox: {cursor[:80]}", permanent=True
        ) from error
