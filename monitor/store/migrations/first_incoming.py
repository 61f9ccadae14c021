"""The first tables of what is sent to us (a copy of `store.schema.incoming`: migrations never change)."""

from __future__ import annotations

import sqlalchemy as sa

from monitor.store.columns import UtcDateTime
from monitor.store.migrations.first_parts import id_, where


def letter(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "letter",
        metadata,
        id_(),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("said", sa.Text),
        sa.Column("came_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("source", "key"),
        sa.Index("ix_letter_unread", "source", "id", **where("said IS NOT NULL")),
        sa.Index("ix_letter_read", "source", "came_at", **where("said IS NULL")),
        sqlite_autoincrement=True,
    )


def listening(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "listening",
        metadata,
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
    )


def refused(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "refused",
        metadata,
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
