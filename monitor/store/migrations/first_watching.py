"""The tables of when was looked, as they were at first (see `0001_first`)."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.migrations.first_parts import id_, ref


def watch(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
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


def outage(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
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
