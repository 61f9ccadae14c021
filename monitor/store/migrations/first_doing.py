"""The tables of what was done once, as it was at first (see `0001_first`)."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime


def done(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "done",
        metadata,
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Index("ix_done_at", "at"),
    )


def api_call(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "api_call",
        metadata,
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("said", sa.JSON),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Index("ix_api_call_at", "at"),
    )
