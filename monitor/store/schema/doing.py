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

# what the API was told: told again under its key, it is answered as it was the first time
api_call = sa.Table(
    "api_call",
    metadata,
    sa.Column("who", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),  # of what was told
    sa.Column("status", sa.SmallInteger),  # NULL: within the transaction that does it
    sa.Column("said", sa.JSON),  # numbers and states: no words of anybody's
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_api_call_at", "at"),
)
