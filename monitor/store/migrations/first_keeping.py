"""The tables of numbers a day, as they were at first (see `0001_first`)."""

from __future__ import annotations

import sqlalchemy as sa


def purged(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "purged",
        metadata,
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )


def look_up(metadata: sa.MetaData) -> None:
    """Put the table into `metadata`."""
    sa.Table(
        "look_up",
        metadata,
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("outcome", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
