"""The tables of who is on call, as they were at first (see `0001_first`)."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.migrations.first_parts import id_


def rota(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "rota",
        metadata,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("read_at", UtcDateTime),
        sa.Column("tried_at", UtcDateTime, nullable=False),
        sa.Column("problem", sa.Text),
    )


def shift(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "shift",
        metadata,
        id_(),
        sa.Column("rota", sa.Text, nullable=False),
        sa.Column("begins_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Index("ix_shift_rota_ends", "rota", "ends_at"),
    )
