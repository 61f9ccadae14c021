"""Items that could not be read: counted and shown, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from monitor.domain.post import Rejected
from monitor.store import bulk
from monitor.store.schema import reject


def keep(conn: Connection, stream_id: int, rejected: Sequence[Rejected], seen_at: datetime) -> None:
    """Keep those that are not known yet: what was purged of one does not come back."""
    rows = [
        {
            "stream_id": stream_id,
            "at": seen_at,
            "place": one.where,
            "reason": one.reason,
            "sample": one.sample,
        }
        for one in rejected
    ]
    bulk.insert_missing(conn, reject, rows)
