"""The tables of numbers a day and of the installation's key, as they were at first (see `0001_first`)."""

from __future__ import annotations

import sqlalchemy as sa


def tables(metadata: sa.MetaData) -> None:
    """Put the tables into `metadata`."""
    sa.Table(
        "purged",
        metadata,
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    sa.Table(
        "look_up",
        metadata,
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("outcome", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    sa.Table(
        "installation",
        metadata,
        sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("pseudonym_key", sa.Text, nullable=False),
    )
