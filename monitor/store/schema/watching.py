"""When each stream was looked at, and when it could not be: a few rows a stream, kept for good."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.schema.parts import id_, metadata, ref

watch = sa.Table(
    "watch",
    metadata,
    id_(),
    ref("stream_id", "stream", nullable=False),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime, nullable=False),
    sa.Column("looks", sa.Integer, nullable=False),
    sa.Column("every_s", sa.Integer, nullable=False),
    sa.Index("ix_watch_stream_ended", "stream_id", "ended_at"),
)

outage = sa.Table(
    "outage",
    metadata,
    id_(),
    ref("stream_id", "stream", nullable=False),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.UniqueConstraint("stream_id", "began_at"),
)
