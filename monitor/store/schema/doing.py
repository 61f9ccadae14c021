"""What came from outside and was done: each once, however often it is delivered."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.schema.parts import metadata

done = sa.Table(
    "done",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_done_at", "at"),
)
