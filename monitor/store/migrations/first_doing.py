"""The table of what was done once, as it was at first (see `0001_first`)."""

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
